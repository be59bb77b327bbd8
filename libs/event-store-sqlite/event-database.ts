import Database from 'better-sqlite3';
import { prepareFile } from './private-files.js';

export const EVENTS_FILE = 'events.sqlite';

/** Counts changes of the tables; a file from a newer program is refused, not guessed at. */
const SCHEMA_VERSION = 1;
const SYNCHRONOUS_FULL = 2;
/** How long a connection waits for a lock that another one holds, for instance during a checkpoint. */
const BUSY_LIMIT_MS = 5_000;

/**
 * `position` is the global order, from 1 without gaps. The ciphertext has a column of its own so that an erasure can
 * delete it and leave the rest as it was; the index finds what is sealed under a key as long as the ciphertext is there.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    position INTEGER PRIMARY KEY,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL,
    sealed_alg TEXT,
    sealed_key TEXT,
    sealed_hash TEXT,
    sealed_bytes TEXT,
    UNIQUE (stream, revision)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS events_by_sealing_key ON events (sealed_key) WHERE sealed_bytes IS NOT NULL;
`;

/** The connection that writes: there is one. Creates the file (mode 0600) and its tables where they are missing. */
export function openForWriting(file: string): Database.Database {
  prepareFile(file);
  const database = new Database(file, { timeout: BUSY_LIMIT_MS });
  try {
    database.pragma('journal_mode = WAL');
    // A reopened WAL database starts at NORMAL, which loses acknowledged events at a power cut.
    database.pragma('synchronous = FULL');
    if (database.pragma('synchronous', { simple: true }) !== SYNCHRONOUS_FULL) {
      throw new Error(`${file} cannot be opened with synchronous=FULL.`);
    }
    if (database.pragma('journal_mode', { simple: true }) !== 'wal')
      throw new Error(`${file} cannot be opened in WAL mode.`);
    database.pragma('secure_delete = ON');
    // Checkpoints are made by the writer between batches: SQLite's own would hide a failing disk.
    database.pragma('wal_autocheckpoint = 0');
    createTables(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A connection that only reads. The file must be there. */
export function openForReading(file: string): Database.Database {
  return new Database(file, { readonly: true, fileMustExist: true, timeout: BUSY_LIMIT_MS });
}

function createTables(database: Database.Database, file: string): void {
  const version = database.pragma('user_version', { simple: true });
  if (version === SCHEMA_VERSION) return;
  if (version !== 0)
    throw new Error(`${file} was written by another version of this program (schema ${String(version)}).`);
  database.transaction(() => {
    database.exec(SCHEMA);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  })();
}
