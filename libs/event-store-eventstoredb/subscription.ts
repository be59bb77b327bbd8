import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  type AllStreamResolvedEvent,
  type AllStreamSubscription,
  START,
  streamNameFilter,
} from '@eventstore/db-client';
import { ForeignLog, StoreUnavailable } from '#kernel';
import type { EventBatch } from '#kernel';
import { BatchQueue } from './batch-queue.js';
import type { Connection } from './connection.js';
import { describeFailure, isTooSlow } from './failures.js';
import type { EventStoreDbLimits, EventStoreDbLog } from './limits.js';
import type { LogReader } from './log-reader.js';
import { comparePlaces, type Place, positionOf } from './position.js';
import { decodeRecord, placeOfRecord } from './record.js';
import { pauseWithJitter } from './within.js';

/** How long what was delivered may stand below the head before the log itself is read. */
const QUIET_MS = 200;
const QUIET_CHECK_LIMIT_MS = 5_000;
/** Mostly the next record is an own one that is on its way, so little is read first; never more than the last of these at once. */
const QUIET_READ_RECORDS = [8, 64, 1_000];
/** An own event that stands in the log for so long without being delivered: the subscription is stuck. */
const STUCK_MS = 1_500;
const STUCK_LIMIT_MS = 12_000;
/** What one look at the time counts for at most: a process that was kept from working for longer has not been looking. */
const OBSERVED_LIMIT_MS = 2 * QUIET_MS;
const RESUBSCRIBE_PAUSE_MS = 50;
const RESUBSCRIBE_PAUSE_LIMIT_MS = 2_000;
const LOST_POSITION_PAUSE_MS = 500;

/** What subscriptions of one store share. */
export interface SubscriptionContext {
  readonly connection: Connection;
  readonly reader: LogReader;
  readonly prefixes: readonly string[];
  readonly limits: EventStoreDbLimits;
  readonly log: EventStoreDbLog;
}

/** A record, or a filtered checkpoint that was put into the stream of records at its place. */
type Arrival = AllStreamResolvedEvent | { readonly checkpoint: Place };

/**
 * One subscription, kept alive: a loop takes what the server sends into a bounded queue and begins again whenever it ends,
 * in whatever way, behind the last place queued. Another one watches that what stands in the log arrives.
 */
export class Subscription {
  private readonly queue: BatchQueue;
  private readonly ending = new AbortController();
  private current: AllStreamSubscription | null = null;
  private failure: Error | null = null;
  private wakeConsumer: () => void = () => undefined;
  private wakeLoop: () => void = () => undefined;
  private movedAt = performance.now();
  /** The newest own event that was queued. */
  private anchor: { readonly place: Place; readonly id: string } | null = null;

  constructor(
    after: Place | null,
    private readonly context: SubscriptionContext,
  ) {
    this.queue = new BatchQueue(after, context.limits);
    void this.keepAlive();
    void this.watch();
  }

  /**
   * The next batch, or null when the subscription was stopped.
   *
   * @throws ForeignLog when this is another log than the one that the position is from.
   */
  async next(): Promise<EventBatch | null> {
    for (;;) {
      if (this.ending.signal.aborted) return null;
      if (this.failure !== null) throw this.failure;
      const waitMs = this.queue.waitMs();
      if (waitMs === 0) {
        // What arrives in the same turn goes together, and a long way to catch up does not keep the thread from everybody else.
        await nextTurn();
        const batch = this.queue.take();
        if (this.queue.isEmpty) this.wakeLoop();
        return batch;
      }
      await this.arrival(waitMs);
    }
  }

  /** Ends it at once. Repeatable. */
  stop(): void {
    this.ending.abort();
    this.endCurrent();
    this.wakeConsumer();
    this.wakeLoop();
  }

  private get isStopped(): boolean {
    return this.ending.signal.aborted || this.failure !== null;
  }

