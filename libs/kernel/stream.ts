import type { z } from 'zod';
import type { EventMetadata, EventToAppend, JsonObject, RecordedEvent, SealedPart } from './event.js';
import type { Refusal } from './refusal.js';
import { hashOf, type DataKey, type Vault } from './vault.js';

/** One type of event: the schema of what may stay for ever, and of what is sealed under its subject's key. */
export interface EventDefinition {
  /** Version of both schemas. Older versions are lifted by `upcast`. */
  readonly version: number;
  readonly data: z.ZodType<object>;
  readonly personal?: z.ZodType<object>;
  /** Turns the data of an older version into today's. */
  readonly upcast?: (data: JsonObject, version: number) => JsonObject;
}

export type EventDefinitions = Readonly<Record<string, EventDefinition>>;

/** The union of a stream's events, as deciders and folds see them. */
export type EventOf<Definitions extends EventDefinitions> = {
  [Type in keyof Definitions & string]: {
    readonly type: Type;
    readonly data: z.output<Definitions[Type]['data']>;
    /** Personal data: given when the event is written, absent for folds. */
    readonly personal?: Definitions[Type]['personal'] extends z.ZodType
      ? z.output<Definitions[Type]['personal']>
      : never;
  };
}[keyof Definitions & string];

/** What a decider answers: the events to write, none when it is already so, or why not. */
export type Decision<Event> = readonly Event[] | Refusal;

/** A kind of stream: its events, its fold, and whose key seals its personal data. */
export interface StreamDefinition<Definitions extends EventDefinitions = EventDefinitions, State = unknown> {
  /** Stream names are `<category>-<id>`. */
  readonly category: string;
  readonly events: Definitions;
  readonly initial: State;
  /** Total and silent: handles every event by name, reads `data` only, and never changes the state it was given. */
  evolve(state: State, event: EventOf<Definitions>): State;
}

/** What is needed of a stream's definition to name and encode its events. */
export type StreamSchema = Pick<StreamDefinition, 'category' | 'events'>;

export const streamName = (definition: { readonly category: string }, id: string): string =>
  `${definition.category}-${id}`;

/** The category and the id of a stream's name. */
export function parseStreamName(stream: string): { readonly category: string; readonly id: string } {
  const dash = stream.indexOf('-');
  return { category: stream.slice(0, dash), id: stream.slice(dash + 1) };
}

/** Sealed parts are padded to multiples of this, so that their length tells little. */
const SEALED_PADDING_BYTES = 256;

/** Our ids in the data of an event: what it is about. */
const ID = /^(ws|acc|grt|con|pst|aut|ecl|dev|whe)_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

function collectSubjects(value: unknown, found: Set<string>): void {
  if (typeof value === 'string') {
    if (ID.test(value)) found.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectSubjects(item, found);
  } else if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) collectSubjects(item, found);
  }
}

/** What the envelope's identity binds a ciphertext to: it opens nowhere else. */
const sealContext = (
  event: { id: string; stream: string; type: string; version: number; workspaceId: string },
  keyId: string,
): string => JSON.stringify([event.id, event.stream, event.type, event.version, event.workspaceId, keyId]);

/** Validates a decided event against its schema and turns it into the envelope that is stored. */
export function encodeEvent(
  definition: StreamSchema,
  stream: string,
  event: { readonly type: string; readonly data: object; readonly personal?: object },
  envelope: { readonly id: string; readonly metadata: Omit<EventMetadata, 'subjects'> },
  key: DataKey | null,
): EventToAppend {
  const schema = definition.events[event.type];
  if (!schema) throw new Error(`Stream ${definition.category} has no event ${event.type}.`);
  const data = schema.data.parse(event.data) as JsonObject;
  const subjects = new Set([parseStreamName(stream).id]);
  collectSubjects(data, subjects);
  return {
    id: envelope.id,
    type: event.type,
    version: schema.version,
    data,
    sealed:
      event.personal === undefined ? null : sealPersonal(schema, stream, event.type, event.personal, envelope, key),
    metadata: { ...envelope.metadata, subjects: [...subjects] },
  };
}

function sealPersonal(
  schema: EventDefinition,
  stream: string,
  type: string,
  personal: object,
  envelope: { readonly id: string; readonly metadata: Omit<EventMetadata, 'subjects'> },
  key: DataKey | null,
): SealedPart {
  if (!schema.personal || !key) throw new Error(`Event ${type} has no sealed part, or no key to seal it under.`);
  const text = JSON.stringify(schema.personal.parse(personal));
  const length = Buffer.byteLength(text);
  const padded = text + ' '.repeat((SEALED_PADDING_BYTES - (length % SEALED_PADDING_BYTES)) % SEALED_PADDING_BYTES);
  const identity = {
    id: envelope.id,
    stream,
    type,
    version: schema.version,
    workspaceId: envelope.metadata.workspaceId,
  };
  const bytes = key.seal(padded, sealContext(identity, key.id));
  return { alg: 'A256GCM', key: key.id, hash: hashOf(bytes), bytes: bytes.toString('base64') };
}

/** Personal data whose key is destroyed, or whose ciphertext was deleted: gone for good, and not an error. */
export const ERASED = Symbol('erased');
export type Erased = typeof ERASED;

/** An event as projections see it: in today's shape, its personal data opened. */
export interface OpenedEvent<Event = { readonly type: string; readonly data: object; readonly personal?: object }> {
  readonly event: Event;
  /** Null where the event has none, or the reader did not ask. */
  readonly personal: object | Erased | null;
  readonly recorded: RecordedEvent;
}

/** The event in today's shape, without its personal data. Stored events are trusted: they were validated when written. */
export function decodeEvent<Definitions extends EventDefinitions>(
  definition: StreamDefinition<Definitions>,
  recorded: RecordedEvent,
): EventOf<Definitions> {
  const schema = definition.events[recorded.type];
  if (!schema) throw new Error(`Stream ${recorded.stream} holds an unknown event type ${recorded.type}.`);
  const data =
    recorded.version === schema.version
      ? recorded.data
      : (schema.upcast?.(recorded.data, recorded.version) ?? recorded.data);
  return { type: recorded.type, data } as unknown as EventOf<Definitions>;
}

/** Opens the sealed part of an event under the key of the stream's subject. */
export async function openPersonal(vault: Vault, recorded: RecordedEvent): Promise<object | Erased | null> {
  if (!hasSealedBytes(recorded)) return openUnder(null, recorded);
  return openUnder(await vault.existingKey(parseStreamName(recorded.stream).id), recorded);
}

/** The same with the key at hand: the stream's subject's, or what became of it. */
export function openUnder(key: DataKey | 'destroyed' | null, recorded: RecordedEvent): object | Erased | null {
  const { sealed } = recorded;
  if (sealed === null) return null;
  if (sealed.bytes === '' || key === null || key === 'destroyed') return ERASED;
  const identity = { ...recorded, workspaceId: recorded.metadata.workspaceId };
  const text = key.open(Buffer.from(sealed.bytes, 'base64'), sealContext(identity, sealed.key));
  return JSON.parse(text) as object;
}

/** Whether there is a ciphertext that a key would open. */
export const hasSealedBytes = ({ sealed }: RecordedEvent): boolean => sealed !== null && sealed.bytes !== '';
