import { type AnyBulkWriteOperation, type ClientSession, type Collection, type Db, MaxKey, MinKey } from 'mongodb';
import type { DueRow, FailedTry, Postponement, ReadModelShape, RowQuery, StoredRow, TermQuery } from '#kernel';
import { DUE_INDEX, namedIndex, PARKED_INDEX, TERMS_INDEX } from './copy-schema.js';
import { decodeRow, encodeRow, type RowDocument, termEntry } from './row-document.js';
import { indexWalk } from './row-query.js';
import { beginningWith, behindPrefix } from './text-order.js';

interface CounterDocument {
  readonly _id: string;
  readonly value: number;
}

/** What a batch changes, encoded once, however often its transaction is tried. */
export interface EncodedChanges {
  readonly rows: readonly AnyBulkWriteOperation<RowDocument>[];
  readonly counters: readonly AnyBulkWriteOperation<CounterDocument>[];
  /** Counters that may come to 0. */
  readonly lessened: readonly string[];
}

const ROW_ALONE = { _id: 0, row: 1 } as const;

export const rowsCollection = (database: Db, place: string): Collection<RowDocument> =>
  database.collection(`rows_${place}`);
export const countersCollection = (database: Db, place: string): Collection<CounterDocument> =>
  database.collection(`counters_${place}`);

/** The rows, terms and counters of one copy. Reads answer what a majority of the members has. */
export class CopyRows {
  readonly #rows: Collection<RowDocument>;
  readonly #counters: Collection<CounterDocument>;

  /** @param place names the copy's collections; another copy of the same name, made later, has another. */
  constructor(
    database: Db,
    readonly place: string,
    readonly shape: ReadModelShape,
  ) {
    this.#rows = rowsCollection(database, place);
    this.#counters = countersCollection(database, place);
  }

  async load(session: ClientSession, keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>> {
    const unique = [...new Set(keys)];
    const found = await this.#rows
      .find({ _id: { $in: unique } }, { session, projection: ROW_ALONE, ...atOnce(unique.length) })
      .toArray();
    const rows = new Map(found.map(decodeRow).map((row) => [row.key, row]));
    return new Map(unique.flatMap((key) => entryOf(rows, key)));
  }

  /** At most `limit` rows behind `key` in the order of keys; the empty text is before all. */
  async readBehind(key: string, limit: number): Promise<readonly StoredRow[]> {
    const behind = this.#rows.find({ _id: { $gt: key } }, { projection: ROW_ALONE, ...atOnce(limit) });
    return (await behind.sort({ _id: 1 }).toArray()).map(decodeRow);
  }

  async find(query: RowQuery): Promise<readonly StoredRow[]> {
    const walk = indexWalk(this.shape, query);
    if (walk === null || query.limit <= 0) return [];
    const hint = namedIndex(query.index);
    const found = this.#rows.find({}, { hint, ...walk, projection: ROW_ALONE, ...atOnce(query.limit) });
    return (await found.toArray()).map(decodeRow);
  }

  /**
   * The walk goes along the index and meets a row once for each of its terms; the server answers it at the first. There is
   * no sort that asks for this order, so the index is named, and its order is the answer's.
   */
  async findKeysByTerm({ field, scope, prefix, exact, limit }: TermQuery): Promise<readonly string[]> {
    if (!this.shape.terms.includes(field)) throw new RangeError(`${this.shape.name} has no term field ${field}.`);
    if (limit <= 0) return [];
    const first = termEntry(field, scope, prefix);
    const min = { terms: first, _id: new MinKey() };
    const max =
      exact === true ? { terms: first, _id: new MaxKey() } : { terms: behindPrefix(first), _id: new MinKey() };
    const found = this.#rows.find({}, { hint: TERMS_INDEX, min, max, projection: { _id: 1 }, ...atOnce(limit) });
    return (await found.toArray()).map(({ _id }) => _id);
  }

  async counts(names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = await this.#counters.find({ _id: { $in: [...names] } }).toArray();
    const values = new Map(found.map(({ _id, value }) => [_id, value]));
    return new Map(names.map((name) => [name, values.get(name) ?? 0]));
  }

  async countsByPrefix(prefix: string): Promise<ReadonlyMap<string, number>> {
    const found = this.#counters.find({ _id: beginningWith(prefix) }).sort({ _id: 1 });
    return new Map((await found.toArray()).map(({ _id, value }) => [_id, value]));
  }

  /** What waits for its next try does so by the server's clock. A row that waits for none has no such time, which is before all. */
  async due(at: string, limit: number): Promise<readonly DueRow[]> {
    if (limit <= 0) return [];
    const hasCome = { $expr: { $lte: ['$nextTryAt', '$$NOW'] } };
    const found = this.#rows.find(
      { dueAt: { $gte: '', $lte: at }, parked: false, ...hasCome },
      { hint: DUE_INDEX, ...atOnce(limit) },
    );
    return (await found.sort({ dueAt: 1, _id: 1 }).toArray()).map(decodeDue);
  }

