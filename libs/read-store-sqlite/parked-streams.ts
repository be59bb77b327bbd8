import type { ParkedStream, StreamToPark } from '#kernel';
import type { SqliteFile } from './sqlite-file.js';

/** Streams that wait, by copy, and the events that read models pass over. */
export const PARKED_TABLES = `
  CREATE TABLE IF NOT EXISTS parked_streams (
    copy INTEGER NOT NULL,
    stream TEXT NOT NULL,
    event_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    revision INTEGER NOT NULL,
    position TEXT NOT NULL,
    since TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next_try_at TEXT,
    reason TEXT NOT NULL,
    PRIMARY KEY (copy, stream)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS skipped_events (
    read_model TEXT NOT NULL,
    event_id TEXT NOT NULL,
    PRIMARY KEY (read_model, event_id)
  ) STRICT, WITHOUT ROWID;
`;

const COLUMNS = 'stream, event_id, event_type, revision, position, since, tries, next_try_at, reason';
type Columns = [string, string, string, number, string, string, number, string | null, string];

/** So long from now by this store's clock, which is that of its process. */
export const instantIn = (waitMs: number | null): string | null =>
  waitMs === null ? null : new Date(Date.now() + waitMs).toISOString();

/** The streams that wait in each copy. Everything here is inside a transaction. */
export class ParkedStreams {
  constructor(private readonly file: SqliteFile) {}

  park(copyId: number, parked: StreamToPark): void {
    const { stream, eventId, eventType, revision, position, since, tries, waitMs, reason } = parked;
    const nextTryAt = instantIn(waitMs);
    const columns: Columns = [stream, eventId, eventType, revision, position, since, tries, nextTryAt, reason];
    const text = `INSERT OR REPLACE INTO parked_streams (copy, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    this.file.statement(text).run(copyId, ...columns);
  }

  unpark(copyId: number, stream: string): void {
    this.file.statement('DELETE FROM parked_streams WHERE copy = ? AND stream = ?').run(copyId, stream);
  }

  list(copyId: number, limit: number): readonly ParkedStream[] {
    const text = `SELECT ${COLUMNS} FROM parked_streams WHERE copy = ? ORDER BY stream LIMIT ?`;
    return decodeAll(this.file.statement(text).all(copyId, limit));
  }

  due(copyId: number, now: string, limit: number): readonly ParkedStream[] {
    const text = `SELECT ${COLUMNS} FROM parked_streams WHERE copy = ? AND next_try_at <= ? ORDER BY stream LIMIT ?`;
    return decodeAll(this.file.statement(text).all(copyId, now, limit));
  }

  retry(copyId: number, stream: string, now: string): boolean {
    const text = 'UPDATE parked_streams SET tries = 0, next_try_at = ? WHERE copy = ? AND stream = ?';
    return this.file.statement(text).run(now, copyId, stream).changes > 0;
  }

  /** After a copy was dropped. */
  forget(copyId: number): void {
    this.file.statement('DELETE FROM parked_streams WHERE copy = ?').run(copyId);
  }

  skip(readModel: string, eventId: string): void {
    this.file.statement('INSERT OR IGNORE INTO skipped_events VALUES (?, ?)').run(readModel, eventId);
  }

  skipped(readModel: string): ReadonlySet<string> {
    const found = this.file.statement('SELECT event_id FROM skipped_events WHERE read_model = ?').all(readModel);
    return new Set((found as [string][]).map(([eventId]) => eventId));
  }
}

const decodeAll = (rows: readonly unknown[]): readonly ParkedStream[] =>
  (rows as Columns[]).map(
    ([stream, eventId, eventType, revision, position, since, tries, nextTryAt, reason]): ParkedStream => ({
      stream,
      eventId,
      eventType,
      revision,
      position,
      since,
      tries,
      nextTryAt,
      reason,
    }),
  );
