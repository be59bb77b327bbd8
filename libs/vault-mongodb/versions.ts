import type { Collection } from 'mongodb';

/** Versions that one life of a record has room for; a record that is written more often goes on in another life's room. */
const WRITES_PER_LIFE = 2 ** 20;
/** Lives that a process takes at once, so that it asks the database once for so many records. */
const LIVES_PER_BLOCK = 1_000;
const SEQUENCE = 'lives';

export interface SequenceDocument {
  readonly _id: string;
  readonly last: number;
}

/**
 * Versions of records: each write counts one up, and each record that is made begins in a room of its own, so that one that is
 * made anew never has a version that an earlier one had. Rooms are given once, across processes.
 */
export class Versions {
  #next = 0;
  #end = 0;
  #taking: Promise<void> | null = null;

  constructor(private readonly sequences: Collection<SequenceDocument>) {}

  async first(): Promise<number> {
    while (this.#next >= this.#end) await (this.#taking ??= this.#takeBlock().finally(() => (this.#taking = null)));
    const life = this.#next;
    this.#next += 1;
    return life * WRITES_PER_LIFE;
  }

  async after(version: number): Promise<number> {
    if ((version + 1) % WRITES_PER_LIFE !== 0) return version + 1;
    // Only a block that is taken now is behind every version that was given before.
    await this.#takeBlock();
    return this.first();
  }

  async #takeBlock(): Promise<void> {
    const taken = await this.sequences.findOneAndUpdate(
      { _id: SEQUENCE },
      { $inc: { last: LIVES_PER_BLOCK } },
      { upsert: true, returnDocument: 'after' },
    );
    const last = taken?.last ?? 0;
    this.#next = last - LIVES_PER_BLOCK + 1;
    this.#end = last + 1;
  }
}
