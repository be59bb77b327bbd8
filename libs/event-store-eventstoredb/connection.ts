import type { EventStoreDBClient, StreamingRead } from '@eventstore/db-client';
import { StoreUnavailable } from '#kernel';
import { describeFailure, isLasting, isNoRecord, isStreamNotFound, NoAnswer, translate } from './failures.js';
import { createGuardedClient, type GuardedClient } from './guarded-client.js';
import type { EventStoreDbLimits, EventStoreDbLog } from './limits.js';
import { watchUncaughtFailures } from './uncaught-failures.js';
import { pauseWithJitter, whenTimeIsUp, within } from './within.js';

/** `client.dispose()` may never settle. */
const DISPOSE_LIMIT_MS = 1_000;
const RETRY_PAUSE_MS = 50;
const RETRY_PAUSE_LIMIT_MS = 400;
/** Fewer failures than this do not yet speak against the client. */
const REPEATED_FAILURES = 3;
/** How long after a client could not be made another is tried: its certificate's file may just be exchanged. */
const REPLACE_PAUSE_MS = 1_000;

export const CLOSED = 'The event store is closed.';

/**
 * What is asked of a client. Each kind has a way of its own to break for good: a client that could not ask a server for its
 * features, because no member of the cluster was there at that moment, refuses appends ever after, and goes on reading.
 */
export type Errand = 'append' | 'question';

/** Failures without an answer between them. */
interface Streak {
  failures: number;
  since: number;
}

/** The process's one client, looked after: replaced when it gives no answers any more or has thrown outside of any call. */
export class Connection {
  private current: GuardedClient;
  private replacing: Promise<void> | null = null;
  private replaceableFrom = 0;
  private readonly streaks: Readonly<Record<Errand, Streak>> = {
    append: { failures: 0, since: 0 },
    question: { failures: 0, since: 0 },
  };
  private closed = false;
  private readonly stopWatching: () => void;

  /** @throws Error when the connection string cannot be read. */
  constructor(
    private readonly connectionString: string,
    private readonly limits: EventStoreDbLimits,
    private readonly log: EventStoreDbLog,
  ) {
    this.current = createGuardedClient(connectionString);
    this.stopWatching = watchUncaughtFailures(() => this.replace('it threw outside of any call'));
  }

  /** @throws StoreUnavailable once it is closed. */
  async client(): Promise<EventStoreDBClient> {
    if (this.replacing !== null) await this.replacing;
    if (this.closed) throw new StoreUnavailable(CLOSED);
    return this.current.client;
  }

  /** Any answer to an errand shows that the client works for errands of that kind, and says nothing about the other. */
  succeeded(errand: Errand): void {
    this.streaks[errand].failures = 0;
  }

  failed(errand: Errand): void {
    const now = performance.now();
    const streak = this.streaks[errand];
    if (streak.failures === 0) streak.since = now;
    streak.failures += 1;
    if (streak.failures < REPEATED_FAILURES || now - streak.since < this.limits.silenceMs) return;
    this.replace(`it has given no answer to any ${errand} for a while`);
  }

  /**
   * Asks until there is an answer. For questions alone, which may be asked twice.
   *
   * @throws StoreUnavailable when there is none in time; Error when the server refuses.
   */
  async ask<Answer>(question: (client: EventStoreDBClient, limitMs: number) => Promise<Answer>): Promise<Answer> {
    const until = performance.now() + this.limits.readMs;
    for (let pauseMs = RETRY_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_LIMIT_MS)) {
      try {
        const client = await this.client();
        const answer = await question(client, until - performance.now());
        // To the client a read that its own end breaks off has come to an end like any other, with less or nothing in it.
        if (this.isGone(client)) throw new NoAnswer('The client was replaced before it had answered.');
        this.succeeded('question');
        return answer;
      } catch (error) {
        // The server's own answers, which their askers know what to do with.
        if (error instanceof StoreUnavailable || isStreamNotFound(error) || isNoRecord(error)) throw error;
        if (isLasting(error)) throw translate(error);
        this.failed('question');
        if (performance.now() + pauseMs >= until) {
          throw new StoreUnavailable(`The event store gives no answer (${describeFailure(error)}).`);
        }
        await pauseWithJitter(pauseMs);
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.stopWatching();
    if (this.replacing !== null) await this.replacing;
    await dispose(this.current);
  }

  private isGone(client: EventStoreDBClient): boolean {
    return this.closed || this.replacing !== null || this.current.client !== client;
  }

  private replace(reason: string): void {
    if (this.replacing !== null || this.closed || performance.now() < this.replaceableFrom) return;
    this.log.warn({ reason }, "the event store's client is replaced");
    this.replacing = this.exchange().finally(() => (this.replacing = null));
  }

  /** Nobody may be there to be told of a failure. The old client stays then, with its failures, so that the next one leads here again. */
  private async exchange(): Promise<void> {
    try {
      const next = createGuardedClient(this.connectionString);
      // Before anything is asked of the new one: the end of a client rejects every append in the process that waits for an answer, whosever it is.
      await dispose(this.current);
      this.current = next;
      for (const streak of Object.values(this.streaks)) streak.failures = 0;
    } catch (error) {
      this.replaceableFrom = performance.now() + REPLACE_PAUSE_MS;
      this.log.warn(
        { failure: describeFailure(error) },
        "the event store's client could not be replaced; it is tried again",
      );
    }
  }
}

/** All that a read gives, or all until it is enough. @throws NoAnswer when it does not end in time. */
export async function collect<Item>(
  read: StreamingRead<Item>,
  limitMs: number,
  isEnough: (item: Item) => boolean = () => false,
): Promise<Item[]> {
  // The client may report a failure after the loop below has ended, which would otherwise be an uncaught exception.
  read.on('error', () => undefined);
  const callOff = whenTimeIsUp(limitMs, () => {
    read.destroy(new NoAnswer(`There was no answer in ${limitMs} ms.`));
    void read.cancel().catch(() => undefined);
  });
  try {
    const items: Item[] = [];
    for await (const item of read) {
      items.push(item);
      if (!isEnough(item)) continue;
      void read.cancel().catch(() => undefined);
      break;
    }
    return items;
  } finally {
    callOff();
  }
}

async function dispose({ client, closeConnections }: GuardedClient): Promise<void> {
  await within(client.dispose(), DISPOSE_LIMIT_MS).catch(() => undefined);
  closeConnections();
}
