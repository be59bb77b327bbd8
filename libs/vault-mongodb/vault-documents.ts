import type { Collection, Db, ObjectId } from 'mongodb';
import type { JsonObject, StoredVaultRecord, VaultRecord, WrappedKey } from '#kernel';

/** A subject's key, or what is left of it: that it was destroyed. */
export type KeyDocument = LivingKey | { readonly _id: string; readonly destroyed: true };

export interface LivingKey {
  readonly _id: string;
  readonly destroyed: false;
  readonly wrapped: string;
  readonly masterKeyId: string;
  /** Every write of a record under the key counts here, so that it and a destruction stand in each other's way. */
  readonly writes: number;
}

export interface RecordDocument {
  readonly _id?: ObjectId;
  readonly kind: string;
  readonly id: string;
  readonly subject: string | null;
  /** As JSON, so that any content comes back to the byte, whatever its names. */
  readonly value: string;
  readonly sealed: string | null;
  readonly dueAt: string | null;
  readonly version: number;
  readonly heldBy?: string;
  readonly heldUntil?: Date;
}

export const decodeKey = ({ _id, wrapped, masterKeyId }: LivingKey): WrappedKey => ({
  subject: _id,
  wrapped,
  masterKeyId,
});

export const contentOf = ({
  subject,
  value,
  sealed,
  dueAt,
}: VaultRecord): Omit<RecordDocument, 'kind' | 'id' | 'version'> => ({
  subject,
  value: JSON.stringify(value),
  sealed,
  dueAt,
});

export function decodeRecord({ kind, id, subject, value, sealed, dueAt, version }: RecordDocument): StoredVaultRecord {
  return { kind, id, subject, value: JSON.parse(value) as JsonObject, sealed, dueAt, version };
}

export const keysCollection = (database: Db): Collection<KeyDocument> => database.collection('vault_keys');
export const recordsCollection = (database: Db): Collection<RecordDocument> => database.collection('vault_records');

/** Makes the collections, since transactions write to ones that are there, with every index that a list needs. */
export async function makeCollections(database: Db): Promise<void> {
  await keysCollection(database).createIndexes([{ name: 'state', key: { destroyed: 1, _id: 1 } }]);
  // A bound of a text takes in texts alone: records without a subject or a due time are not in those indexes.
  await recordsCollection(database).createIndexes([
    { name: 'place', key: { kind: 1, id: 1 }, unique: true },
    { name: 'subject', key: { subject: 1 }, partialFilterExpression: { subject: { $gte: '' } } },
    { name: 'due', key: { kind: 1, dueAt: 1, id: 1 }, partialFilterExpression: { dueAt: { $gte: '' } } },
  ]);
}
