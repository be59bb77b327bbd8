import { join } from 'node:path';
import { VaultStore } from '#kernel';
import type { JsonObject, RecordPlace, RecordWrite, StoredVaultRecord, VaultRecord, WrappedKey } from '#kernel';
import { SqliteFile } from '#read-store-sqlite';
import { GroupCommit } from './group-commit.js';

const FILE_NAME = 'vault.sqlite';

const TABLES = `
  CREATE TABLE IF NOT EXISTS keys (
    subject TEXT PRIMARY KEY,
    wrapped TEXT NOT NULL,
    master_key_id TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS destroyed_subjects (subject TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS records (
    row INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    subject TEXT,
    value TEXT NOT NULL,
    sealed TEXT,
    due_at TEXT,
    version INTEGER NOT NULL,
    held_by TEXT,
    held_until_ms INTEGER,
    UNIQUE (kind, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS records_subject ON records (subject) WHERE subject IS NOT NULL;
  CREATE INDEX IF NOT EXISTS records_due ON records (kind, due_at, id) WHERE due_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS versions (last INTEGER NOT NULL) STRICT;
  INSERT INTO versions (last) SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM versions);
`;

const RECORD_COLUMNS = 'kind, id, subject, value, sealed, due_at, version';

/**
 * Wrapped keys and small records in `vault.sqlite`. A write is on disk when it resolves (`synchronous=FULL`); the writes of
 * one turn of the event loop share a transaction. Reads run at once on the calling thread and see what is durable.
 */
export class SqliteVaultStore extends VaultStore {
  readonly #writes: GroupCommit;

  private constructor(private readonly file: SqliteFile) {
    super();
    this.#writes = new GroupCommit(file);
  }

  /** @throws StoreUnavailable when the disk or another process's lock does not let it. */
  static async open(options: { readonly dataDir: string }): Promise<SqliteVaultStore> {
    const store = new SqliteVaultStore(SqliteFile.open(join(options.dataDir, FILE_NAME), 'FULL'));
    try {
      await store.file.write(() => store.file.database.exec(TABLES));
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  override insertKey(key: WrappedKey): Promise<WrappedKey | 'destroyed'> {
    return this.#writes.run(() => {
      const stored = this.#key(key.subject);
      if (stored !== null) return stored;
      this.file
        .statement('INSERT INTO keys (subject, wrapped, master_key_id) VALUES (?, ?, ?)')
        .run(key.subject, key.wrapped, key.masterKeyId);
      return key;
    });
  }

