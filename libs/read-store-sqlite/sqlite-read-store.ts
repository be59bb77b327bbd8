import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ReadStore } from '#kernel';
import type {
  Checkpoint,
  DueRow,
  Lease,
  Postponement,
  ReadModelCopy,
  ReadModelShape,
  RowChanges,
  RowQuery,
  StoredRow,
  TermQuery,
} from '#kernel';
import { CopyRows } from './copy-rows.js';
import { CATALOG, copyTables, countersTable, describeShape, rowsTable, termsTable } from './copy-schema.js';
import { Leases } from './leases.js';
import { SqliteFile } from './sqlite-file.js';

const FILE_NAME = 'read.sqlite';
/** Rows read at once by a scan, and removed at once by a drop, so that neither holds up the thread. */
const SCAN_ROWS = 500;
const DROP_ROWS = 500;

/**
 * Read models in `read.sqlite`. Reads and writes run at once on the calling thread: each is short. Rows and checkpoint move
 * together and can be made again from the log, so a power cut may take the newest transactions, whole (`synchronous=NORMAL`).
 */
export class SqliteReadStore extends ReadStore {
  readonly #copies = new Map<string, CopyRows>();
  readonly #listeners = new Set<(copy: ReadModelCopy) => void>();
  readonly #leases: Leases;
  #dataVersion = 0;
  #dropping: Promise<void> = Promise.resolve();

  private constructor(private readonly file: SqliteFile) {
    super();
    this.#leases = new Leases(file);
  }

