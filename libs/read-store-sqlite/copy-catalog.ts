import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Checkpoint, Position, ReadModelCopy, ReadModelShape } from '#kernel';
import { CATALOG, copyTables, countersTable, rowsTable, termsTable } from './copy-schema.js';
import type { SqliteFile } from './sqlite-file.js';

/** Rows removed at once by a drop, so that it does not hold up the thread. */
const DROP_ROWS = 500;

interface CatalogEntry {
  readonly id: number;
  readonly shape: string;
  readonly checkpoint: Checkpoint | null;
}

/** Which copies there are, each with the shape it was made for and how far it has come. */
export class CopyCatalog {
  constructor(private readonly file: SqliteFile) {}

  /** Makes the tables where they are missing; `others` are those of the rest of the store. */
  open(others: string): void {
    forgetOlderLayout(this.file);
    this.file.database.exec(CATALOG + others);
  }

  entry(copy: ReadModelCopy): CatalogEntry | null {
    const found = this.file
      .statement(
        `SELECT id, shape, position, anchor_position, anchor_event_id FROM copies
         WHERE name = ? AND version = ? AND generation = ? AND partition = ? AND dropped = 0`,
      )
      .get(copy.name, copy.version, copy.generation, copy.partition);
    if (found === undefined) return null;
    const [id, shape, position, anchorPosition, eventId] = found as [number, string, ...(string | null)[]];
    const anchor = anchorPosition == null || eventId == null ? null : { position: anchorPosition, eventId };
    return { id, shape, checkpoint: position == null ? null : { position, anchor } };
  }

  checkpoint(copy: ReadModelCopy): Checkpoint | null {
    return this.entry(copy)?.checkpoint ?? null;
  }

  /** Whether a copy has come to exactly this position, null being before its first checkpoint. */
  standsAt(copy: ReadModelCopy, position: Position | null): boolean {
    return (this.checkpoint(copy)?.position ?? null) === position;
  }

  list(): readonly ReadModelCopy[] {
    const text = `SELECT name, version, generation, partition FROM copies WHERE dropped = 0
      ORDER BY name, version, generation, partition`;
    const found = this.file.statement(text).all() as [string, number, number, number][];
    return found.map(([name, version, generation, partition]) => ({ name, version, generation, partition }));
  }

  register(copy: ReadModelCopy, shape: ReadModelShape, description: string): number {
    const { lastInsertRowid } = this.file
      .statement('INSERT INTO copies (name, version, generation, partition, shape) VALUES (?, ?, ?, ?, ?)')
      .run(copy.name, copy.version, copy.generation, copy.partition, description);
    const id = Number(lastInsertRowid);
    for (const statement of copyTables(id, shape)) this.file.database.exec(statement);
    return id;
  }

  moveCheckpoint(id: number, { position, anchor }: Checkpoint): void {
    this.file
      .statement('UPDATE copies SET position = ?, anchor_position = ?, anchor_event_id = ? WHERE id = ?')
      .run(position, anchor?.position ?? null, anchor?.eventId ?? null, id);
  }

  /** From here on the copy is gone, also when its tables are removed only after a restart. */
  markDropped(id: number): void {
    this.file.statement('UPDATE copies SET dropped = 1 WHERE id = ?').run(id);
  }

  /** Removes the tables of dropped copies, an index or a few rows in each turn: overwriting all at once takes seconds. */
  async removeDropped(): Promise<void> {
    const dropped = this.file.statement('SELECT id FROM copies WHERE dropped = 1').all() as [number][];
    for (const [id] of dropped) {
      for (const table of [rowsTable(id), termsTable(id), countersTable(id)]) await this.#removeTable(table);
      await this.file.write(() => this.file.statement('DELETE FROM copies WHERE id = ?').run(id));
    }
  }

  async #removeTable(table: string): Promise<void> {
    const isThere = this.file.statement(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table);
    if (isThere === undefined) return;
    const ofTable = `SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`;
    for (const [index] of this.file.statement(ofTable).all(table) as [string][]) {
      await this.file.write(() => this.file.database.exec(`DROP INDEX "${index}"`));
      await nextTurn();
    }
    const remove = `DELETE FROM ${table} LIMIT ${DROP_ROWS}`;
    while ((await this.file.write(() => this.file.statement(remove).run().changes)) === DROP_ROWS) await nextTurn();
    await this.file.write(() => this.file.database.exec(`DROP TABLE ${table}`));
    this.file.forgetStatements(table);
  }
}

/** Rows can be made again from the log: a file of an older layout of ours is begun anew rather than changed. */
function forgetOlderLayout(file: SqliteFile): void {
  const columns = file.database.pragma('table_info(copies)') as readonly { readonly name: string }[];
  if (columns.length === 0 || columns.some(({ name }) => name === 'anchor_event_id')) return;
  const tables = file.statement(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`);
  for (const [name] of tables.all() as [string][]) file.database.exec(`DROP TABLE "${name}"`);
}
