import type { Generations, ReadModelCopy, ReadModelPart } from '#kernel';
import type { SqliteFile } from './sqlite-file.js';

/** The generations of each part. `last` is the newest number that was ever given. */
export const GENERATIONS_TABLES = `
  CREATE TABLE IF NOT EXISTS generations (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    active INTEGER NOT NULL,
    filling INTEGER,
    last INTEGER NOT NULL,
    PRIMARY KEY (name, version, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS retired_generations (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (name, version, partition, generation)
  ) STRICT, WITHOUT ROWID;
`;

interface Pointer {
  readonly active: number;
  readonly filling: number | null;
  readonly last: number;
}

const OF_PART = 'name = ? AND version = ? AND partition = ?';

/** Which copy of each part is read, which one fills, and which are to be dropped. Everything here is inside a transaction. */
export class GenerationTable {
  constructor(private readonly file: SqliteFile) {}

  read(part: ReadModelPart): Generations {
    const { active, filling } = this.#pointer(part);
    const text = `SELECT generation, at_ms FROM retired_generations WHERE ${OF_PART} ORDER BY generation`;
    const retired = this.file.statement(text).all(...columnsOf(part)) as [number, number][];
    const now = Date.now();
    return { active, filling, retired: retired.map(([generation, atMs]) => ({ generation, forMs: now - atMs })) };
  }

  fillAnother(part: ReadModelPart): number {
    const { active, filling, last } = this.#pointer(part);
    if (filling !== null) return filling;
    this.#write(part, { active, filling: last + 1, last: last + 1 });
    return last + 1;
  }

  takeOver(copy: ReadModelCopy, mayTakeOverFrom: (active: number) => boolean): boolean {
    const { active, filling, last } = this.#pointer(copy);
    if (active === copy.generation) return true;
    if (filling !== copy.generation || !mayTakeOverFrom(active)) return false;
    this.#retire(copy, active);
    this.#write(copy, { active: copy.generation, filling: null, last });
    return true;
  }

  startAnew(part: ReadModelPart): number {
    const { active, filling, last } = this.#pointer(part);
    for (const generation of [active, filling]) if (generation !== null) this.#retire(part, generation);
    this.#write(part, { active: last + 1, filling: null, last: last + 1 });
    return last + 1;
  }

  /** After a copy was dropped. */
  forget(part: ReadModelPart, generation: number): void {
    const remove = `DELETE FROM retired_generations WHERE ${OF_PART} AND generation = ?`;
    this.file.statement(remove).run(...columnsOf(part), generation);
    const pointer = this.#pointer(part);
    if (pointer.filling === generation) this.#write(part, { ...pointer, filling: null });
  }

  #pointer(part: ReadModelPart): Pointer {
    const text = `SELECT active, filling, last FROM generations WHERE ${OF_PART}`;
    const found = this.file.statement(text).get(...columnsOf(part)) as [number, number | null, number] | undefined;
    const [active, filling, last] = found ?? [0, null, 0];
    return { active, filling, last };
  }

  #write(part: ReadModelPart, { active, filling, last }: Pointer): void {
    this.file
      .statement('INSERT OR REPLACE INTO generations VALUES (?, ?, ?, ?, ?, ?)')
      .run(...columnsOf(part), active, filling, last);
  }

  #retire(part: ReadModelPart, generation: number): void {
    this.file
      .statement('INSERT OR IGNORE INTO retired_generations VALUES (?, ?, ?, ?, ?)')
      .run(...columnsOf(part), generation, Date.now());
  }
}

const columnsOf = ({ name, version, partition }: ReadModelPart): [string, number, number] => [name, version, partition];