  async nextDue(after: string): Promise<string | null> {
    const options = { hint: DUE_INDEX, sort: { dueAt: 1 }, projection: { _id: 0, dueAt: 1 } } as const;
    const found = await this.#rows.findOne({ dueAt: { $gt: after }, parked: false }, options);
    return found?.dueAt ?? null;
  }

  countParked(): Promise<number> {
    return this.#rows.countDocuments({ parked: true }, { hint: PARKED_INDEX });
  }

  async parked(limit: number): Promise<readonly DueRow[]> {
    if (limit <= 0) return [];
    const found = this.#rows.find({ parked: true }, { hint: PARKED_INDEX, ...atOnce(limit) });
    return (await found.sort({ _id: 1 }).toArray()).map(decodeDue);
  }

  /** Ends a postponement in one write without a lease: a transaction that puts the row ends it as well. */
  async retry(key: string): Promise<boolean> {
    const { matchedCount } = await this.#rows.updateOne(
      { _id: key, tries: { $exists: true } },
      { $set: { parked: false }, $unset: { tries: true, nextTryAt: true, reason: true } },
    );
    return matchedCount === 1;
  }

  async postpone(session: ClientSession, key: string, { tries, waitMs, reason }: FailedTry): Promise<void> {
    const nextTryAt = waitMs === null ? '$$REMOVE' : { $add: ['$$NOW', waitMs] };
    const state = { tries, reason: { $literal: reason }, parked: waitMs === null, nextTryAt };
    await this.#rows.updateOne({ _id: key }, [{ $set: state }], { session });
  }

  /** @throws RangeError for a field that the shape has not. */
  encode(puts: readonly StoredRow[], deletes: readonly string[], counts: ReadonlyMap<string, number>): EncodedChanges {
    const amounts = [...counts].filter(([, amount]) => amount !== 0);
    const replacements = puts.map((row): AnyBulkWriteOperation<RowDocument> => {
      const { _id, ...replacement } = encodeRow(this.shape, row);
      return { replaceOne: { filter: { _id }, replacement, upsert: true } };
    });
    return {
      rows:
        deletes.length === 0
          ? replacements
          : [{ deleteMany: { filter: { _id: { $in: [...deletes] } } } }, ...replacements],
      counters: amounts.map(([_id, value]) => ({
        updateOne: { filter: { _id }, update: { $inc: { value } }, upsert: true },
      })),
      lessened: amounts.filter(([, amount]) => amount < 0).map(([name]) => name),
    };
  }

  async change(session: ClientSession, changes: EncodedChanges): Promise<void> {
    const options = { session, ordered: false };
    if (changes.rows.length > 0) await this.#rows.bulkWrite(changes.rows, options);
    if (changes.counters.length > 0) await this.#counters.bulkWrite(changes.counters, options);
    // A counter that comes to 0 is removed: what is gone must not be walked over for ever.
    if (changes.lessened.length === 0) return;
    await this.#counters.deleteMany({ _id: { $in: [...changes.lessened] }, value: 0 }, { session });
  }
}

/** The whole answer in one piece: no second question for the rest of it. */
const atOnce = (limit: number): { readonly limit: number; readonly batchSize: number } => ({
  limit,
  batchSize: limit + 1,
});

function entryOf(rows: ReadonlyMap<string, StoredRow>, key: string): [string, StoredRow][] {
  const row = rows.get(key);
  return row === undefined ? [] : [[key, row]];
}

const decodeDue = (document: RowDocument): DueRow => ({
  row: decodeRow(document),
  postponement: postponementOf(document),
});

function postponementOf({ tries, nextTryAt, reason }: RowDocument): Postponement | null {
  if (tries === undefined || reason === undefined) return null;
  return { tries, nextTryAt: nextTryAt?.toISOString() ?? null, reason };
}
