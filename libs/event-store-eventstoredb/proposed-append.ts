import type { EventData } from '@eventstore/db-client';
import { APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS } from '#kernel';
import type { EventToAppend, ExpectedRevision } from '#kernel';
import { encodeEvent, hasOwnName } from './record.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** An append that was found sound, in the client's form. */
export interface ProposedAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly records: EventData[];
  readonly bytes: number;
}

/**
 * Everything is looked at before the client sees it: some bad calls make its data handler throw where nobody can catch it,
 * and others leave a promise behind that never settles.
 *
 * @throws RangeError for what no event store takes, and for a stream that no subscription of this service would follow.
 */
export function proposeAppend(
  stream: string,
  expected: ExpectedRevision,
  events: readonly EventToAppend[],
  prefixes: readonly string[],
): ProposedAppend {
  if (stream === '') throw new RangeError('A stream must have a name.');
  if (!hasOwnName(stream, prefixes))
    throw new RangeError('The name of a stream must begin as the streams of this service do.');
  if (events.length === 0) throw new RangeError('An append must have an event.');
  if (events.length > APPEND_LIMIT_EVENTS) throw new RangeError(`An append is at most ${APPEND_LIMIT_EVENTS} events.`);
  if (expected !== 'no-stream' && (!Number.isSafeInteger(expected) || expected < 0)) {
    throw new RangeError("An expected revision is 'no-stream' or a whole number from 0.");
  }
  let bytes = 0;
  const records = events.map((event) => {
    checkEvent(event);
    const encoded = encodeEvent(event);
    bytes += encoded.bytes;
    return encoded.record;
  });
  if (bytes > APPEND_LIMIT_BYTES) {
    throw new RangeError(`An append is at most ${APPEND_LIMIT_BYTES} bytes; this has ${bytes}.`);
  }
  return { stream, expected, records, bytes };
}

function checkEvent({ id, type, version }: EventToAppend): void {
  if (!UUID.test(id)) throw new RangeError('The id of an event must be a UUID in lower case.');
  if (type === '') throw new RangeError('An event must have a type.');
  if (!Number.isSafeInteger(version)) throw new RangeError('The version of an event must be a whole number.');
}
