import { TypeID, fromString, toUUID, typeid } from 'typeid-js';
import { v5, v7 } from 'uuid';

export type IdPrefix = 'ws' | 'acc' | 'grt' | 'con' | 'pst' | 'aut' | 'ecl' | 'dev' | 'whe';

/** The namespace of our UUIDv5 names: fixed for ever, since event ids depend on it. */
const NAMESPACE = '6f1cf1a4-5e55-5c1e-9c0b-2a4f5f8a1d20';

/** Command ids are UUIDv7, made when the command arrives. */
export const newCommandId = (): string => v7();

export const newId = (prefix: IdPrefix): string => typeid(prefix).toString();

/** The id of the one thing that a command makes: the command's own UUID under the thing's prefix, so that a retry makes the same. */
export const idFromCommand = (prefix: IdPrefix, commandId: string): string =>
  TypeID.fromUUID(prefix, commandId).toString();

/**
 * The id of one of several things that a command or an attempt makes, by a name that is stable over retries.
 * It keeps the time of `commandId` and takes its random part from the name, so it stays a UUIDv7.
 */
export function idFromName(prefix: IdPrefix, commandId: string, name: string): string {
  const random = v5(`${commandId}|${prefix}|${name}`, NAMESPACE);
  return TypeID.fromUUID(prefix, `${commandId.slice(0, 14)}7${random.slice(15)}`).toString();
}

/** The UUID inside one of our ids. */
export const uuidOf = (id: string): string => toUUID(fromString(id));

/** Whether the text is a well-formed id of this kind. */
export function isId(prefix: IdPrefix, text: unknown): text is string {
  if (typeof text !== 'string') return false;
  try {
    TypeID.fromString(text, prefix);
    return true;
  } catch {
    return false;
  }
}

/** The id of the event that a command writes at this index into this stream: the same at every retry. */
export const eventId = (commandId: string, stream: string, index: number): string =>
  v5(`${commandId}|${stream}|${index}`, NAMESPACE);
