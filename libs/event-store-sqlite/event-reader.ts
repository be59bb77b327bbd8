import type Database from 'better-sqlite3';
import type { EventMetadata, JsonObject, RecordedEvent, SealedPart } from '#kernel';
import { openForReading } from './event-database.js';

type Row = [
  position: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  version: number,
  data: string,
  metadata: string,
  alg: SealedPart['alg'] | null,
  key: string,
  hash: string,
  bytes: string | null,
];

/** Reads the file on the calling thread, by a connection that cannot write. */
export class EventReader {
  private readonly database: Database.Database;
  private readonly ofStream: Database.Statement<[string, number, number], Row>;
  private readonly lastOfStream: Database.Statement<[string], Row>;
  private readonly behind: Database.Statement<[number, number], Row>;
  private readonly at: Database.Statement<[number], Row>;
  private readonly last: Database.Statement<[], [number | null]>;

  constructor(file: string) {
    const database = openForReading(file);
    const select = <Parameters extends unknown[]>(rest: string): Database.Statement<Parameters, Row> =>
      database.prepare<Parameters, Row>(`SELECT * FROM events ${rest}`).raw();
    this.database = database;
    this.ofStream = select('WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
    this.lastOfStream = select('WHERE stream = ? ORDER BY revision DESC LIMIT 1');
    this.behind = select('WHERE position > ? ORDER BY position LIMIT ?');
    this.at = select('WHERE position = ?');
    this.last = database.prepare<[], [number | null]>('SELECT max(position) FROM events').raw();
  }

  readStream(stream: string, fromRevision: number, limit: number): RecordedEvent[] {
    return this.ofStream.all(stream, fromRevision, rowLimit(limit)).map(recorded);
  }

  readLast(stream: string): RecordedEvent | null {
    const row = this.lastOfStream.get(stream);
    return row === undefined ? null : recorded(row);
  }

  /** The events behind a position, at most `limit` of them, and no more than reach `limitBytes` together (at least one). */
  readBehind(position: number, limit: number, limitBytes = Infinity): RecordedEvent[] {
    const rows = this.behind.all(position, rowLimit(limit));
    let bytes = 0;
    const end = rows.findIndex((row) => {
      bytes += row[6].length + row[7].length + (row[11]?.length ?? 0);
      return bytes >= limitBytes;
    });
    return (end === -1 ? rows : rows.slice(0, end + 1)).map(recorded);
  }

  readAt(position: number): RecordedEvent | null {
    const row = this.at.get(position);
    return row === undefined ? null : recorded(row);
  }

  /** The position of the newest event, or null. */
  newest(): number | null {
    const [position] = this.last.get() ?? [null];
    return position;
  }

  close(): void {
    this.database.close();
  }
}

/** SQLite takes a negative limit for none, and refuses one that is no integer. */
function rowLimit(limit: number): number {
  return Math.max(0, Math.min(limit, Number.MAX_SAFE_INTEGER));
}

function recorded(row: Row): RecordedEvent {
  const [position, stream, revision, id, type, version, data, metadata, alg, key, hash, bytes] = row;
  return {
    id,
    type,
    version,
    // What is read back was checked when it was written.
    data: JSON.parse(data) as JsonObject,
    // An erasure has deleted the ciphertext and left the rest.
    sealed: alg === null ? null : { alg, key, hash, bytes: bytes ?? '' },
    metadata: JSON.parse(metadata) as EventMetadata,
    stream,
    revision,
    position: String(position),
  };
}
