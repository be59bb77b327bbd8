import { join, resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventStore, StoreUnavailable } from '#kernel';
import type { AppendResult, EventBatch, EventToAppend, ExpectedRevision, Position, RecordedEvent } from '#kernel';
import { AppendQueue, QUEUE_LIMITS } from './append-queue.js';
import type { QueueLimits } from './append-queue.js';
import { DataDirectoryLock } from './data-directory-lock.js';
import { EVENTS_FILE } from './event-database.js';
import { EventReader } from './event-reader.js';
import { BEGINNING, comparePositions, isPosition, positionNumber } from './position.js';
import { proposeAppend } from './proposed-append.js';
import { RecentEvents } from './recent-events.js';
import { SharedPages } from './shared-pages.js';
import { StreamEnds } from './stream-ends.js';
import { WriterClient } from './writer-client.js';

/** What a subscription delivers at once: at the log's end, and from the file, where each batch is one transaction of somebody's. */
const SUBSCRIPTION_BATCH_EVENTS = 500;
const SUBSCRIPTION_PAGE_EVENTS = 1_000;
const SUBSCRIPTION_BATCH_BYTES = 4 * 1024 * 1024;
const CLOSE_LIMIT_MS = 10_000;

const CLOSED = 'The event store is closed.';

export interface SqliteEventStoreOptions {
  /** The folder that holds `events.sqlite`. Made (mode 0700) where it is missing. */
  readonly dataDir: string;
  /** The directory's lock, where the caller holds it for several stores; otherwise the store takes and releases it. */
  readonly lock?: DataDirectoryLock;
  /**
   * Called once when the disk or the writer has failed for good. From then on every append is refused, and the process should
   * end: after a failed fsync only a fresh start shows what the disk holds.
   */
  readonly onFailure?: (reason: Error) => void;
  /** How much may wait for the writer; the defaults fit a service. */
  readonly queueLimits?: Partial<QueueLimits>;
}

/**
 * The event log in one SQLite file, for one process.
 *
 * Appends go to one writer in a thread of its own, which gathers those that wait into one durable transaction. Reading
 * happens on the calling thread, from the file or, at the log's end, from memory. Events that were handed over must not be
 * changed afterwards: subscriptions at the log's end deliver the same objects.
 */
export class SqliteEventStore extends EventStore {
  private readonly pages = new SharedPages();
  private closing: Promise<void> | null = null;
  private failed = false;

  private constructor(
    private readonly options: SqliteEventStoreOptions,
    private readonly lock: DataDirectoryLock,
    private readonly writer: WriterClient,
    private readonly reader: EventReader,
    private readonly recent: RecentEvents,
    private readonly ends: StreamEnds,
    private readonly queue: AppendQueue,
  ) {
    super();
  }

  /**
   * @throws DataDirectoryInUse when another process works in the directory; Error, with a sentence, when the file cannot be
   * opened durably.
   */
  static async open(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
    const lock = options.lock ?? DataDirectoryLock.acquire(options.dataDir);
    const file = join(resolve(options.dataDir), EVENTS_FILE);
    let fail: (reason: string) => void = () => undefined;
    const writer = new WriterClient((reason) => fail(reason));
    try {
      const answer = await writer.ask({ kind: 'open', file });
      if (!answer.ok) throw new Error(`The event store ${file} cannot be opened: ${answer.reason}.`);
      const reader = new EventReader(file);
      const recent = new RecentEvents(answer.values[0] ?? BEGINNING);
      const limits = { ...QUEUE_LIMITS, ...options.queueLimits };
      const ends = new StreamEnds();
      const queue = new AppendQueue(writer, recent, ends, limits, (reason) => fail(reason));
      const store = new SqliteEventStore(options, lock, writer, reader, recent, ends, queue);
      fail = (reason) => store.fail(reason);
      return store;
    } catch (error) {
      await writer.close(CLOSE_LIMIT_MS);
      if (options.lock === undefined) lock.release();
      throw error;
    }
  }

