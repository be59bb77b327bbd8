import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '#kernel';
import type { AppendResult, RecordedEvent } from '#kernel';
import type { ProposedAppend } from './proposed-append.js';
import type { RecentEvents } from './recent-events.js';
import type { StreamEnds } from './stream-ends.js';
import type { WriterClient } from './writer-client.js';
import { CONFLICT, OUTCOME_VALUES, WRITTEN } from './writer-messages.js';
import type { Answer, BatchValue } from './writer-messages.js';

/** What may wait for the writer, in all; more is refused. */
export interface QueueLimits {
  readonly appends: number;
  readonly bytes: number;
  /** How long an append waits for its answer before it is told that the outcome is unknown. */
  readonly answerMs: number;
}

export const QUEUE_LIMITS: QueueLimits = { appends: 10_000, bytes: 64 * 1024 * 1024, answerMs: 8_000 };

/** One batch is one transaction and one fsync. */
const BATCH_LIMIT_APPENDS = 512;
const BATCH_LIMIT_BYTES = 4 * 1024 * 1024;
/** One is being written while the next one waits at the writer's door, so that the writer never waits for this thread. */
const BATCHES_IN_FLIGHT_LIMIT = 2;
const OVERDUE_CHECK_MS = 500;

interface WaitingAppend {
  readonly append: ProposedAppend;
  readonly since: number;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Gathers appends into batches for the writer. What is asked for in one turn of the event loop, and while earlier batches
 * are being written, goes together.
 */
export class AppendQueue {
  private waiting: WaitingAppend[] = [];
  private readonly inFlight = new Set<readonly WaitingAppend[]>();
  private appends = 0;
  private bytes = 0;
  private scheduled = false;
  private stopped: string | null = null;
  private onIdle: (() => void) | null = null;
  private readonly overdueTimer: NodeJS.Timeout;

  constructor(
    private readonly writer: WriterClient,
    private readonly recent: RecentEvents,
    private readonly ends: StreamEnds,
    private readonly limits: QueueLimits,
    private readonly onFatal: (reason: string) => void,
  ) {
    this.overdueTimer = setInterval(() => this.rejectOverdue(), OVERDUE_CHECK_MS).unref();
  }

  add(append: ProposedAppend): Promise<AppendResult> {
    if (this.stopped !== null) return Promise.reject(new StoreUnavailable(this.stopped));
    if (this.appends >= this.limits.appends || this.bytes + append.bytes > this.limits.bytes) {
      return Promise.reject(new StoreUnavailable('The event store takes no more at the moment: its queue is full.'));
    }
    this.appends += 1;
    this.bytes += append.bytes;
    return new Promise((resolve, reject) => {
      this.waiting.push({ append, since: performance.now(), resolve, reject });
      this.schedule();
    });
  }

  /** Refuses what comes from here on, and what is not yet with the writer. */
  stop(reason: string): void {
    this.stopped ??= reason;
    for (const waiting of this.waiting.splice(0))
      this.settle(waiting, () => waiting.reject(new StoreUnavailable(reason)));
  }

  /** Refuses what comes from here on, and waits for what was taken, as long as an append may wait for its answer. */
  async drain(reason: string): Promise<void> {
    this.stopped ??= reason;
    if (this.appends > 0) {
      const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
      await Promise.race([idle, wait(this.limits.answerMs, undefined, { ref: false })]);
    }
    clearInterval(this.overdueTimer);
  }

  /** Once in a turn of the event loop, after all its requests have been looked at. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.send();
    });
  }

  private send(): void {
    while (this.waiting.length > 0 && this.inFlight.size < BATCHES_IN_FLIGHT_LIMIT) {
      const batch = this.takeBatch();
      this.inFlight.add(batch);
      const values: BatchValue[] = [];
      for (const { append } of batch) for (const value of append.values) values.push(value);
      void this.writer.ask({ kind: 'write', batch: values }).then((answer) => this.answered(batch, answer));
    }
  }

  private takeBatch(): readonly WaitingAppend[] {
    let bytes = 0;
    const end = this.waiting.findIndex(({ append }, index) => {
      bytes += append.bytes;
      return index === BATCH_LIMIT_APPENDS || (index > 0 && bytes > BATCH_LIMIT_BYTES);
    });
    return this.waiting.splice(0, end === -1 ? this.waiting.length : end);
  }

  private answered(batch: readonly WaitingAppend[], answer: Answer): void {
    this.inFlight.delete(batch);
    // First the writer gets its next batch, then the callers of this one go on.
    this.send();
    if (answer.ok) this.acknowledge(batch, answer.values);
    else this.refuse(batch, answer.reason, answer.fatal);
  }

  private acknowledge(batch: readonly WaitingAppend[], outcomes: readonly number[]): void {
    batch.forEach((waiting, index) => {
      const at = index * OUTCOME_VALUES;
      const [kind, revision, position] = [outcomes[at] ?? CONFLICT, outcomes[at + 1] ?? -1, outcomes[at + 2] ?? 0];
      if (kind === WRITTEN) this.publish(waiting.append, revision, position);
      if (kind === CONFLICT) this.ends.forget(waiting.append.stream);
      const result: AppendResult =
        kind === CONFLICT
          ? { outcome: 'conflict', actual: revision < 0 ? null : revision }
          : { outcome: 'appended', revision, position: String(position) };
      this.settle(waiting, () => waiting.resolve(result));
    });
    this.recent.wake();
  }

  private publish(append: ProposedAppend, lastRevision: number, lastPosition: number): void {
    const { stream, events, sizes } = append;
    this.ends.note(stream, lastRevision);
    events.forEach((event, index) => {
      const later = events.length - 1 - index;
      const { id, type, version, data, sealed, metadata } = event;
      const revision = lastRevision - later;
      const recorded: RecordedEvent = {
        id,
        type,
        version,
        data,
        sealed,
        metadata,
        stream,
        revision,
        position: String(lastPosition - later),
      };
      this.recent.add(recorded, sizes[index] ?? 0);
    });
  }

  private refuse(batch: readonly WaitingAppend[], reason: string, fatal: boolean): void {
    for (const waiting of batch) {
      this.settle(waiting, () => waiting.reject(new StoreUnavailable(`The event store could not write: ${reason}.`)));
    }
    if (fatal) this.onFatal(reason);
  }

  private settle(waiting: WaitingAppend, tell: () => void): void {
    tell();
    this.appends -= 1;
    this.bytes -= waiting.append.bytes;
    if (this.appends === 0) this.onIdle?.();
  }

  /** Tells callers that have waited too long; their places in the queue stay taken until the writer answers. */
  private rejectOverdue(): void {
    const limit = performance.now() - this.limits.answerMs;
    for (const batch of [...this.inFlight, this.waiting]) {
      for (const { since, reject } of batch) {
        if (since > limit) break;
        reject(new StoreUnavailable('The event store has not answered in time; the append may still happen.'));
      }
    }
  }
}
