import { crc32 } from 'node:zlib';

/** One event as it stands in the log. */
export interface StoredEvent {
  /** Offset of the record in the file, in bytes: it serves as both commit and prepare position. */
  readonly position: number;
  readonly stream: string;
  /** Number of the event in its stream, from 0; {@link TOMBSTONE_REVISION} for a tombstone. */
  readonly revision: number;
  /** UUID in lower case. */
  readonly id: string;
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly created: number;
  readonly isJson: boolean;
  readonly metadata: Buffer;
  readonly data: Buffer;
}

/** An event that has no place in the log yet. */
export type NewEvent = Omit<StoredEvent, 'position'>;

/** The bytes of one append, and where its records will stand. */
export interface EncodedFrame {
  readonly bytes: Buffer;
  readonly records: readonly { readonly position: number; readonly length: number }[];
}

/** The real server numbers a tombstone 2^63 - 1, which is no safe integer: this stands for it inside the stand-in. */
export const TOMBSTONE_REVISION = Number.MAX_SAFE_INTEGER;

/** Length and checksum before the records of one append. */
export const FRAME_HEADER_BYTES = 8;

const RECORD_PREFIX_BYTES = 12;

interface RecordHeader {
  readonly s: string;
  readonly r: number;
  readonly i: string;
  readonly t: string;
  readonly c: number;
  readonly j: 0 | 1;
}

/**
 * Encodes the events of one append as a frame: length, CRC-32, records. One checksum over all of them makes the append
 * atomic, because a frame that a crash cut short is dropped as a whole.
 */
export function encodeFrame(framePosition: number, events: readonly NewEvent[]): EncodedFrame {
  const encoded = events.map(encodeRecord);
  const payload = Buffer.concat(encoded);
  const header = Buffer.allocUnsafe(FRAME_HEADER_BYTES);
  header.writeUInt32LE(payload.length, 0);
  header.writeUInt32LE(crc32(payload), 4);
  let position = framePosition + FRAME_HEADER_BYTES;
  const records = encoded.map((record) => {
    const place = { position, length: record.length };
    position += record.length;
    return place;
  });
  return { bytes: Buffer.concat([header, payload]), records };
}

/** Length of the records behind a frame's header, in bytes. */
export function payloadLength(frameHeader: Buffer): number {
  return frameHeader.readUInt32LE(0);
}

/** Whether the records are those that the header was written for. */
export function isIntact(frameHeader: Buffer, payload: Buffer): boolean {
  return crc32(payload) === frameHeader.readUInt32LE(4);
}

/** Splits the records of a frame; `payloadPosition` is the offset of the first one in the file. */
export function* splitRecords(
  payload: Buffer,
  payloadPosition: number,
): Generator<{ position: number; bytes: Buffer }, void> {
  for (let offset = 0; offset < payload.length;) {
    const length = payload.readUInt32LE(offset);
    yield { position: payloadPosition + offset, bytes: payload.subarray(offset, offset + length) };
    offset += length;
  }
}

/** Decodes one record; metadata and data are views on `bytes`, not copies. */
export function decodeRecord(position: number, bytes: Buffer): StoredEvent {
  const headerEnd = RECORD_PREFIX_BYTES + bytes.readUInt32LE(4);
  const metadataEnd = headerEnd + bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString('utf8', RECORD_PREFIX_BYTES, headerEnd)) as RecordHeader;
  return {
    position,
    stream: header.s,
    revision: header.r,
    id: header.i,
    type: header.t,
    created: header.c,
    isJson: header.j === 1,
    metadata: bytes.subarray(headerEnd, metadataEnd),
    data: bytes.subarray(metadataEnd),
  };
}

function encodeRecord(event: NewEvent): Buffer {
  const fields: RecordHeader = {
    s: event.stream,
    r: event.revision,
    i: event.id,
    t: event.type,
    c: event.created,
    j: event.isJson ? 1 : 0,
  };
  const header = Buffer.from(JSON.stringify(fields));
  const prefix = Buffer.allocUnsafe(RECORD_PREFIX_BYTES);
  const parts = [prefix, header, event.metadata, event.data];
  prefix.writeUInt32LE(
    parts.reduce((sum, part) => sum + part.length, 0),
    0,
  );
  prefix.writeUInt32LE(header.length, 4);
  prefix.writeUInt32LE(event.metadata.length, 8);
  return Buffer.concat(parts);
}
