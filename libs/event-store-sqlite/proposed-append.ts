import { APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS } from '#kernel';
import type { EventToAppend, ExpectedRevision } from '#kernel';
import type { BatchValue } from './writer-messages.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A distributed store's record keeps version and sealed part beside the metadata: counting them in makes the limit the same
 * on every adapter.
 */
const RECORD_FRAME_BYTES = ',"version":,"sealed":'.length;
const SEALED_FRAME_BYTES = '{"alg":"","key":"","hash":"","bytes":""}'.length;
const UNSEALED_BYTES = 'null'.length;

/** An append that was found sound, written out for the writer's thread. */
export interface ProposedAppend {
  readonly stream: string;
  readonly events: readonly EventToAppend[];
  /** As `writer-messages` describes an append. */
  readonly values: readonly BatchValue[];
  /** UTF-8 JSON of each event. */
  readonly sizes: readonly number[];
  readonly bytes: number;
}

/** @throws RangeError for what no event store takes. */
export function proposeAppend(
  stream: string,
  expected: ExpectedRevision,
  events: readonly EventToAppend[],
): ProposedAppend {
  if (stream === '') throw new RangeError('A stream must have a name.');
  if (events.length === 0) throw new RangeError('An append must have an event.');
  if (events.length > APPEND_LIMIT_EVENTS) throw new RangeError(`An append is at most ${APPEND_LIMIT_EVENTS} events.`);
  const firstRevision = expected === 'no-stream' ? 0 : expected + 1;
  if (!Number.isSafeInteger(firstRevision) || (expected !== 'no-stream' && expected < 0)) {
    throw new RangeError("An expected revision is 'no-stream' or a whole number from 0.");
  }
  const values: BatchValue[] = [stream, firstRevision, events.length];
  const sizes: number[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = pushEvent(values, event);
    sizes.push(size);
    bytes += size;
  }
  if (bytes > APPEND_LIMIT_BYTES)
    throw new RangeError(`An append is at most ${APPEND_LIMIT_BYTES} bytes; this has ${bytes}.`);
  return { stream, events, values, sizes, bytes };
}

/** Adds the event's values, and answers its size in bytes. */
function pushEvent(values: BatchValue[], event: EventToAppend): number {
  const { id, type, version, sealed } = event;
  if (!UUID.test(id)) throw new RangeError('The id of an event must be a UUID in lower case.');
  if (type === '') throw new RangeError('An event must have a type.');
  if (!Number.isSafeInteger(version)) throw new RangeError('The version of an event must be a whole number.');
  const data = JSON.stringify(event.data);
  const metadata = JSON.stringify(event.metadata);
  const size = Buffer.byteLength(data) + Buffer.byteLength(metadata) + RECORD_FRAME_BYTES + String(version).length;
  if (sealed === null) {
    values.push(id, type, version, data, metadata, null, null, null, null);
    return size + UNSEALED_BYTES;
  }
  values.push(id, type, version, data, metadata, sealed.alg, sealed.key, sealed.hash, sealed.bytes);
  return size + SEALED_FRAME_BYTES + sealed.alg.length + sealed.key.length + sealed.hash.length + sealed.bytes.length;
}
