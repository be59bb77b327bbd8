import { join } from 'node:path';
import { ReadStore } from '#kernel';
import type {
  Checkpoint,
  DueRow,
  FailedTry,
  Generations,
  Lease,
  ParkedStream,
  ReadModelCopy,
  ReadModelPart,
  ReadModelShape,
  RowChanges,
  RowQuery,
  StoredRow,
  TermQuery,
} from '#kernel';
import { CopyCatalog } from './copy-catalog.js';
import { CopyRows } from './copy-rows.js';
import { describeShape } from './copy-schema.js';
import { GENERATIONS_TABLES, GenerationTable } from './generations.js';
import { Leases } from './leases.js';
import { PARKED_TABLES, ParkedStreams } from './parked-streams.js';
import { SqliteFile } from './sqlite-file.js';

const FILE_NAME = 'read.sqlite';
/** Rows read at once by a scan, so that it does not hold up the thread. */
const SCAN_ROWS = 500;

/**
 * Read models in `read.sqlite`. Reads and writes run at once on the calling thread: each is short. Rows and checkpoint move
 * together and can be made again from the log, so a power cut may take the newest transactions, whole (`synchronous=NORMAL`).
 */
export class SqliteReadStore extends ReadStore {
  readonly #copies = new Map<string, CopyRows>();
  readonly #listeners = new Set<(copy: ReadModelCopy) => void>();
  readonly #catalog: CopyCatalog;
  readonly #leases: Leases;
  readonly #generations: GenerationTable;
  readonly #parked: ParkedStreams;
  #dataVersion = 0;
  #dropping: Promise<void> = Promise.resolve();

  private constructor(private readonly file: SqliteFile) {
    super();
    this.#catalog = new CopyCatalog(file);
    this.#leases = new Leases(file);
    this.#generations = new GenerationTable(file);
    this.#parked = new ParkedStreams(file);
  }

