/** A value that JSON carries without loss. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Who did it. The id is opaque: the identity provider's for people, a name of ours for services and the system. */
export interface Actor {
  readonly type: 'user' | 'service' | 'system' | 'client';
  readonly id: string;
}

/** What every event says about itself, in clear and for ever. */
export interface EventMetadata {
  /** Domain time, ISO 8601 UTC. */
  readonly occurredAt: string;
  readonly workspaceId: string;
  readonly actor: Actor;
  /** The command that caused it: the same for every event of one decision. */
  readonly commandId: string;
  readonly $correlationId: string;
  readonly $causationId: string;
  /** Ids of everything that this event is about, for audit look-ups. */
  readonly subjects: readonly string[];
}

/** Personal data under a subject's key: unreadable everywhere once that key is destroyed. */
export interface SealedPart {
  readonly alg: 'A256GCM';
  /** The id of the data key: see `DataKey.id`. */
  readonly key: string;
  /** SHA-256 of `bytes`, base64url. */
  readonly hash: string;
  /** Base64 of iv ‖ ciphertext ‖ tag. */
  readonly bytes: string;
}

/** An event as it is handed to an event store. */
export interface EventToAppend {
  /** UUIDv5 of (command id, stream, index), so that a retry carries the same ids. */
  readonly id: string;
  readonly type: string;
  /** Schema version of `data` and of the sealed part. */
  readonly version: number;
  readonly data: JsonObject;
  readonly sealed: SealedPart | null;
  readonly metadata: EventMetadata;
}

/** A place in the global order: opaque, compared by `EventStore.comparePositions` alone. */
export type Position = string;

/** An event as an event store gives it back. */
export interface RecordedEvent extends EventToAppend {
  readonly stream: string;
  /** Place in its stream, from 0, without gaps. */
  readonly revision: number;
  readonly position: Position;
}
