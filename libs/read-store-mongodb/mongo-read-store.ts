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
import { CheckpointStream } from './checkpoint-stream.js';
import { MongoConnection, type MongoConnectionOptions } from './connection.js';
import { CopyCatalog, nameOf } from './copy-catalog.js';
import type { CopyRows } from './copy-rows.js';
import { GenerationCatalog } from './generations.js';
import { Leases } from './leases.js';
import { encodeParks } from './parked-streams.js';
import { SkippedEvents } from './skipped-events.js';

/** Rows read at once by a scan. */
const SCAN_ROWS = 500;

/** A connection that is shared, and closed by whoever opened it; or what to open one of its own with. */
export type MongoStoreOptions = MongoConnectionOptions | { readonly connection: MongoConnection };

/**
 * Read models in MongoDB. Rows, counters and checkpoint of a batch move in one transaction that counts only under the newest
 * fence, so that it promises what the embedded store does, to any number of processes.
 */
export class MongoReadStore extends ReadStore {
  readonly #copies = new Map<string, CopyRows>();
  readonly #catalog: CopyCatalog;
  readonly #generations: GenerationCatalog;
  readonly #skipped: SkippedEvents;
  readonly #leases: Leases;
  readonly #checkpoints: CheckpointStream;

  private constructor(
    private readonly connection: MongoConnection,
    private readonly ownsConnection: boolean,
  ) {
    super();
    this.#catalog = new CopyCatalog(connection);
    this.#generations = new GenerationCatalog(connection, this.#catalog);
    this.#skipped = new SkippedEvents(connection.database);
    this.#leases = new Leases(connection);
    this.#checkpoints = new CheckpointStream(this.#catalog.copies);
  }

