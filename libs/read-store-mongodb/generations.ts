import type { ClientSession, Collection } from 'mongodb';
import type { Checkpoint, Generations, ReadModelCopy, ReadModelPart } from '#kernel';
import type { MongoConnection } from './connection.js';
import { type CopyCatalog, ensureCollection } from './copy-catalog.js';

interface GenerationsDocument {
  readonly _id: ReadModelPart;
  readonly active: number;
  readonly filling: number | null;
  /** The newest number that was ever given. It only grows. */
  readonly last: number;
  /** With the server's time at which another took over. */
  readonly retired: readonly { readonly generation: number; readonly at: Date }[];
}

type MayTakeOver = (filled: Checkpoint | null, active: Checkpoint | null) => boolean;

/** A part without a document is read from its generation 0, beside which none was ever begun. */
const FIRST = { active: 0, filling: null, last: 0, retired: [] } as const;

const IS_FILLING = { $ne: ['$filling', null] };
const NEXT = { $add: ['$last', 1] };
const SINCE_NOW = (generation: string): object => ({ generation, at: '$$NOW' });

/** The ages of retired generations are made by the server, whose clock has set their beginnings. */
const WITH_AGES = {
  active: 1,
  filling: 1,
  retired: {
    $map: {
      input: '$retired',
      as: 'one',
      in: { generation: '$$one.generation', forMs: { $max: [0, { $subtract: ['$$NOW', '$$one.at'] }] } },
    },
  },
};

/** Which copy of each part is read, which one fills beside it, and which are still to be dropped. */
export class GenerationCatalog {
  readonly #parts: Collection<GenerationsDocument>;

  constructor(
    private readonly connection: MongoConnection,
    private readonly copies: CopyCatalog,
  ) {
    this.#parts = connection.database.collection('generations');
  }

  async open(): Promise<void> {
    await ensureCollection(this.connection, this.#parts.collectionName);
  }

  async read(part: ReadModelPart): Promise<Generations> {
    const found = await this.#parts.findOne<Generations>({ _id: partOf(part) }, { projection: WITH_AGES });
    const { active, filling, retired } = found ?? FIRST;
    return { active, filling, retired: [...retired].sort((one, other) => one.generation - other.generation) };
  }

  async fillAnother(part: ReadModelPart): Promise<number> {
    const { filling } = await this.#change(part, {
      filling: { $cond: [IS_FILLING, '$filling', NEXT] },
      last: { $cond: [IS_FILLING, '$last', NEXT] },
    });
    if (filling === null) throw new Error('No generation fills, right after one was begun.');
    return filling;
  }

  async startAnew(part: ReadModelPart): Promise<number> {
    const others = [[SINCE_NOW('$active')], { $cond: [IS_FILLING, [SINCE_NOW('$filling')], []] }];
    const { active } = await this.#change(part, {
      active: NEXT,
      filling: null,
      last: NEXT,
      retired: { $concatArrays: ['$retired', ...others] },
    });
    return active;
  }

  /** Looks first, so that one which is still behind is asked about often without standing in the way of saves. */
  async takeOver(copy: ReadModelCopy, mayTakeOver: MayTakeOver): Promise<boolean> {
    const { active } = await this.read(copy);
    if (active === copy.generation) return true;
    const filled = await this.copies.checkpoint(copy);
    if (!mayTakeOver(filled, await this.copies.checkpoint({ ...copy, generation: active }))) return false;
    return this.connection.transact((session) => this.#switch(session, copy, mayTakeOver));
  }

  /** In the transaction of a drop. The pointer stays on the active one, whose copy is then simply empty. */
  async forget(session: ClientSession, copy: ReadModelCopy): Promise<void> {
    const { generation } = copy;
    const without = {
      filling: { $cond: [{ $eq: ['$filling', generation] }, null, '$filling'] },
      retired: { $filter: { input: '$retired', as: 'one', cond: { $ne: ['$$one.generation', generation] } } },
    };
    const isListed = { $or: [{ filling: generation }, { 'retired.generation': generation }] };
    await this.#parts.updateOne({ _id: partOf(copy), ...isListed }, [{ $set: without }], { session });
  }

  /**
   * Changes the documents of both copies, as every save does: one that moves a checkpoint meanwhile stands in the way of the
   * switch, which is then tried again and looks anew.
   */
  async #switch(session: ClientSession, copy: ReadModelCopy, mayTakeOver: MayTakeOver): Promise<boolean> {
    const part = partOf(copy);
    const { generation } = copy;
    const retired = { $concatArrays: ['$retired', [SINCE_NOW('$active')]] };
    const before = await this.#parts.findOneAndUpdate(
      { _id: part, filling: generation },
      [{ $set: { active: generation, filling: null, retired } }],
      { session, returnDocument: 'before' },
    );
    if (before === null) {
      const asItIs = await this.#parts.findOne({ _id: part }, { session });
      return asItIs?.active === generation;
    }
    const active = await this.copies.touch(session, { ...copy, generation: before.active });
    const filled = await this.copies.touch(session, copy);
    if (mayTakeOver(filled, active)) return true;
    await session.abortTransaction();
    return false;
  }

  async #change(part: ReadModelPart, change: object): Promise<GenerationsDocument> {
    const _id = partOf(part);
    await this.#parts.updateOne({ _id }, { $setOnInsert: FIRST }, { upsert: true });
    const changed = await this.#parts.findOneAndUpdate({ _id }, [{ $set: change }], { returnDocument: 'after' });
    if (changed === null) throw new Error('The generations of a part are gone, which nobody removes.');
    return changed;
  }
}

/** Ids are compared with the order of their fields. */
const partOf = ({ name, version, partition }: ReadModelPart): ReadModelPart => ({ name, version, partition });
