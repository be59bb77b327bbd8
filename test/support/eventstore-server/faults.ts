import { setTimeout as delay } from 'node:timers/promises';

/** How subscriptions end when they are told to. */
export type SubscriptionEnd = 'end' | 'error' | 'slow-consumer';

/** What the faults act upon at once; the rest is asked for at each call. */
export interface FaultActions {
  /** Breaks every connection as a killed server does; answers how many there were. */
  dropConnections(): number;
  /** Ends every subscription; answers how many there were. */
  closeSubscriptions(how: SubscriptionEnd): number;
}

/** Where a client that meets a follower is sent. */
export interface LeaderEndpoint {
  readonly host: string;
  readonly port: number;
}

/** What happens to the next answer of an append that was stored. */
export type AnswerFate = 'once' | 'twice' | 'lost' | 'connection-broken';

/** Everything that can be told to go wrong. All of it is off at first, and {@link clear} turns it off again. */
export class Faults {
  private hanging: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  private delayMs = 0;
  private notReadyUntil = 0;
  private answersTwice = 0;
  private answersLost = 0;
  private answersBroken = 0;
  private followerCalls = 0;
  private leader: LeaderEndpoint | undefined;

  constructor(private readonly actions: FaultActions) {}

  /** Takes every call from now on and answers none, until {@link resume}; then works through what was taken. */
  hang(): void {
    if (this.hanging !== undefined) return;
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      end = resolve;
    });
    this.hanging = { over, end };
  }

  resume(): void {
    this.hanging?.end();
    this.hanging = undefined;
  }

  /** Breaks every connection, as a killed server does. New ones are taken. */
  dropConnections(): number {
    return this.actions.dropConnections();
  }

  /** Answers every call so many milliseconds late; 0 ends it. */
  answerLate(ms: number): void {
    this.delayMs = ms;
  }

  /** Answers the next so many batched appends twice. The real client throws from its data handler on the second answer. */
  answerTwice(count = 1): void {
    this.answersTwice = count;
  }

  /** Stores the next so many appends and never answers them, or breaks every connection in place of the answer. */
  loseAnswers(count = 1, connection: 'keep' | 'break' = 'keep'): void {
    this.answersLost = connection === 'keep' ? count : 0;
    this.answersBroken = connection === 'break' ? count : 0;
  }

  /** Ends all subscriptions: regularly, with an error, or as a real server throws out a consumer that is too slow. */
  closeSubscriptions(how: SubscriptionEnd): number {
    return this.actions.closeSubscriptions(how);
  }

  /** For so many milliseconds every call but that for the features is refused with "Server Is Not Ready". */
  notReady(ms: number): void {
    this.notReadyUntil = Date.now() + ms;
  }

  /** Refuses the next so many calls as a follower does, and names the leader: without one, this server itself. */
  loseLeader(count = 1, leader?: LeaderEndpoint): void {
    this.followerCalls = count;
    this.leader = leader;
  }

  clear(): void {
    this.resume();
    this.delayMs = 0;
    this.notReadyUntil = 0;
    this.answersTwice = 0;
    this.answersLost = 0;
    this.answersBroken = 0;
    this.followerCalls = 0;
  }

  /** To be awaited before a call is worked on and before anything is sent. Undefined, and so no turn lost, when all is well. */
  pause(): Promise<void> | undefined {
    return this.hanging?.over;
  }

  /** To be awaited before an answer. */
  beforeAnswer(): Promise<void> | undefined {
    return this.hanging === undefined && this.delayMs === 0 ? undefined : this.wait();
  }

  isReady(): boolean {
    return Date.now() >= this.notReadyUntil;
  }

  /** Whether this call meets a follower, and where the leader is then. */
  takeNotLeader(self: LeaderEndpoint): LeaderEndpoint | undefined {
    if (this.followerCalls === 0) return undefined;
    this.followerCalls -= 1;
    return this.leader ?? self;
  }

  /** What happens to the answer of an append that is being settled. */
  takeAnswerFate(): AnswerFate {
    if (this.answersLost > 0) {
      this.answersLost -= 1;
      return 'lost';
    }
    if (this.answersBroken > 0) {
      this.answersBroken -= 1;
      return 'connection-broken';
    }
    if (this.answersTwice > 0) {
      this.answersTwice -= 1;
      return 'twice';
    }
    return 'once';
  }

  private async wait(): Promise<void> {
    if (this.delayMs > 0) await delay(this.delayMs);
    await this.hanging?.over;
  }
}