  private arrival(limitMs: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(resolve, limitMs);
      this.wakeConsumer = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private async keepAlive(): Promise<void> {
    let pauseMs = RESUBSCRIBE_PAUSE_MS;
    while (!this.isStopped) {
      const before = this.queue.reached;
      const reason = await this.followToItsEnd();
      if (this.isStopped) return;
      if (this.queue.isFull) {
        // The consumer is behind. What it does not take waits in the log, and nothing is held for it there meanwhile.
        await this.drained();
        continue;
      }
      const isTooSlowNow = reason === 'too slow';
      this.context.log.warn(
        { reason, position: positionOf(this.queue.reached) },
        'a subscription ended; it begins again',
      );
      pauseMs = comparePlaces(this.queue.reached, before) > 0 ? RESUBSCRIBE_PAUSE_MS : pauseMs * 2;
      pauseMs = Math.min(pauseMs, RESUBSCRIBE_PAUSE_LIMIT_MS);
      if (!isTooSlowNow) await pauseWithJitter(pauseMs, this.ending.signal);
    }
  }

  /** Answers why it ended. */
  private async followToItsEnd(): Promise<string> {
    try {
      await this.findPosition();
      if (this.isStopped) return 'stopped';
      const client = await this.context.connection.client();
      if (this.isStopped) return 'stopped';
      const fromPosition = this.queue.reached ?? START;
      await this.follow(client.subscribeToAll({ fromPosition, filter: this.filter() }));
      return 'end';
    } catch (error) {
      if (error instanceof ForeignLog) this.fail(error);
      if (isTooSlow(error)) return 'too slow';
      if (!(error instanceof StoreUnavailable)) this.context.connection.failed('question');
      return describeFailure(error);
    } finally {
      this.endCurrent();
    }
  }

  /** Nothing but taking happens here: a consumer that is slower than the writers for a second is thrown out. */
  private async follow(subscription: AllStreamSubscription): Promise<void> {
    this.current = subscription;
    // The client may report a failure after the loop has ended, which would otherwise be an uncaught exception.
    subscription.on('error', () => undefined);
    subscription.on('confirmation', () => this.context.connection.succeeded('question'));
    for await (const arrival of subscription as AsyncIterable<Arrival>) {
      this.take(arrival);
      if (this.isStopped || this.queue.isFull) return;
    }
  }

  private take(arrival: Arrival): void {
    if ('checkpoint' in arrival) this.queue.moveTo(arrival.checkpoint);
    else if (arrival.event !== undefined) {
      const place = placeOfRecord(arrival.event);
      if (this.context.reader.isOwn(arrival.event)) {
        this.queue.add(decodeRecord(arrival.event), place);
        this.anchor = { place, id: arrival.event.id };
      } else this.queue.moveTo(place);
    }
    this.moved();
  }

  private moved(): void {
    this.movedAt = performance.now();
    this.wakeConsumer();
  }

  private filter(): ReturnType<typeof streamNameFilter> {
    return streamNameFilter({
      prefixes: [...this.context.prefixes],
      // Events that came before it may still be waiting in the stream of records, so it takes its place behind them there.
      // It must not fail: the subscription would stand still for ever.
      checkpointReached: (subscription, checkpoint) => void subscription.push({ checkpoint } satisfies Arrival),
    });
  }

  private endCurrent(): void {
    const subscription = this.current;
    this.current = null;
    if (subscription === null) return;
    void subscription.unsubscribe().catch(() => undefined);
    subscription.destroy();
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeLoop = resolve;
      if (this.queue.isEmpty || this.isStopped) resolve();
    });
  }

  private fail(error: Error): void {
    this.failure = error;
    this.wakeConsumer();
  }

  /**
   * Shows that the place to begin behind is in this log. Behind one that lies beyond the log's end the server would deliver
   * nothing that is there, without an error, and one that is no record ends the subscription each time.
   */
  private async findPosition(): Promise<void> {
    const place = this.queue.reached;
    if (place === null) return;
    const until = performance.now() + this.context.limits.lostPositionMs;
    while (!this.isStopped && !(await this.isInLog(place))) {
      if (performance.now() >= until) {
        throw new ForeignLog();
      }
      this.context.log.warn({ position: positionOf(place) }, "a subscription's position is not in the log");
      await pauseWithJitter(LOST_POSITION_PAUSE_MS, this.ending.signal);
    }
  }

  /** What stands at the newest own event's place must be that event: another log may well have some record there. */
  private async isInLog(place: Place): Promise<boolean> {
    const { reader } = this.context;
    if (!(await reader.reachesTo(place))) return false;
    return this.anchor === null || (await reader.recordAt(this.anchor.place))?.id === this.anchor.id;
  }

  /** A filtered subscription says nothing until a search window is full, and may also be stuck without any sign. */
  private async watch(): Promise<void> {
    let checkMs = QUIET_MS;
    let stuckMs = STUCK_MS;
    let missing: { readonly place: Place; observedMs: number } | null = null;
    let before = performance.now();
    for (let checkedAt = 0; !this.isStopped;) {
      await sleep(QUIET_MS, undefined, { signal: this.ending.signal }).catch(() => undefined);
      // After a stall timers come first: what has arrived meanwhile is taken in the turn after them.
      await nextTurn();
      const now = performance.now();
      if (missing !== null) missing.observedMs += Math.min(now - before, OBSERVED_LIMIT_MS);
      before = now;
      if (now - this.movedAt < QUIET_MS || !this.queue.isEmpty) {
        checkMs = QUIET_MS;
        stuckMs = STUCK_MS;
        missing = null;
        continue;
      }
      const isBehindKnown = comparePlaces(this.context.reader.newestKnown, this.queue.reached) > 0;
      if (this.isStopped || (now - checkedAt < checkMs && !isBehindKnown)) continue;
      checkedAt = now;
      checkMs = Math.min(checkMs * 2, QUIET_CHECK_LIMIT_MS);
      const undelivered = await this.moveOverForeign();
      if (undelivered === null) missing = null;
      else if (missing === null || comparePlaces(missing.place, undelivered) !== 0)
        missing = { place: undelivered, observedMs: 0 };
      else if (missing.observedMs >= stuckMs) {
        this.context.log.warn({ position: positionOf(undelivered) }, 'a subscription is stuck; it begins again');
        // Where beginning again has not helped, the server is slow, and each beginning is more work for it.
        stuckMs = Math.min(stuckMs * 2, STUCK_LIMIT_MS);
        missing = null;
        this.endCurrent();
      }
    }
  }

  /**
   * While what was delivered stands below the head: reads the log on from there, and moves to the last record before the first
   * own one. Answers the place of that one.
   */
  private async moveOverForeign(): Promise<Place | null> {
    const { reader } = this.context;
    try {
      if (comparePlaces(await reader.newestOwn(), this.queue.reached) <= 0) return null;
      for (const count of QUIET_READ_RECORDS) {
        const from = this.queue.reached;
        const page = await reader.readPage(from, count);
        // Something has arrived meanwhile, so all is well.
        if (comparePlaces(this.queue.reached, from) !== 0) return null;
        for (const record of page) {
          const place = placeOfRecord(record);
          if (comparePlaces(place, from) <= 0) continue;
          if (reader.isOwn(record)) return place;
          if (this.queue.moveTo(place)) this.wakeConsumer();
        }
        if (page.length < count) return null;
      }
      return null;
    } catch {
      // The store is away: that the subscription begins again then is another loop's concern.
      return null;
    }
  }
}
