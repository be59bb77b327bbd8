import { randomUUID } from 'node:crypto';
import { type ClientSession, type Collection, MongoServerError } from 'mongodb';
import { StoreUnavailable, type Checkpoint, type ReadModelCopy, type ReadModelShape, type RowChanges } from '#kernel';
import type { MongoConnection } from './connection.js';
import { CopyRows, countersCollection, rowsCollection } from './copy-rows.js';
import { describeShape, indexesOf } from './copy-schema.js';
import { ParkedStreams } from './parked-streams.js';

const NAMESPACE_NOT_FOUND = 26;
const NAMESPACE_EXISTS = 48;

/** One copy: where it is, what it was made for and how far it has come. */
export interface CopyDocument {
  readonly _id: ReadModelCopy;
  readonly place: string;
  readonly shape: string;
  /** Whether its collections and indexes are there. */
  readonly isReady: boolean;
  readonly position: string | null;
  /** Missing in documents of before there were anchors. */
  readonly anchor?: Checkpoint['anchor'];
  /** Every save touches the document, so that a drop and a save beside it stand in each other's way. */
  readonly saves: number;
}

/** Which copies there are, and which were dropped and are still to be removed. */
export class CopyCatalog {
  readonly copies: Collection<CopyDocument>;
  readonly parked: ParkedStreams;
  readonly #dropped: Collection<{ readonly _id: string }>;

  constructor(private readonly connection: MongoConnection) {
    this.copies = connection.database.collection('copies');
    this.parked = new ParkedStreams(connection.database);
    this.#dropped = connection.database.collection('dropped_copies');
  }

  /** Makes the collections that transactions write to, and finishes drops that were interrupted. */
  async open(): Promise<void> {
    for (const { collectionName } of [this.copies, this.#dropped, this.parked.collection])
      await ensureCollection(this.connection, collectionName);
    await this.#removeDropped();
  }

  async prepare(shape: ReadModelShape, copy: ReadModelCopy): Promise<CopyRows> {
    if (shape.name !== copy.name || shape.version !== copy.version) {
      throw new RangeError(`The shape of ${shape.name} is not that of ${nameOf(copy)}.`);
    }
    const description = describeShape(shape);
    const made = { place: randomUUID(), shape: description, isReady: false, position: null, anchor: null, saves: 0 };
    const entry = await this.copies.findOneAndUpdate(
      { _id: idOf(copy) },
      { $setOnInsert: made },
      { upsert: true, returnDocument: 'after' },
    );
    if (entry?.shape !== description) {
      throw new RangeError(`The shape of ${nameOf(copy)} was changed: a changed shape needs a new version.`);
    }
    if (!entry.isReady) await this.#make(copy, entry.place, shape);
    return new CopyRows(this.connection.database, entry.place, shape);
  }

  async checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null> {
    return checkpointOf(await this.copies.findOne({ _id: idOf(copy) }));
  }

  /** Every copy that was not dropped, by name. */
  async list(): Promise<readonly ReadModelCopy[]> {
    const found = this.copies.find({}, { projection: { _id: 1 } }).sort({ _id: 1 });
    return (await found.toArray()).map(({ _id }) => _id);
  }

  /**
   * In the transaction of a save. 'fenced' where the copy stands elsewhere than its writer believes: after a change of primary
   * a checkpoint may be read that is older than the last one saved. @throws RangeError for a copy that was dropped since it was prepared here.
   */
  async move(
    session: ClientSession,
    copy: ReadModelCopy,
    place: string,
    { checkpoint, standsAt }: Pick<RowChanges, 'checkpoint' | 'standsAt'>,
  ): Promise<'saved' | 'fenced'> {
    const one = { _id: idOf(copy), place };
    const update = { $inc: { saves: 1 }, ...(checkpoint ? { $set: { ...checkpoint } } : {}) };
    const asBelieved = standsAt === undefined ? one : { ...one, position: standsAt };
    const { matchedCount } = await this.copies.updateOne(asBelieved, update, { session });
    if (matchedCount === 1) return 'saved';
    if ((await this.copies.findOne(one, { session })) !== null) return 'fenced';
    throw new RangeError(`The copy ${nameOf(copy)} was dropped.`);
  }

  /** The checkpoint as it stands until the transaction ends: no save is committed beside it. */
  async touch(session: ClientSession, copy: ReadModelCopy): Promise<Checkpoint | null> {
    return checkpointOf(await this.copies.findOneAndUpdate({ _id: idOf(copy) }, { $inc: { saves: 1 } }, { session }));
  }

  /**
   * From its transaction on the copy is gone, also when its collections are removed only by a later opening.
   * @param alongside is done in the same transaction.
   */
  async drop(copy: ReadModelCopy, alongside: (session: ClientSession) => Promise<void>): Promise<void> {
    await this.connection.transact(async (session) => {
      await alongside(session);
      const entry = await this.copies.findOneAndDelete({ _id: idOf(copy) }, { session });
      if (entry) await this.#dropped.insertOne({ _id: entry.place }, { session });
    });
    await this.#removeDropped();
  }

  /** Indexes are built while there is nothing to index. */
  async #make(copy: ReadModelCopy, place: string, shape: ReadModelShape): Promise<void> {
    const { database } = this.connection;
    await ensureCollection(this.connection, countersCollection(database, place).collectionName);
    await rowsCollection(database, place).createIndexes(indexesOf(shape));
    const { matchedCount } = await this.copies.updateOne({ _id: idOf(copy), place }, { $set: { isReady: true } });
    if (matchedCount === 1) return;
    await this.#remove(place);
    throw new StoreUnavailable(`The copy ${nameOf(copy)} was dropped while it was made.`);
  }

  async #removeDropped(): Promise<void> {
    for (const { _id: place } of await this.#dropped.find().toArray()) {
      await this.#remove(place);
      await this.#dropped.deleteOne({ _id: place });
    }
  }

  async #remove(place: string): Promise<void> {
    const { database } = this.connection;
    for (const collection of [rowsCollection(database, place), countersCollection(database, place)]) {
      await collection.drop().catch(exceptFor(NAMESPACE_NOT_FOUND));
    }
    await this.parked.remove(place);
  }
}

export const nameOf = ({ name, version, generation, partition }: ReadModelCopy): string =>
  `${name}@${version}.${generation}/${partition}`;

const checkpointOf = (entry: CopyDocument | null): Checkpoint | null =>
  entry?.position == null ? null : { position: entry.position, anchor: entry.anchor ?? null };

/** Ids are compared with the order of their fields. */
const idOf = ({ name, version, generation, partition }: ReadModelCopy): ReadModelCopy => ({
  name,
  version,
  generation,
  partition,
});

/** Transactions write to collections that are there. */
export async function ensureCollection({ database }: MongoConnection, name: string): Promise<void> {
  await database.createCollection(name).catch(exceptFor(NAMESPACE_EXISTS));
}

const exceptFor =
  (code: number) =>
  (error: unknown): void => {
    if (!(error instanceof MongoServerError) || error.code !== code) throw error;
  };
