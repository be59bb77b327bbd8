import type Database from 'better-sqlite3';
import { openForWriting } from './event-database.js';
import { APPEND_VALUES, CONFLICT, EVENT_VALUES, REPEATED, WRITTEN } from './writer-messages.js';
import type { BatchValue } from './writer-messages.js';

/** After about this many pages in the write-ahead log they are copied into the database file (4 KiB each). */
const CHECKPOINT_PAGES = 4_000;
const PAGE_BYTES = 4_096;

/** One append inside a batch: where it goes and where its values stand. */
interface PlacedAppend {
  readonly stream: string;
  readonly firstRevision: number;
  readonly count: number;
  /** Index in the batch of the first value of the first event. */
  readonly start: number;
}

/** The one that writes. It runs in the writer's thread, and knows nothing of threads. */
export class EventWriter {
  private readonly begin: Database.Statement;
  private readonly commit: Database.Statement;
  private readonly rollback: Database.Statement;
  private readonly insert: Database.Statement<BatchValue[]>;
  private readonly exists: Database.Statement<[string, number], number>;
  private readonly standing: Database.Statement<[string, number, number], [string, number]>;
  private readonly lastRevision: Database.Statement<[string], number | null>;
  private readonly erase: Database.Statement<[string]>;
  private position: number;
  private pagesSinceCheckpoint = 0;

  private constructor(private readonly database: Database.Database) {
    this.begin = database.prepare('BEGIN IMMEDIATE');
    this.commit = database.prepare('COMMIT');
    this.rollback = database.prepare('ROLLBACK');
    this.insert = database.prepare(
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stream, revision) DO NOTHING',
    );
    this.exists = database
      .prepare<[string, number], number>('SELECT 1 FROM events WHERE stream = ? AND revision = ?')
      .pluck();
    this.standing = database
      .prepare<[string, number, number], [string, number]>(
        'SELECT id, position FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
      )
      .raw();
    this.lastRevision = database
      .prepare<[string], number | null>('SELECT max(revision) FROM events WHERE stream = ?')
      .pluck();
    this.erase = database.prepare(
      'UPDATE events SET sealed_bytes = NULL WHERE sealed_key = ? AND sealed_bytes IS NOT NULL',
    );
    this.position = database.prepare<[], number>('SELECT coalesce(max(position), 0) FROM events').pluck().get() ?? 0;
  }

  static open(file: string): EventWriter {
    return new EventWriter(openForWriting(file));
  }

  /** The position of the newest event, 0 while there is none. */
  get lastPosition(): number {
    return this.position;
  }

  /**
   * Writes a batch in one transaction and answers each append in it, in order. When it returns, everything is durable,
   * and so are the answers that nothing was written for: they may rest on what this same batch wrote.
   * When it throws, nothing of the batch was written.
   */
  write(batch: readonly BatchValue[]): number[] {
    const before = this.position;
    const outcomes: number[] = [];
    this.begin.run();
    try {
      for (let at = 0; at < batch.length;) {
        const append = placed(batch, at);
        this.writeAppend(batch, append, outcomes);
        at = append.start + append.count * EVENT_VALUES;
      }
      this.commit.run();
    } catch (error) {
      this.position = before;
      if (this.database.inTransaction) this.rollback.run();
      throw error;
    }
    return outcomes;
  }

  /**
   * Deletes the ciphertext sealed under a key, and the copies of it in the write-ahead log. Answers how many events it was
   * deleted from, and whether the log could be truncated: another process that reads the file can prevent that.
   */
  eraseSealed(key: string): { readonly events: number; readonly truncated: boolean } {
    const { changes } = this.erase.run(key);
    // Also when nothing changed: an earlier try may have got no further.
    const [result] = this.database.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
    return { events: changes, truncated: result?.busy === 0 };
  }

  /** Work that nobody waits for: to be called after the answers went out. Throws when the disk fails. */
  tidy(): void {
    if (this.pagesSinceCheckpoint < CHECKPOINT_PAGES) return;
    this.pagesSinceCheckpoint = 0;
    this.database.pragma('wal_checkpoint(PASSIVE)');
  }

  close(): void {
    this.database.close();
  }

  private writeAppend(batch: readonly BatchValue[], append: PlacedAppend, outcomes: number[]): void {
    const { stream, firstRevision, count, start } = append;
    if (firstRevision > 0 && this.exists.get(stream, firstRevision - 1) === undefined) {
      outcomes.push(CONFLICT, this.lastRevision.get(stream) ?? -1, 0);
      return;
    }
    // The unique index decides: revisions have no gaps, so where the first event finds its place free, all do.
    if (!this.insertEvent(batch, start, stream, firstRevision)) {
      this.answerAgain(batch, append, outcomes);
      return;
    }
    for (let index = 1; index < count; index += 1) {
      if (!this.insertEvent(batch, start + index * EVENT_VALUES, stream, firstRevision + index)) {
        throw new Error('A stream has a gap before an event: the file is damaged.');
      }
    }
    outcomes.push(WRITTEN, firstRevision + count - 1, this.position);
  }

  private insertEvent(batch: readonly BatchValue[], at: number, stream: string, revision: number): boolean {
    const data = batch[at + 3] as string;
    const metadata = batch[at + 4] as string;
    const bytes = batch[at + 8] as string | null;
    const { changes } = this.insert.run(
      this.position + 1,
      stream,
      revision,
      batch[at] as string,
      batch[at + 1] as string,
      batch[at + 2] as number,
      data,
      metadata,
      batch[at + 5] as string | null,
      batch[at + 6] as string | null,
      batch[at + 7] as string | null,
      bytes,
    );
    if (changes === 0) return false;
    this.position += 1;
    // One page of the index, and what the row takes: an estimate is enough to know when to make a checkpoint.
    this.pagesSinceCheckpoint += 1 + (data.length + metadata.length + (bytes?.length ?? 0)) / PAGE_BYTES;
    return true;
  }

  /** Events stand where these should go: the same ones get the first answer again, others are a conflict. */
  private answerAgain(batch: readonly BatchValue[], append: PlacedAppend, outcomes: number[]): void {
    const { stream, firstRevision, count, start } = append;
    const standing = this.standing.all(stream, firstRevision, count);
    const same =
      standing.length === count && standing.every(([id], index) => id === batch[start + index * EVENT_VALUES]);
    const last = standing.at(-1);
    if (same && last !== undefined) outcomes.push(REPEATED, firstRevision + count - 1, last[1]);
    else outcomes.push(CONFLICT, this.lastRevision.get(stream) ?? -1, 0);
  }
}

function placed(batch: readonly BatchValue[], at: number): PlacedAppend {
  return {
    stream: batch[at] as string,
    firstRevision: batch[at + 1] as number,
    count: batch[at + 2] as number,
    start: at + APPEND_VALUES,
  };
}
