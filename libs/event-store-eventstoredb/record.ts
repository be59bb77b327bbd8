import type { AllStreamRecordedEvent, EventData, RecordedEvent as StreamRecord } from '@eventstore/db-client';
import type { EventMetadata, EventToAppend, JsonObject, RecordedEvent, SealedPart } from '#kernel';
import { formatPlace, type Place } from './position.js';

/** Every stream of this service has one of these prefixes; what else stands in the log belongs to others. */
export const OWN_STREAM_PREFIXES = [
  'workspace-',
  'connection-',
  'grant-',
  'socialAccount-',
  'queue-',
  'post-',
  'automation-',
  'accountPurge-',
  'easyConnectLink-',
  'webhookEndpoint-',
  'auditAccess-',
] as const;

/** An event as the client takes it, and what it weighs: UTF-8 JSON of data and of metadata. */
export interface EncodedEvent {
  readonly record: EventData;
  readonly bytes: number;
}

/** What a record's custom metadata holds: the envelope's metadata, and beside it what has no place in `data`. */
type RecordMetadata = EventMetadata & { readonly version: number; readonly sealed: SealedPart | null };

/** What the client gives back; metadata that is no JSON comes as bytes. */
export type ClientRecord = AllStreamRecordedEvent | StreamRecord;

const UTF8 = new TextEncoder();

/** @throws TypeError when the data or the metadata cannot be JSON (a cycle, a bigint). */
export function encodeEvent({ id, type, version, data, sealed, metadata }: EventToAppend): EncodedEvent {
  // The client serialises once more inside a promise that nobody could catch a failure of, so it must have succeeded here.
  const dataBytes = Buffer.byteLength(JSON.stringify(data));
  const custom: RecordMetadata = { ...metadata, version, sealed };
  const customBytes = UTF8.encode(JSON.stringify(custom));
  const record: EventData = {
    id,
    type,
    contentType: 'application/json',
    data: data as Record<string, unknown>,
    metadata: customBytes,
  };
  return { record, bytes: dataBytes + customBytes.length };
}

export function hasOwnName(stream: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => stream.startsWith(prefix));
}

/** Whether a record is an event of this service: by its stream's name, and by its form, since others may use such names as well. */
export function isOwn(record: ClientRecord, prefixes: readonly string[]): boolean {
  return hasOwnName(record.streamId, prefixes) && hasOwnForm(record);
}

/** Whether a record holds an envelope as this service writes them. */
export function hasOwnForm({ isJson, metadata }: ClientRecord): boolean {
  if (!isJson || typeof metadata !== 'object') return false;
  const { version, sealed, occurredAt, commandId } = metadata as Partial<Record<keyof RecordMetadata, unknown>>;
  return [typeof version, typeof occurredAt, typeof commandId, typeof sealed].join() === 'number,string,string,object';
}

/** An own record as the envelope that was appended. */
export function decodeRecord(record: ClientRecord): RecordedEvent {
  const { id, type, streamId: stream, revision, data } = record;
  const { version, sealed, ...metadata } = record.metadata as unknown as RecordMetadata;
  const place = { stream, revision: Number(revision), position: formatPlace(placeOfRecord(record)) };
  return { id, type, version, data: data as JsonObject, sealed, metadata, ...place };
}

/** Another's record, for its identity alone: nothing of its content, and metadata that says nothing. */
export function describeForeign(record: ClientRecord): RecordedEvent {
  const { id, type, streamId: stream, revision, created } = record;
  const metadata: EventMetadata = {
    occurredAt: created.toISOString(),
    workspaceId: '',
    actor: { type: 'system', id: '' },
    commandId: '',
    $correlationId: '',
    $causationId: '',
    subjects: [],
  };
  const place = { stream, revision: Number(revision), position: formatPlace(placeOfRecord(record)) };
  return { id, type, version: 0, data: {}, sealed: null, metadata, ...place };
}

export function placeOfRecord({ position }: ClientRecord): Place {
  if (position === undefined) throw new Error('The event store gave an event without its position.');
  return position;
}