  /** @throws ReplicaSetRequired for a stand-alone server; StoreUnavailable when there is no answer in time. */
  static async open(options: MongoStoreOptions): Promise<MongoReadStore> {
    const isShared = 'connection' in options;
    const connection = isShared ? options.connection : await MongoConnection.open(options);
    const store = new MongoReadStore(connection, !isShared);
    try {
      await connection.run(() => store.#leases.open(), connection.limits.structureMs);
      await connection.run(() => store.#generations.open(), connection.limits.structureMs);
      await connection.run(() => store.#catalog.open(), connection.limits.structureMs);
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  override async prepare(shape: ReadModelShape, copy: ReadModelCopy): Promise<void> {
    const rows = await this.connection.run(
      () => this.#catalog.prepare(shape, copy),
      this.connection.limits.structureMs,
    );
    this.#copies.set(nameOf(copy), rows);
  }

  override checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null> {
    return this.connection.run(async () => {
      await this.#leases.settle();
      return this.#catalog.checkpoint(copy);
    });
  }

  override load(copy: ReadModelCopy, keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>> {
    return this.#ask(copy, (rows) => this.#leases.readWritten((session) => rows.load(session, keys)));
  }

  override find(copy: ReadModelCopy, query: RowQuery): Promise<readonly StoredRow[]> {
    return this.#ask(copy, (rows) => rows.find(query));
  }

  override findKeysByTerm(copy: ReadModelCopy, query: TermQuery): Promise<readonly string[]> {
    return this.#ask(copy, (rows) => rows.findKeysByTerm(query));
  }

  override counts(copy: ReadModelCopy, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return this.#ask(copy, (rows) => rows.counts(names));
  }

  override countsByPrefix(copy: ReadModelCopy, prefix: string): Promise<ReadonlyMap<string, number>> {
    return this.#ask(copy, (rows) => rows.countsByPrefix(prefix));
  }

  override due(copy: ReadModelCopy, at: string, limit: number): Promise<readonly DueRow[]> {
    return this.#ask(copy, (rows) => rows.due(at, limit));
  }

  override nextDue(copy: ReadModelCopy, after: string): Promise<string | null> {
    return this.#ask(copy, (rows) => rows.nextDue(after));
  }

  override async postpone(
    copy: ReadModelCopy,
    lease: Lease,
    key: string,
    failedTry: FailedTry,
  ): Promise<'saved' | 'fenced'> {
    const rows = this.#rows(copy);
    return this.#leases.writeUnder(lease, async (session) => {
      await rows.postpone(session, key, failedTry);
      return 'saved';
    });
  }

  override countParked(copy: ReadModelCopy): Promise<number> {
    return this.#ask(copy, (rows) => rows.countParked());
  }

  override parkedRows(copy: ReadModelCopy, limit: number): Promise<readonly DueRow[]> {
    return this.#ask(copy, (rows) => rows.parked(limit));
  }

  override retryRow(copy: ReadModelCopy, key: string): Promise<boolean> {
    return this.#ask(copy, (rows) => rows.retry(key));
  }

  override parkedStreams(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]> {
    return this.#ask(copy, ({ place }) => this.#catalog.parked.list(place, limit));
  }

  override parkedStreamsDue(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]> {
    return this.#ask(copy, ({ place }) => this.#catalog.parked.due(place, limit));
  }

  override retryStream(copy: ReadModelCopy, stream: string): Promise<boolean> {
    return this.#ask(copy, ({ place }) => this.#catalog.parked.retry(place, stream));
  }

  override skipEvent(readModel: string, eventId: string): Promise<void> {
    return this.connection.run(() => this.#skipped.add(readModel, eventId));
  }

  override skippedEvents(readModel: string): Promise<ReadonlySet<string>> {
    return this.connection.run(() => this.#skipped.list(readModel));
  }

  override async save(copy: ReadModelCopy, lease: Lease, changes: RowChanges): Promise<'saved' | 'fenced'> {
    const rows = this.#rows(copy);
    const encoded = rows.encode(changes.puts, changes.deletes, changes.counts);
    const parks = encodeParks(rows.place, changes.parks, changes.unparks);
    const outcome = await this.#leases.writeUnder(lease, async (session) => {
      if ((await this.#catalog.move(session, copy, rows.place, changes)) === 'fenced') return 'fenced';
      await rows.change(session, encoded);
      await this.#catalog.parked.change(session, parks);
      return 'saved';
    });
    if (outcome === 'saved' && changes.checkpoint) this.#checkpoints.tell(copy);
    return outcome;
  }

  override acquireLease(name: string, owner: string, forMs: number): Promise<Lease | null> {
    return this.connection.run(() => this.#leases.acquire(name, owner, forMs));
  }

  override releaseLease(lease: Lease): Promise<void> {
    return this.connection.run(() => this.#leases.release(lease));
  }

  override leaseHolders(prefix: string): Promise<readonly { readonly name: string; readonly owner: string }[]> {
    return this.connection.run(() => this.#leases.holders(prefix));
  }

  override async *scan(copy: ReadModelCopy): AsyncIterable<StoredRow> {
    let key = '';
    for (;;) {
      const behind = key;
      const rows = await this.#ask(copy, (some) => some.readBehind(behind, SCAN_ROWS));
      yield* rows;
      const last = rows.at(-1);
      if (!last || rows.length < SCAN_ROWS) return;
      key = last.key;
    }
  }

  override async drop(copy: ReadModelCopy): Promise<void> {
    this.#copies.delete(nameOf(copy));
    await this.connection.run(
      () => this.#catalog.drop(copy, (session) => this.#generations.forget(session, copy)),
      this.connection.limits.structureMs,
    );
  }

  override listCopies(): Promise<readonly ReadModelCopy[]> {
    return this.connection.run(() => this.#catalog.list());
  }

  override generations(part: ReadModelPart): Promise<Generations> {
    return this.connection.run(() => this.#generations.read(part));
  }

  override fillAnother(part: ReadModelPart): Promise<number> {
    return this.connection.run(() => this.#generations.fillAnother(part));
  }

  override takeOver(
    copy: ReadModelCopy,
    mayTakeOver: (filled: Checkpoint | null, active: Checkpoint | null) => boolean,
  ): Promise<boolean> {
    return this.connection.run(async () => {
      await this.#leases.settle();
      return this.#generations.takeOver(copy, mayTakeOver);
    });
  }

  override startAnew(part: ReadModelPart): Promise<number> {
    return this.connection.run(() => this.#generations.startAnew(part));
  }

  override onCheckpoint(listener: (copy: ReadModelCopy) => void): () => void {
    return this.#checkpoints.listen(listener);
  }

  override async close(): Promise<void> {
    this.#checkpoints.close();
    await this.#leases.close();
    if (this.ownsConnection) await this.connection.close();
  }

  #ask<Result>(copy: ReadModelCopy, work: (rows: CopyRows) => Promise<Result>): Promise<Result> {
    return this.connection.run(async () => work(this.#rows(copy)));
  }

  #rows(copy: ReadModelCopy): CopyRows {
    const rows = this.#copies.get(nameOf(copy));
    if (!rows) throw new RangeError(`The copy ${nameOf(copy)} was not prepared.`);
    return rows;
  }
}
