import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { prepareDirectory, prepareFile } from './private-files.js';

const LOCK_FILE = 'lock.sqlite';

/** Thrown when another process, or another holder in this one, works in the data directory. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse';

  constructor(dataDir: string) {
    super(
      `The data directory ${dataDir} is in use by another process: stop that one first, or choose another DATA_DIR.`,
    );
  }
}

/**
 * One process per data directory.
 *
 * The lock is an exclusive SQLite transaction that is held open: the operating system takes it back when the process ends,
 * in whatever way, so a crash leaves nothing behind that somebody would have to remove. As with every SQLite file, no
 * program may open and close `lock.sqlite` by other means in the process that holds it: closing drops the lock (POSIX).
 */
export class DataDirectoryLock {
  private constructor(private readonly connection: Database.Database) {}

  /**
   * Creates the directory (mode 0700) where it is missing, and takes its lock without waiting.
   *
   * @throws DataDirectoryInUse when the lock is taken.
   */
  static acquire(dataDir: string): DataDirectoryLock {
    const directory = resolve(dataDir);
    prepareDirectory(directory);
    const file = join(directory, LOCK_FILE);
    prepareFile(file);
    const connection = new Database(file, { timeout: 0 });
    try {
      connection.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      connection.close();
      throw isBusy(error) ? new DataDirectoryInUse(directory) : error;
    }
    return new DataDirectoryLock(connection);
  }

  /** Gives the lock back. Repeatable. */
  release(): void {
    this.connection.close();
  }
}

/** The driver's error class belongs to whoever loaded the driver first, so the error is known by its code alone. */
function isBusy(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'SQLITE_BUSY';
}
