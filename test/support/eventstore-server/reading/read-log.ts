import type { EventLog } from '../storage/event-log.js';
import type { StreamIndex } from '../storage/log-index.js';
import type { StoredEvent } from '../storage/record-format.js';

export type Direction = 'forwards' | 'backwards';

/** How many records are read from the file at a time: they are held in memory until the connection has taken them. */
export const READ_PAGE_EVENTS = 128;

/** Which revisions of a stream can be read: the first, and the one behind the last. */
export interface ReadableRange {
  readonly first: number;
  readonly end: number;
}

/** What deletion, truncation, age and the durable end of the log leave of a stream. */
export function readableRange(log: EventLog, stream: StreamIndex, now: number): ReadableRange {
  const { ordinals, metadata } = stream;
  let end = ordinals.length;
  while (end > 0 && (ordinals[end - 1] ?? 0) >= log.index.committed) end -= 1;
  let first = Math.max(metadata.truncateBefore, end - metadata.maxCount, 0);
  if (Number.isFinite(metadata.maxAgeMs)) {
    const oldest = now - metadata.maxAgeMs;
    while (first < end && log.readOne(ordinals[first] ?? 0).created < oldest) first += 1;
  }
  return { first: Math.min(first, end), end };
}

/** Reads a stream from a revision (inclusive), page by page, as far as it can be read when the page is due. */
export function* readStream(
  log: EventLog,
  stream: StreamIndex,
  range: ReadableRange,
  from: number,
  direction: Direction,
  count: number,
): Generator<StoredEvent[], void> {
  const ordinals = stream.ordinals;
  if (direction === 'forwards') {
    const first = Math.max(from, range.first);
    yield* pages(log, (n) => ordinals[n] ?? 0, first, Math.min(first + count, range.end), direction);
  } else {
    const last = Math.min(from, range.end - 1);
    yield* pages(log, (n) => ordinals[n] ?? 0, Math.max(last + 1 - count, range.first), last + 1, direction);
  }
}

/** Reads $all from an ordinal (forwards: inclusive; backwards: everything below it), page by page. */
export function* readAll(
  log: EventLog,
  from: number,
  direction: Direction,
  count: number,
): Generator<StoredEvent[], void> {
  const [first, end] =
    direction === 'forwards' ? [from, Math.min(from + count, log.index.committed)] : [Math.max(from - count, 0), from];
  yield* pages(log, (n) => n, first, end, direction);
}

function* pages(
  log: EventLog,
  ordinal: (place: number) => number,
  first: number,
  end: number,
  direction: Direction,
): Generator<StoredEvent[], void> {
  const page = (from: number, to: number) =>
    log.readMany(Array.from({ length: to - from }, (_, n) => ordinal(from + n)));
  if (direction === 'forwards') {
    for (let from = first; from < end; from += READ_PAGE_EVENTS)
      yield page(from, Math.min(from + READ_PAGE_EVENTS, end));
  } else {
    for (let to = end; to > first; to -= READ_PAGE_EVENTS) {
      yield page(Math.max(to - READ_PAGE_EVENTS, first), to).reverse();
    }
  }
}