  /** @throws StoreUnavailable when the disk or another process's lock does not let it. */
  static async open(options: { readonly dataDir: string }): Promise<SqliteReadStore> {
    const store = new SqliteReadStore(SqliteFile.open(join(options.dataDir, FILE_NAME), 'NORMAL'));
    try {
      await store.file.write(() => store.file.database.exec(CATALOG));
      await store.#removeDropped();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  override prepare(shape: ReadModelShape, copy: ReadModelCopy): Promise<void> {
    return this.file.write(() => {
      if (shape.name !== copy.name || shape.version !== copy.version) {
        throw new RangeError(`The shape of ${shape.name} is not that of ${nameOf(copy)}.`);
      }
      const description = describeShape(shape);
      const stored = this.#catalogEntry(copy);
      if (stored && stored.shape !== description) {
        throw new RangeError(`The shape of ${nameOf(copy)} was changed: a changed shape needs a new version.`);
      }
      const id = stored?.id ?? this.#register(copy, shape, description);
      if (!this.#copies.has(nameOf(copy))) this.#copies.set(nameOf(copy), new CopyRows(this.file, id, shape));
    });
  }

  override checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null> {
    return this.file.run(() => {
      const { position, eventId } = this.#catalogEntry(copy) ?? { position: null, eventId: null };
      return position === null ? null : { position, eventId };
    });
  }

  override load(copy: ReadModelCopy, keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>> {
    return this.file.run(() => {
      const rows = this.#rows(copy);
      const found = new Map<string, StoredRow>();
      for (const key of keys) {
        const row = rows.load(key);
        if (row) found.set(key, row);
      }
      return found;
    });
  }

  override find(copy: ReadModelCopy, query: RowQuery): Promise<readonly StoredRow[]> {
    return this.file.run(() => this.#rows(copy).find(query));
  }

  override findKeysByTerm(copy: ReadModelCopy, query: TermQuery): Promise<readonly string[]> {
    return this.file.run(() => this.#rows(copy).findKeysByTerm(query));
  }

  override counts(copy: ReadModelCopy, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.file.run(() => {
      const rows = this.#rows(copy);
      return new Map(names.map((name) => [name, rows.counter(name)]));
    });
  }

  override countsByPrefix(copy: ReadModelCopy, prefix: string): Promise<ReadonlyMap<string, number>> {
    return this.file.run(() => this.#rows(copy).countersByPrefix(prefix));
  }

  override due(copy: ReadModelCopy, at: string, limit: number): Promise<readonly DueRow[]> {
    return this.file.run(() => this.#rows(copy).due(at, new Date().toISOString(), limit));
  }

  override nextDue(copy: ReadModelCopy, after: string): Promise<string | null> {
    return this.file.run(() => this.#rows(copy).nextDue(after));
  }

  override postpone(
    copy: ReadModelCopy,
    lease: Lease,
    key: string,
    postponement: Postponement,
  ): Promise<'saved' | 'fenced'> {
    return this.#writeUnder(lease, () => this.#rows(copy).postpone(key, postponement));
  }

  override countParked(copy: ReadModelCopy): Promise<number> {
    return this.file.run(() => this.#rows(copy).countParked());
  }

  override async save(copy: ReadModelCopy, lease: Lease, changes: RowChanges): Promise<'saved' | 'fenced'> {
    const outcome = await this.#writeUnder(lease, () => {
      const rows = this.#rows(copy);
      for (const key of changes.deletes) rows.remove(key);
      for (const row of changes.puts) rows.put(row);
      for (const [name, amount] of changes.counts) rows.count(name, amount);
      if (changes.checkpoint) this.#moveCheckpoint(rows.id, changes.checkpoint);
    });
    if (outcome === 'saved' && changes.checkpoint) this.#tellListeners(copy);
    return outcome;
  }

  override acquireLease(name: string, owner: string, forMs: number): Promise<Lease | null> {
    return this.file.write(() => this.#leases.acquire(name, owner, forMs));
  }

  override releaseLease(lease: Lease): Promise<void> {
    return this.file.write(() => this.#leases.release(lease));
  }

  override async *scan(copy: ReadModelCopy): AsyncIterable<StoredRow> {
    let key = '';
    for (;;) {
      const behind = key;
      const rows = await this.file.run(() => this.#rows(copy).readBehind(behind, SCAN_ROWS));
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < SCAN_ROWS) return;
      key = last.key;
    }
  }

  override async drop(copy: ReadModelCopy): Promise<void> {
    await this.file.write(() => {
      const entry = this.#catalogEntry(copy);
      if (!entry) return;
      // From here on the copy is gone, also when its tables are removed only after a restart.
      this.file.statement('UPDATE copies SET dropped = 1 WHERE id = ?').run(entry.id);
      this.#copies.delete(nameOf(copy));
    });
    const removal = this.#dropping.then(() => this.#removeDropped());
    this.#dropping = removal.catch(() => undefined);
    await removal;
  }

  override onCheckpoint(listener: (copy: ReadModelCopy) => void): () => void {
    const entry = (copy: ReadModelCopy): void => listener(copy);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Leaves nothing of removed rows on disk: see SqliteFile.scrub. */
  scrub(): Promise<void> {
    return this.file.scrub();
  }

  override close(): Promise<void> {
    this.#listeners.clear();
    return this.file.close();
  }

  #rows(copy: ReadModelCopy): CopyRows {
    const rows = this.#copies.get(nameOf(copy));
    if (!rows) throw new RangeError(`The copy ${nameOf(copy)} was not prepared.`);
    this.#noticeOthers();
    return rows;
  }

  /** What was read is kept only as long as this connection alone has written to the file. */
  #noticeOthers(): void {
    const [version] = this.file.statement('PRAGMA data_version').get() as [number];
    if (version === this.#dataVersion) return;
    this.#dataVersion = version;
    this.#forgetRows();
  }

  #forgetRows(): void {
    for (const rows of this.#copies.values()) rows.forgetRows();
  }

  async #writeUnder(lease: Lease, work: () => void): Promise<'saved' | 'fenced'> {
    try {
      return await this.file.write(() => {
        if (!this.#leases.isCurrent(lease)) return 'fenced';
        work();
        return 'saved';
      });
    } catch (error) {
      // What was read inside a transaction that was taken back has never been there.
      this.#forgetRows();
      throw error;
    }
  }

  /** Not in the caller's own stack, so that a listener's fault is not taken for that of a transaction that was committed. */
  #tellListeners(copy: ReadModelCopy): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(copy));
  }

  #catalogEntry(copy: ReadModelCopy): CatalogEntry | null {
    const found = this.file
      .statement(
        `SELECT id, shape, position, event_id FROM copies
         WHERE name = ? AND version = ? AND generation = ? AND partition = ? AND dropped = 0`,
      )
      .get(copy.name, copy.version, copy.generation, copy.partition);
    if (found === undefined) return null;
    const [id, shape, position, eventId] = found as [number, string, string | null, string | null];
    return { id, shape, position, eventId };
  }

  #register(copy: ReadModelCopy, shape: ReadModelShape, description: string): number {
    const { lastInsertRowid } = this.file
      .statement('INSERT INTO copies (name, version, generation, partition, shape) VALUES (?, ?, ?, ?, ?)')
      .run(copy.name, copy.version, copy.generation, copy.partition, description);
    const id = Number(lastInsertRowid);
    for (const statement of copyTables(id, shape)) this.file.database.exec(statement);
    return id;
  }

  #moveCheckpoint(id: number, { position, eventId }: Checkpoint): void {
    this.file.statement('UPDATE copies SET position = ?, event_id = ? WHERE id = ?').run(position, eventId, id);
  }

  /** Removes the tables of dropped copies, an index or a few rows in each turn: overwriting all at once takes seconds. */
  async #removeDropped(): Promise<void> {
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

interface CatalogEntry {
  readonly id: number;
  readonly shape: string;
  readonly position: string | null;
  readonly eventId: string | null;
}

const nameOf = ({ name, version, generation, partition }: ReadModelCopy): string =>
  `${name}@${version}.${generation}/${partition}`;
