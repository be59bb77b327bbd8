import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** The sandbox's one file; its statements are synchronous, so what a method wrote is durable when it returns. */
export type SandboxDatabase = Database.Database;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS controls (
    name TEXT NOT NULL, subject TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (name, subject)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS grants (
    id INTEGER PRIMARY KEY, platform TEXT NOT NULL, identity TEXT NOT NULL, client_id TEXT NOT NULL,
    requested_scopes TEXT NOT NULL, scopes TEXT NOT NULL, details TEXT NOT NULL,
    consented_at INTEGER NOT NULL, ends_at INTEGER, revoked INTEGER NOT NULL DEFAULT 0
  );
  CREATE INDEX IF NOT EXISTS grants_by_identity ON grants (platform, identity);
  CREATE TABLE IF NOT EXISTS secrets (
    hash BLOB PRIMARY KEY, kind TEXT NOT NULL, grant_id INTEGER NOT NULL REFERENCES grants (id), data TEXT NOT NULL,
    issued_at INTEGER NOT NULL, expires_at INTEGER, used INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS secrets_by_expiry ON secrets (expires_at);
`;

/** Opens (or makes) `sandbox.sqlite` in the data directory. A reopened WAL database starts at NORMAL, hence FULL each time. */
export function openSandboxDatabase(dataDir: string): SandboxDatabase {
  mkdirSync(dataDir, { recursive: true });
  const database = new Database(join(dataDir, 'sandbox.sqlite'));
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.exec(SCHEMA);
  return database;
}
