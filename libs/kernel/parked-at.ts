import type { RecordedEvent } from './event.js';
import type { ParkedStream, StreamToPark } from './read-store.js';

/** A stream that fails so often waits for an operator. */
const STREAM_MAX_TRIES = 6;
const STREAM_RETRY_FIRST_MS = 200;

/** An event that could not be folded, to be tried again a little later, or by an operator's word once it has failed often enough. */
export function parkedAt(recorded: RecordedEvent, error: unknown, before?: ParkedStream): StreamToPark {
  const isSame = before?.eventId === recorded.id;
  const tries = isSame ? before.tries + 1 : 1;
  const waitMs = STREAM_RETRY_FIRST_MS * 2 ** (tries - 1);
  return {
    stream: recorded.stream,
    eventId: recorded.id,
    eventType: recorded.type,
    revision: recorded.revision,
    position: recorded.position,
    since: isSame ? before.since : new Date().toISOString(),
    tries,
    waitMs: tries >= STREAM_MAX_TRIES ? null : waitMs,
    // The error's kind alone: its text may quote data.
    reason: error instanceof Error ? error.name : 'unknown',
  };
}