  /**
   * @param options `besideOwner`: a service may have the file open, and looks after what was dropped itself.
   * @throws StoreUnavailable when the disk or another process's lock does not let it.
   */
  static async open(options: { readonly dataDir: string; readonly besideOwner?: boolean }): Promise<SqliteReadStore> {
    const store = new SqliteReadStore(SqliteFile.open(join(options.dataDir, FILE_NAME), 'NORMAL'));
    try {
      await store.file.write(() => store.#catalog.open(GENERATIONS_TABLES + PARKED_TABLES));
      if (!options.besideOwner) await store.#catalog.removeDropped();
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
      const stored = this.#catalog.entry(copy);
      if (stored && stored.shape !== description) {
        throw new RangeError(`The shape of ${nameOf(copy)} was changed: a changed shape needs a new version.`);
      }
      const id = stored?.id ?? this.#catalog.register(copy, shape, description);
      if (!this.#copies.has(nameOf(copy))) this.#copies.set(nameOf(copy), new CopyRows(this.file, id, shape));
    });
  }

  override checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null> {
    return this.file.run(() => this.#catalog.checkpoint(copy));
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

  override postpone(copy: ReadModelCopy, lease: Lease, key: string, failedTry: FailedTry): Promise<'saved' | 'fenced'> {
    return this.#writeUnder(lease, () => {
      this.#rows(copy).postpone(key, failedTry);
      return 'saved';
    });
  }

  override countParked(copy: ReadModelCopy): Promise<number> {
    return this.file.run(() => this.#rows(copy).countParked());
  }

  override parkedRows(copy: ReadModelCopy, limit: number): Promise<readonly DueRow[]> {
    return this.file.run(() => this.#rows(copy).parked(limit));
  }

  override retryRow(copy: ReadModelCopy, key: string): Promise<boolean> {
    return this.file.write(() => this.#rows(copy).retry(key));
  }

  override parkedStreams(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]> {
    return this.file.run(() => this.#parked.list(this.#rows(copy).id, limit));
  }

  override parkedStreamsDue(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]> {
    return this.file.run(() => this.#parked.due(this.#rows(copy).id, new Date().toISOString(), limit));
  }

  override retryStream(copy: ReadModelCopy, stream: string): Promise<boolean> {
    return this.file.write(() => this.#parked.retry(this.#rows(copy).id, stream, new Date().toISOString()));
  }

  override skipEvent(readModel: string, eventId: string): Promise<void> {
    return this.file.write(() => this.#parked.skip(readModel, eventId));
  }

  override skippedEvents(readModel: string): Promise<ReadonlySet<string>> {
    return this.file.run(() => this.#parked.skipped(readModel));
  }

  override async save(copy: ReadModelCopy, lease: Lease, changes: RowChanges): Promise<'saved' | 'fenced'> {
    const outcome = await this.#writeUnder(lease, () => {
      const rows = this.#rows(copy);
      if (changes.standsAt !== undefined && !this.#catalog.standsAt(copy, changes.standsAt)) return 'fenced';
      for (const key of changes.deletes) rows.remove(key);
      for (const row of changes.puts) rows.put(row);
      for (const [name, amount] of changes.counts) rows.count(name, amount);
      for (const parked of changes.parks ?? []) this.#parked.park(rows.id, parked);
      for (const stream of changes.unparks ?? []) this.#parked.unpark(rows.id, stream);
      if (changes.checkpoint) this.#catalog.moveCheckpoint(rows.id, changes.checkpoint);
      return 'saved';
    });
    if (outcome === 'fenced' || !changes.checkpoint) return outcome;
    // Not in the caller's own stack, so that a listener's fault is not taken for that of a transaction that was committed.
    for (const listener of this.#listeners) queueMicrotask(() => listener(copy));
    return outcome;
  }

  override acquireLease(name: string, owner: string, forMs: number): Promise<Lease | null> {
    return this.file.write(() => this.#leases.acquire(name, owner, forMs));
  }

  override releaseLease(lease: Lease): Promise<void> {
    return this.file.write(() => this.#leases.release(lease));
  }

  override leaseHolders(prefix: string): Promise<readonly { readonly name: string; readonly owner: string }[]> {
    return this.file.run(() => this.#leases.holders(prefix));
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

  override listCopies(): Promise<readonly ReadModelCopy[]> {
    return this.file.run(() => this.#catalog.list());
  }

  override generations(part: ReadModelPart): Promise<Generations> {
    return this.file.run(() => this.#generations.read(part));
  }

  override fillAnother(part: ReadModelPart): Promise<number> {
    return this.file.write(() => this.#generations.fillAnother(part));
  }

  override takeOver(
    copy: ReadModelCopy,
    mayTakeOver: (filled: Checkpoint | null, active: Checkpoint | null) => boolean,
  ): Promise<boolean> {
    return this.file.write(() =>
      this.#generations.takeOver(copy, (active) =>
        mayTakeOver(this.#catalog.checkpoint(copy), this.#catalog.checkpoint({ ...copy, generation: active })),
      ),
    );
  }

  override startAnew(part: ReadModelPart): Promise<number> {
    return this.file.write(() => this.#generations.startAnew(part));
  }

  override async drop(copy: ReadModelCopy): Promise<void> {
    await this.file.write(() => {
      this.#generations.forget(copy, copy.generation);
      const entry = this.#catalog.entry(copy);
      if (!entry) return;
      this.#parked.forget(entry.id);
      this.#catalog.markDropped(entry.id);
      this.#copies.delete(nameOf(copy));
    });
    const removal = this.#dropping.then(() => this.#catalog.removeDropped());
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

  async #writeUnder(lease: Lease, work: () => 'saved' | 'fenced'): Promise<'saved' | 'fenced'> {
    try {
      return await this.file.write(() => (this.#leases.isCurrent(lease) ? work() : 'fenced'));
    } catch (error) {
      // What was read inside a transaction that was taken back has never been there.
      this.#forgetRows();
      throw error;
    }
  }
}

const nameOf = ({ name, version, generation, partition }: ReadModelCopy): string =>
  `${name}@${version}.${generation}/${partition}`;
