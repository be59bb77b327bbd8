import type { ClientSession, Collection, Filter } from 'mongodb';
import { VaultStore } from '#kernel';
import type { RecordPlace, RecordWrite, StoredVaultRecord, VaultRecord, WrappedKey } from '#kernel';
import { beginningWith, isDuplicateKey, MongoConnection, type MongoStoreOptions } from '#read-store-mongodb';
import {
  contentOf,
  decodeKey,
  decodeRecord,
  type KeyDocument,
  keysCollection,
  type LivingKey,
  makeCollections,
  type RecordDocument,
  recordsCollection,
} from './vault-documents.js';
import { Versions } from './versions.js';

/** A write that is tried with or without a transaction. */
type WriteOptions = { readonly session?: ClientSession };

/**
 * Wrapped keys and small records in MongoDB. A write resolves when a majority of the members has it on disk. Whatever is
 * written under a subject changes that subject's key in the same transaction: transactions see a snapshot and are not serial,
 * so a record would else be written beside the destruction of its key, and outlive it.
 */
export class MongoVaultStore extends VaultStore {
  readonly #keys: Collection<KeyDocument>;
  readonly #records: Collection<RecordDocument>;
  readonly #versions: Versions;

  private constructor(
    private readonly connection: MongoConnection,
    private readonly ownsConnection: boolean,
  ) {
    super();
    this.#keys = keysCollection(connection.database);
    this.#records = recordsCollection(connection.database);
    this.#versions = new Versions(connection.database.collection('vault_sequences'));
  }

  /** @throws ReplicaSetRequired for a stand-alone server; StoreUnavailable when there is no answer in time. */
  static async open(options: MongoStoreOptions): Promise<MongoVaultStore> {
    const isShared = 'connection' in options;
    const connection = isShared ? options.connection : await MongoConnection.open(options);
    const store = new MongoVaultStore(connection, !isShared);
    try {
      await connection.run(() => makeCollections(connection.database), connection.limits.structureMs);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  override insertKey({ subject, wrapped, masterKeyId }: WrappedKey): Promise<WrappedKey | 'destroyed'> {
    return this.connection.run(async () => {
      const stored = await this.#keys.findOneAndUpdate(
        { _id: subject },
        { $setOnInsert: { destroyed: false, wrapped, masterKeyId, writes: 0 } },
        { upsert: true, returnDocument: 'after' },
      );
      if (stored === null) throw new Error('A key that was just stored is not there.');
      return stored.destroyed ? 'destroyed' : decodeKey(stored);
    });
  }

  override readKey(subject: string): Promise<WrappedKey | 'destroyed' | null> {
    return this.connection.run(async () => {
      const stored = await this.#keys.findOne({ _id: subject });
      if (stored === null) return null;
      return stored.destroyed ? 'destroyed' : decodeKey(stored);
    });
  }

  override readKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, WrappedKey | 'destroyed'>> {
    return this.connection.run(async () => {
      const unique = [...new Set(subjects)];
      const stored = await this.#keys.find({ _id: { $in: unique } }, { batchSize: unique.length + 1 }).toArray();
      return new Map(stored.map((key) => [key._id, key.destroyed ? 'destroyed' : decodeKey(key)]));
    });
  }

  override rewrapKey(before: WrappedKey, after: WrappedKey): Promise<boolean> {
    return this.connection.run(async () => {
      if (before.subject !== after.subject) throw new RangeError('A key is wrapped again for its own subject alone.');
      const { matchedCount } = await this.#keys.updateOne(
        { _id: before.subject, destroyed: false, wrapped: before.wrapped, masterKeyId: before.masterKeyId },
        { $set: { wrapped: after.wrapped, masterKeyId: after.masterKeyId } },
      );
      return matchedCount === 1;
    });
  }

  override destroyKey(subject: string): Promise<void> {
    return this.connection.run(() =>
      this.connection.transact(async (session) => {
        await this.#keys.replaceOne({ _id: subject }, { destroyed: true }, { session, upsert: true });
        await this.#records.deleteMany({ subject }, { session });
      }),
    );
  }

