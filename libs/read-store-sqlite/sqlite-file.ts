import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { StoreUnavailable } from '#kernel';
import { overwriteFreedSpace } from './freed-space.js';

/** How long a statement waits for another process (an operator's command line) that holds the file's lock. */
const BUSY_TIMEOUT_MS = 2_000;
/**
 * The log is written back once it has this many pages (32 MiB): often enough that a write seldom waits for it for long, seldom
 * enough that a page that changes again and again is written back once.
 */
const LOG_PAGES = 8_000;
/** What is read again and again is kept in this process: without it, each step into an index is a call to the system. */
const PAGE_CACHE_KIBIBYTES = 16 * 1_024;
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

type Synchronous = 'NORMAL' | 'FULL';
const SYNCHRONOUS_LEVELS: Readonly<Record<Synchronous, number>> = { NORMAL: 1, FULL: 2 };

/** Result codes that say that the disk or the lock failed us, not that the statement is wrong. */
const UNAVAILABLE_CODE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|CANTOPEN|READONLY|NOMEM)/;

/**
 * One SQLite file of ours with its one connection: settings that are verified, statements that are prepared once, and
 * nothing left of removed content after `scrub`.
 */
export class SqliteFile {
  readonly #statements = new Map<string, Database.Statement>();
  #nextScrub: Promise<void> | null = null;
  #lastScrub: Promise<void> = Promise.resolve();

  private constructor(
    readonly path: string,
    readonly database: Database.Database,
    private readonly descriptor: number,
  ) {}

  /**
   * Opens or makes the file, and its directory where that is missing.
   * `FULL` makes every transaction durable when it returns; with `NORMAL` a power cut may take the newest ones, whole.
   * @throws StoreUnavailable when the disk or another process's lock does not let it.
   */
  static open(path: string, synchronous: Synchronous): SqliteFile {
    mkdirSync(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    // Ours stays open until the connection is closed: closing any descriptor of the file ends all POSIX locks that this
    // process holds on it, SQLite's own among them.
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, FILE_MODE);
    let database: Database.Database | null = null;
    try {
      database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
      configure(database, synchronous);
      return new SqliteFile(path, database, descriptor);
    } catch (error) {
      database?.close();
      closeSync(descriptor);
      throw asUnavailable(error);
    }
  }

  /** The statement with this text, prepared at its first use. Its rows are arrays of column values. */
  statement(text: string): Database.Statement {
    const known = this.#statements.get(text);
    if (known) return known;
    const prepared = this.database.prepare(text);
    const statement = prepared.reader ? prepared.raw() : prepared;
    this.#statements.set(text, statement);
    return statement;
  }

  /** Lets go of the statements that name a table. */
  forgetStatements(table: string): void {
    for (const text of this.#statements.keys()) if (text.includes(table)) this.#statements.delete(text);
  }

  /** Runs `work` now, on this thread. @throws StoreUnavailable when the disk or another process's lock does not let it. */
  run<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      try {
        resolve(work());
      } catch (error) {
        throw asUnavailable(error);
      }
    });
  }

  /** Runs `work` in one write transaction, all or nothing. @throws as `run` does. */
  write<Result>(work: () => Result): Promise<Result> {
    return this.run(() => this.database.transaction(work).immediate());
  }

  /**
   * Leaves nothing of content that was removed or replaced before the call, neither in the file nor in its log. Costs one
   * pass over the file, off this thread but for the places that need it. Calls that come meanwhile share the next pass.
   * @throws StoreUnavailable while another process reads an older state of the file.
   */
  scrub(): Promise<void> {
    this.#nextScrub ??= this.#lastScrub.then(async () => {
      this.#nextScrub = null;
      try {
        await overwriteFreedSpace(this.database, this.path, this.descriptor);
      } catch (error) {
        throw asUnavailable(error);
      }
    });
    this.#lastScrub = this.#nextScrub.catch(() => undefined);
    return this.#nextScrub;
  }

  /** Waits for a scrub under way, then lets go of the file. Repeatable. */
  async close(): Promise<void> {
    await this.#lastScrub;
    if (!this.database.open) return;
    this.#statements.clear();
    this.database.close();
    closeSync(this.descriptor);
  }
}

/** Every setting is per connection but the journal mode, so all of them are set and verified at every open. */
function configure(database: Database.Database, synchronous: Synchronous): void {
  demand(database, 'journal_mode = WAL', 'journal_mode', 'wal');
  demand(database, `synchronous = ${synchronous}`, 'synchronous', SYNCHRONOUS_LEVELS[synchronous]);
  demand(database, 'secure_delete = ON', 'secure_delete', 1);
  demand(database, 'temp_store = MEMORY', 'temp_store', 2);
  demand(database, `cache_size = ${-PAGE_CACHE_KIBIBYTES}`, 'cache_size', -PAGE_CACHE_KIBIBYTES);
  demand(database, `wal_autocheckpoint = ${LOG_PAGES}`, 'wal_autocheckpoint', LOG_PAGES);
}

function demand(database: Database.Database, setting: string, name: string, expected: string | number): void {
  database.pragma(setting);
  const actual = database.pragma(name, { simple: true });
  if (actual !== expected) throw new Error(`SQLite keeps ${name} at ${String(actual)} where ${setting} was asked for.`);
}

/** What the caller is told: StoreUnavailable for what the disk or a lock did, and anything else as it is. */
export function asUnavailable(error: unknown): unknown {
  // By its code alone: the driver's native part may throw an error of another realm's class.
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (!UNAVAILABLE_CODE.test(code)) return error;
  return new StoreUnavailable(`The database file does not take the operation: ${code}.`, { cause: error });
}