  override readKey(subject: string): Promise<WrappedKey | 'destroyed' | null> {
    return this.file.run(() => this.#key(subject));
  }

  override rewrapKey(before: WrappedKey, after: WrappedKey): Promise<boolean> {
    return this.#writes.run(() => {
      if (before.subject !== after.subject) throw new RangeError('A key is wrapped again for its own subject alone.');
      const { changes } = this.file
        .statement(
          `UPDATE keys SET wrapped = ?, master_key_id = ? WHERE subject = ? AND wrapped = ? AND master_key_id = ?`,
        )
        .run(after.wrapped, after.masterKeyId, before.subject, before.wrapped, before.masterKeyId);
      return changes === 1;
    });
  }

  override destroyKey(subject: string): Promise<void> {
    return this.#writes.run(() => {
      this.file.statement('DELETE FROM keys WHERE subject = ?').run(subject);
      this.file.statement('INSERT INTO destroyed_subjects (subject) VALUES (?) ON CONFLICT DO NOTHING').run(subject);
      this.file.statement('DELETE FROM records WHERE subject = ?').run(subject);
    });
  }

  override destroyedSubjects(after: string | null, limit: number): Promise<readonly string[]> {
    return this.file.run(() => {
      const text = 'SELECT subject FROM destroyed_subjects WHERE subject > ? ORDER BY subject LIMIT ?';
      return (this.file.statement(text).all(after ?? '', limit) as [string][]).map(([subject]) => subject);
    });
  }

  override listKeys(after: string | null, limit: number): Promise<readonly WrappedKey[]> {
    return this.file.run(() => {
      const text = 'SELECT subject, wrapped, master_key_id FROM keys WHERE subject > ? ORDER BY subject LIMIT ?';
      return (this.file.statement(text).all(after ?? '', limit) as KeyColumns[]).map(decodeKey);
    });
  }

  override insert(record: VaultRecord): Promise<RecordWrite> {
    return this.#writes.run(() => {
      if (!this.#mayWriteUnder(record.subject)) return 'key-destroyed';
      const { changes } = this.file
        .statement(
          `INSERT INTO records (subject, value, sealed, due_at, version, kind, id) VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT DO NOTHING`,
        )
        .run(...contentOf(record), this.#nextVersion(), record.kind, record.id);
      return changes === 1 ? 'written' : 'changed-meanwhile';
    });
  }

  override read(kind: string, id: string): Promise<StoredVaultRecord | null> {
    return this.file.run(() => this.#record(kind, id));
  }

  override replace(record: VaultRecord, version: number): Promise<RecordWrite> {
    return this.#writes.run(() => {
      if (!this.#mayWriteUnder(record.subject)) return 'key-destroyed';
      const { changes } = this.file
        .statement(
          `UPDATE records SET subject = ?, value = ?, sealed = ?, due_at = ?, version = ?
           WHERE kind = ? AND id = ? AND version = ?`,
        )
        .run(...contentOf(record), this.#nextVersion(), record.kind, record.id, version);
      return changes === 1 ? 'written' : 'changed-meanwhile';
    });
  }

  override remove(kind: string, id: string, version?: number): Promise<boolean> {
    return this.#writes.run(() => {
      const { changes } = this.file
        .statement('DELETE FROM records WHERE kind = ? AND id = ? AND version = coalesce(?, version)')
        .run(kind, id, version ?? null);
      return changes === 1;
    });
  }

  override list(kind: string, idPrefix: string, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.file.run(() => {
      // UTF-8 has no byte FF: behind the prefix, it bounds all ids that begin so.
      const text = `SELECT ${RECORD_COLUMNS} FROM records
        WHERE kind = ? AND id >= ? AND id < ? || x'ff' ORDER BY id LIMIT ?`;
      return (this.file.statement(text).all(kind, idPrefix, idPrefix, limit) as RecordColumns[]).map(decodeRecord);
    });
  }

  override walk(after: RecordPlace | null, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.file.run(() => {
      const text = `SELECT ${RECORD_COLUMNS} FROM records WHERE (kind, id) > (?, ?) ORDER BY kind, id LIMIT ?`;
      const rows = this.file.statement(text).all(after?.kind ?? '', after?.id ?? '', Math.max(0, limit));
      return (rows as RecordColumns[]).map(decodeRecord);
    });
  }

  override due(kind: string, at: string, limit: number): Promise<readonly StoredVaultRecord[]> {
    return this.file.run(() => {
      const text = `SELECT ${RECORD_COLUMNS} FROM records INDEXED BY records_due
        WHERE kind = ? AND due_at <= ? ORDER BY due_at, id LIMIT ?`;
      return (this.file.statement(text).all(kind, at, limit) as RecordColumns[]).map(decodeRecord);
    });
  }

  override hold(kind: string, id: string, owner: string, forMs: number): Promise<StoredVaultRecord | null> {
    return this.#writes.run(() => {
      const now = Date.now();
      const { changes } = this.file
        .statement(
          `UPDATE records SET held_by = ?, held_until_ms = ?
           WHERE kind = ? AND id = ? AND (held_by IS NULL OR held_by = ? OR held_until_ms <= ?)`,
        )
        .run(owner, now + forMs, kind, id, owner, now);
      return changes === 1 ? this.#record(kind, id) : null;
    });
  }

  override release(kind: string, id: string, owner: string): Promise<void> {
    return this.#writes.run(() => {
      this.file
        .statement('UPDATE records SET held_by = NULL, held_until_ms = NULL WHERE kind = ? AND id = ? AND held_by = ?')
        .run(kind, id, owner);
    });
  }

  override scrub(): Promise<void> {
    return this.file.scrub();
  }

  override async close(): Promise<void> {
    await this.#writes.settled();
    await this.file.close();
  }

  #key(subject: string): WrappedKey | 'destroyed' | null {
    const stored = this.file
      .statement('SELECT subject, wrapped, master_key_id FROM keys WHERE subject = ?')
      .get(subject);
    if (stored !== undefined) return decodeKey(stored as KeyColumns);
    const destroyed = this.file.statement('SELECT 1 FROM destroyed_subjects WHERE subject = ?').get(subject);
    return destroyed === undefined ? null : 'destroyed';
  }

  #mayWriteUnder(subject: string | null): boolean {
    return subject === null || this.file.statement('SELECT 1 FROM keys WHERE subject = ?').get(subject) !== undefined;
  }

  #record(kind: string, id: string): StoredVaultRecord | null {
    const stored = this.file.statement(`SELECT ${RECORD_COLUMNS} FROM records WHERE kind = ? AND id = ?`).get(kind, id);
    return stored === undefined ? null : decodeRecord(stored as RecordColumns);
  }

  /** From one sequence for all, so that a record that is made anew never has a version that an earlier one had. */
  #nextVersion(): number {
    const [last] = this.file.statement('UPDATE versions SET last = last + 1 RETURNING last').get() as [number];
    return last;
  }
}

type KeyColumns = [subject: string, wrapped: string, masterKeyId: string];
type RecordColumns = [
  kind: string,
  id: string,
  subject: string | null,
  value: string,
  sealed: string | null,
  dueAt: string | null,
  version: number,
];

const decodeKey = ([subject, wrapped, masterKeyId]: KeyColumns): WrappedKey => ({ subject, wrapped, masterKeyId });

function decodeRecord([kind, id, subject, value, sealed, dueAt, version]: RecordColumns): StoredVaultRecord {
  return { kind, id, subject, value: JSON.parse(value) as JsonObject, sealed, dueAt, version };
}

const contentOf = ({ subject, value, sealed, dueAt }: VaultRecord): readonly (string | null)[] => [
  subject,
  JSON.stringify(value),
  sealed,
  dueAt,
];