  override destroyedSubjects(after: string | null, limit: number): Promise<readonly string[]> {
    return this.connection.run(async () => (await this.#page(true, after, limit)).map(({ _id }) => _id));
  }

  override listKeys(after: string | null, limit: number): Promise<readonly WrappedKey[]> {
    return this.connection.run(async () =>
      (await this.#page(false, after, limit)).filter((key): key is LivingKey => !key.destroyed).map(decodeKey),
    );
  }

  override insert(record: VaultRecord): Promise<RecordWrite> {
    return this.connection.run(async () => {
      const version = await this.#versions.first();
      const { kind, id } = record;
      try {
        return await this.#writeUnder(record.subject, async (options) => {
          await this.#records.insertOne({ kind, id, ...contentOf(record), version }, options);
          return 'written';
        });
      } catch (error) {
        if (isDuplicateKey(error)) return 'changed-meanwhile';
        throw error;
      }
    });
  }

  override read(kind: string, id: string): Promise<StoredVaultRecord | null> {
    return this.connection.run(async () => {
      const stored = await this.#records.findOne({ kind, id });
      return stored && decodeRecord(stored);
    });
  }

  override replace(record: VaultRecord, version: number): Promise<RecordWrite> {
    return this.connection.run(async () => {
      const next = await this.#versions.after(version);
      return this.#writeUnder(record.subject, async (options) => {
        const { kind, id } = record;
        const update = { $set: { ...contentOf(record), version: next } };
        const { matchedCount } = await this.#records.updateOne({ kind, id, version }, update, options);
        return matchedCount === 1 ? 'written' : 'changed-meanwhile';
      });
    });
  }

  override remove(kind: string, id: string, version?: number): Promise<boolean> {
    return this.connection.run(async () => {
      const { deletedCount } = await this.#records.deleteOne({
        kind,
        id,
        ...(version === undefined ? {} : { version }),
      });
      return deletedCount === 1;
    });
  }

  override list(kind: string, idPrefix: string, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.connection.run(async () => {
      if (limit <= 0) return [];
      const found = this.#records.find({ kind, id: beginningWith(idPrefix) }).sort({ kind: 1, id: 1 });
      return (await found.limit(limit).toArray()).map(decodeRecord);
    });
  }

  override walk(after: RecordPlace | null, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.connection.run(async () => {
      if (limit <= 0) return [];
      const { kind, id } = after ?? { kind: '', id: '' };
      // Two reads of one index: as one condition they would be sorted in memory.
      const sameKind = await this.#inOrder({ kind, id: { $gt: id } }, limit);
      const rest = limit - sameKind.length;
      return [...sameKind, ...(rest > 0 ? await this.#inOrder({ kind: { $gt: kind } }, rest) : [])].map(decodeRecord);
    });
  }

  override due(kind: string, at: string, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.connection.run(async () => {
      if (limit <= 0) return [];
      const found = this.#records.find({ kind, dueAt: { $gte: '', $lte: at } }, { hint: 'due' });
      return (await found.sort({ kind: 1, dueAt: 1, id: 1 }).limit(limit).toArray()).map(decodeRecord);
    });
  }

  /** By the server's clock. */
  override hold(kind: string, id: string, owner: string, forMs: number): Promise<StoredVaultRecord | null> {
    return this.connection.run(async () => {
      const isMine = { $eq: ['$heldBy', { $literal: owner }] };
      // A record that nobody holds has no such time, which is before all.
      const isFree = { $or: [isMine, { $lte: ['$heldUntil', '$$NOW'] }] };
      const held = { heldBy: { $literal: owner }, heldUntil: { $add: ['$$NOW', forMs] } };
      const record = await this.#records.findOneAndUpdate({ kind, id, $expr: isFree }, [{ $set: held }]);
      return record && decodeRecord(record);
    });
  }

  override async release(kind: string, id: string, owner: string): Promise<void> {
    await this.connection.run(() =>
      this.#records.updateOne({ kind, id, heldBy: owner }, { $unset: { heldBy: true, heldUntil: true } }),
    );
  }

  /**
   * Does nothing: MongoDB offers no way to overwrite what it freed. What of a removed record is left on disk, in the oplog or
   * in a backup is ciphertext under a key that was destroyed, and that key was wrapped by a master key.
   */
  override scrub(): Promise<void> {
    return Promise.resolve();
  }

  override async close(): Promise<void> {
    if (this.ownsConnection) await this.connection.close();
  }

  #page(destroyed: boolean, after: string | null, limit: number): Promise<readonly KeyDocument[]> {
    if (limit <= 0) return Promise.resolve([]);
    const page = this.#keys.find({ destroyed, _id: { $gt: after ?? '' } }, { hint: 'state' });
    return page.sort({ destroyed: 1, _id: 1 }).limit(limit).toArray();
  }

  #inOrder(filter: Filter<RecordDocument>, limit: number): Promise<readonly RecordDocument[]> {
    return this.#records.find(filter, { hint: 'place' }).sort({ kind: 1, id: 1 }).limit(limit).toArray();
  }

  /** A duplicate key ends a transaction, and so comes out of this as an error. */
  #writeUnder(subject: string | null, write: (options: WriteOptions) => Promise<RecordWrite>): Promise<RecordWrite> {
    if (subject === null) return write({});
    return this.connection.transact(async (session) => {
      const alive = { _id: subject, destroyed: false };
      const { matchedCount } = await this.#keys.updateOne(alive, { $inc: { writes: 1 } }, { session });
      return matchedCount === 1 ? write({ session }) : 'key-destroyed';
    });
  }
}
