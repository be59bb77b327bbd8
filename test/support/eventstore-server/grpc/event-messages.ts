import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { type StoredEvent, TOMBSTONE_REVISION } from '../storage/record-format.js';
import type { ProposedEvent } from '../writing/log-writer.js';
import { messages, shared } from './protocol.js';

const JSON_CONTENT = 'application/json';
const BINARY_CONTENT = 'application/octet-stream';
/** Revision of a tombstone as the protocol writes it: 2^63 - 1. */
const WIRE_TOMBSTONE_REVISION = '9223372036854775807';

/** What both kinds of append send for an event. */
export interface ProposedMessage {
  getId(): { getString(): string } | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

/** Reads an event that a client proposes. Answers a sentence when it is none that a server takes. */
export function parseProposed(message: ProposedMessage): ProposedEvent | string {
  const id = message.getId()?.getString().toLowerCase() ?? '';
  if (!UUID.test(id)) return 'The id is no UUID.';
  const type = message.getMetadataMap().get('type') ?? '';
  if (type === '') return 'Parameter eventType should be non-empty.';
  return {
    id,
    type,
    isJson: message.getMetadataMap().get('content-type') === JSON_CONTENT,
    metadata: view(message.getCustomMetadata_asU8()),
    data: view(message.getData_asU8()),
  };
}

/** What an event counts for in the limit of one append, in bytes. */
export function sizeOf(event: ProposedEvent): number {
  return event.data.length + event.metadata.length + 2 * event.type.length;
}

export function eventMessage(stored: StoredEvent): ReadResp {
  const position = String(stored.position);
  const revision = stored.revision === TOMBSTONE_REVISION ? WIRE_TOMBSTONE_REVISION : String(stored.revision);
  const recorded = new messages.ReadResp.ReadEvent.RecordedEvent();
  recorded
    .setId(new shared.UUID().setString(stored.id))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stored.stream)))
    .setStreamRevision(revision)
    .setCommitPosition(position)
    .setPreparePosition(position)
    .setCustomMetadata(stored.metadata)
    .setData(stored.data);
  recorded
    .getMetadataMap()
    .set('type', stored.type)
    .set('content-type', stored.isJson ? JSON_CONTENT : BINARY_CONTENT)
    .set('created', `${stored.created}0000`); // .NET ticks: 10,000 to the millisecond.
  const event = new messages.ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(position);
  return new messages.ReadResp().setEvent(event);
}

export function checkpointMessage(position: number): ReadResp {
  const checkpoint = new messages.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(String(position)).setPreparePosition(String(position));
  return new messages.ReadResp().setCheckpoint(checkpoint);
}

export function confirmationMessage(subscriptionId: string): ReadResp {
  const confirmation = new messages.ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId);
  return new messages.ReadResp().setConfirmation(confirmation);
}

export function caughtUpMessage(): ReadResp {
  return new messages.ReadResp().setCaughtUp(new messages.ReadResp.CaughtUp());
}

export function streamNotFoundMessage(stream: string): ReadResp {
  const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
  return new messages.ReadResp().setStreamNotFound(
    new messages.ReadResp.StreamNotFound().setStreamIdentifier(identifier),
  );
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