  override append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<AppendResult> {
    try {
      return this.queue.add(proposeAppend(stream, expected, events));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  override async readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]> {
    const reader = this.openReader();
    if (this.ends.isBehindEnd(stream, fromRevision)) return [];
    const events = reader.readStream(stream, fromRevision, limit);
    const last = events.at(-1);
    if (last && events.length < limit) this.ends.note(stream, last.revision);
    return events;
  }

  override async readLast(stream: string): Promise<RecordedEvent | null> {
    return this.openReader().readLast(stream);
  }

  override async readAll(after: Position | null, limit: number): Promise<EventBatch> {
    const position = positionNumber(after);
    return batchBehind(position, this.openReader().readBehind(position, limit));
  }

  override async *subscribe(after: Position | null, signal: AbortSignal): AsyncGenerator<EventBatch, void, undefined> {
    let position = positionNumber(after);
    while (!signal.aborted && this.closing === null) {
      if (this.recent.head <= position) {
        await this.recent.waitBeyond(position, signal);
        continue;
      }
      const events = this.recent.behind(position, SUBSCRIPTION_BATCH_EVENTS) ?? this.readPage(position);
      const batch = batchBehind(position, events);
      yield batch;
      position = positionNumber(batch.position);
      // A long way to catch up must not keep the thread from everybody else.
      await nextTurn();
    }
  }

  override async head(): Promise<Position | null> {
    return this.recent.head === BEGINNING ? null : String(this.recent.head);
  }

  override async readAt(position: Position): Promise<RecordedEvent | null> {
    return isPosition(position) ? this.openReader().readAt(positionNumber(position)) : null;
  }

  override comparePositions(a: Position, b: Position): number {
    return comparePositions(a, b);
  }

  override isPosition(text: string): boolean {
    return isPosition(text);
  }

  /**
   * Deletes every ciphertext sealed under this data key from the database file and from the write-ahead log, for an erasure.
   * The events stay, with an empty `sealed.bytes`. Answers how many events were emptied now; repeatable.
   *
   * @throws StoreUnavailable when it could not be done to the end: it is to be asked for again.
   */
  async eraseSealed(key: string): Promise<number> {
    if (this.closing !== null) throw new StoreUnavailable(CLOSED);
    const answer = await this.writer.ask({ kind: 'erase-sealed', key });
    // Whether or not it was done in full, memory serves nothing of it any more.
    this.recent.clear();
    this.pages.clear();
    if (!answer.ok) {
      if (answer.fatal) this.fail(answer.reason);
      throw new StoreUnavailable(`The event store could not erase: ${answer.reason}.`);
    }
    const [events = 0, truncated = 0] = answer.values;
    if (truncated === 0) throw new StoreUnavailable('The write-ahead log is being read and could not be truncated.');
    return events;
  }

  override close(): Promise<void> {
    // Set before anything waits: from here on nobody reads, and subscriptions end.
    this.closing ??= Promise.resolve().then(() => this.letGo());
    return this.closing;
  }

  private async letGo(): Promise<void> {
    this.recent.wake();
    this.pages.clear();
    await this.queue.drain(CLOSED);
    this.reader.close();
    await this.writer.close(CLOSE_LIMIT_MS);
    if (this.options.lock === undefined) this.lock.release();
  }

  private openReader(): EventReader {
    if (this.closing !== null) throw new StoreUnavailable(CLOSED);
    return this.reader;
  }

  /** From the file, as one of those who are far behind. */
  private readPage(position: number): readonly RecordedEvent[] {
    const reader = this.openReader();
    const read = (): RecordedEvent[] => reader.readBehind(position, SUBSCRIPTION_PAGE_EVENTS, SUBSCRIPTION_BATCH_BYTES);
    return this.pages.behind(position, SUBSCRIPTION_PAGE_EVENTS, read);
  }

  private fail(reason: string): void {
    if (this.failed || this.closing !== null) return;
    this.failed = true;
    this.queue.stop(`The event store has failed and writes no more: ${reason}.`);
    this.options.onFailure?.(new StoreUnavailable(reason));
  }
}

function batchBehind(position: number, events: readonly RecordedEvent[]): EventBatch {
  return { events, position: events.at(-1)?.position ?? String(position) };
}
