import type { Json, RecordedEvent } from '#kernel';
import type { ClientRecord } from './record.js';

/** What an envelope holds on to beside its contents, roughly. */
const EVENT_BASE_BYTES = 500;
const VALUE_BYTES = 16;

/** Near enough for a bound on memory, and much cheaper than writing the event out. */
export function roughSize({ data, sealed }: RecordedEvent): number {
  return EVENT_BASE_BYTES + (sealed?.bytes.length ?? 0) + sizeOfValue(data);
}

function sizeOfValue(value: Json): number {
  if (typeof value === 'string') return VALUE_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return VALUE_BYTES;
  let bytes = VALUE_BYTES;
  for (const item of Object.values(value) as readonly Json[]) bytes += VALUE_BYTES + sizeOfValue(item);
  return bytes;
}

/** The same of a record as the client gives it, whosever it is. */
export function roughSizeOfRecord({ data, metadata }: ClientRecord): number {
  const sizeOf = (part: unknown): number =>
    part instanceof Uint8Array ? part.length : sizeOfValue((part ?? null) as Json);
  return EVENT_BASE_BYTES + sizeOf(data) + sizeOf(metadata);
}
