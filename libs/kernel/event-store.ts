import type { EventToAppend, Position, RecordedEvent } from './event.js';

/** One append is at most this many events and this many bytes (UTF-8 JSON of data and metadata), on every adapter. */
export const APPEND_LIMIT_EVENTS = 500;
export const APPEND_LIMIT_BYTES = 512 * 1024;

/** What the stream must look like for the append to happen: nothing there, or exactly this last revision. */
export type ExpectedRevision = 'no-stream' | number;

export type AppendResult =
  | { readonly outcome: 'appended'; readonly revision: number; readonly position: Position }
  /** Other events stand where these should have gone; `actual` is the stream's last revision, or null without a stream. */
  | { readonly outcome: 'conflict'; readonly actual: number | null };

/**
 * What a subscription delivers: the next events in global order, possibly none, and how far it has come.
 * Everything of ours up to and including `position` has been delivered, so `position` is what a checkpoint keeps.
 */
export interface EventBatch {
  readonly events: readonly RecordedEvent[];
  readonly position: Position;
}

/** Thrown when a store gives no answer in time, is away, or its queue is full. What was asked may or may not have happened. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** Thrown when what was read from the log before is not in it: it was restored from a backup, or is another one. */
export class ForeignLog extends Error {
  override readonly name = 'ForeignLog';

  constructor() {
    super('The log does not hold what was read from it before: it was restored from a backup, or is another one.');
  }
}

/**
 * The one log of facts, in one global order.
 *
 * Every adapter passes the same contract suite; nothing here is promised that only one of them can keep.
 */
export abstract class EventStore {
  /**
   * Writes the events behind the expected revision, all or none; they are durable when it resolves.
   *
   * Idempotent as both stores can be: when the events that follow the expectation begin with these ids, the first answer
   * is given again (`revision` and `position` of the last event asked for). Nothing relies on ids being unique beyond that.
   * A caller that got no answer calls again with the same ids and the same expectation.
   *
   * @throws StoreUnavailable when the outcome is unknown or the queue is full; RangeError for an empty or oversize append.
   */
  abstract append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<AppendResult>;

  /** The events of a stream from a revision on (inclusive), in order, at most `limit`; none for a stream that is not there. */
  abstract readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]>;

  /** The last event of a stream, or null. */
  abstract readLast(stream: string): Promise<RecordedEvent | null>;

  /** The events behind a position (exclusive; null is the beginning) in global order, at most `limit`. */
  abstract readAll(after: Position | null, limit: number): Promise<EventBatch>;

  /**
   * Follows the global order from behind a position (exclusive; null is the beginning), past and live alike, without loss,
   * gap or duplicate. Ends only when `signal` aborts: interruptions are healed inside. It delivers progress without events
   * often enough that a quiet log's head is reached within a second.
   * One consumer pulls; what it has not pulled waits in the store, not in memory.
   *
   * @throws ForeignLog when the position, or what was delivered already, turns out not to be in the log.
   */
  abstract subscribe(after: Position | null, signal: AbortSignal): AsyncIterable<EventBatch>;

  /** The position of the newest event of ours, or null while there is none. */
  abstract head(): Promise<Position | null>;

  /** The event at exactly this position, or null: shows that a checkpoint belongs to this log. */
  abstract readAt(position: Position): Promise<RecordedEvent | null>;

  /** Negative, zero or positive as `a` stands before, at or behind `b`. A position of another store's form counts as reached: it stands before everything. */
  abstract comparePositions(a: Position, b: Position): number;

  /** Whether this is a position of this store's form. */
  abstract isPosition(text: string): boolean;

  /** Waits for what was taken, then lets go of files and connections. */
  abstract close(): Promise<void>;
}
