import { setImmediate as nextTurn } from 'node:timers/promises';
import { BACKWARDS, END, type EventStoreDBClient } from '@eventstore/db-client';
import { EventStore } from '#kernel';
import type { AppendResult, EventBatch, EventToAppend, ExpectedRevision, Position, RecordedEvent } from '#kernel';
import { Appender } from './appender.js';
import { CatchUp, type CatchUpPage } from './catch-up.js';
import { collect, Connection } from './connection.js';
import { isStreamNotFound } from './failures.js';
import { EVENT_STORE_LIMITS, type EventStoreDbLimits, type EventStoreDbLog } from './limits.js';
import { LogReader } from './log-reader.js';
import { comparePositions, isPosition, type Place, placeOf, positionOf } from './position.js';
import { proposeAppend } from './proposed-append.js';
import { type ClientRecord, decodeRecord, describeForeign, hasOwnForm, OWN_STREAM_PREFIXES } from './record.js';
import { Subscription } from './subscription.js';

export interface EventStoreDbOptions {
  /** As the client reads it: `esdb://host:2113?tls=false`, `esdb+discover://…`. It may hold a password. */
  readonly connectionString: string;
  readonly log?: EventStoreDbLog;
  readonly limits?: Partial<EventStoreDbLimits>;
  /** What the names of this service's streams begin with; everything else in the log belongs to others. */
  readonly streamPrefixes?: readonly string[];
}

const SILENT: EventStoreDbLog = { warn: () => undefined };

/** The event log on an EventStoreDB or KurrentDB server or cluster, for any number of processes. */
export class EventStoreDbEventStore extends EventStore {
  private readonly reader: LogReader;
  private readonly appender: Appender;
  private readonly catchUp: CatchUp;
  private readonly subscriptions = new Set<Subscription>();
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly connection: Connection,
    private readonly prefixes: readonly string[],
    private readonly limits: EventStoreDbLimits,
    private readonly log: EventStoreDbLog,
  ) {
    super();
    this.reader = new LogReader(connection, prefixes);
    this.catchUp = new CatchUp(this.reader);
    this.appender = new Appender(connection, limits, (place) => this.reader.noteAppended(place));
  }

  /**
   * Does not wait for the server: a store that is away is met by the first call, as at any later time.
   *
   * @throws Error when the connection string cannot be read, or asks for what would give wrong revisions.
   */
  static async open(options: EventStoreDbOptions): Promise<EventStoreDbEventStore> {
    // With this setting the client answers revision 1 for every conflict on a stream that is there.
    if (/throwOnAppendFailure=false/i.test(options.connectionString)) {
      throw new Error("The connection string of the event store must not have 'throwOnAppendFailure=false'.");
    }
    const { log = SILENT, streamPrefixes = OWN_STREAM_PREFIXES } = options;
    const limits = { ...EVENT_STORE_LIMITS, ...options.limits };
    return new EventStoreDbEventStore(
      new Connection(options.connectionString, limits, log),
      streamPrefixes,
      limits,
      log,
    );
  }

  override async append(
    stream: string,
    expected: ExpectedRevision,
    events: readonly EventToAppend[],
  ): Promise<AppendResult> {
    return this.appender.append(proposeAppend(stream, expected, events, this.prefixes));
  }

  override async readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.readRecords(stream, (client, limitMs) => {
      const options = { fromRevision: BigInt(fromRevision), maxCount: limit, requiresLeader: true };
      return collect(client.readStream(stream, options), limitMs);
    });
  }

  override async readLast(stream: string): Promise<RecordedEvent | null> {
    const [last] = await this.readRecords(stream, (client, limitMs) => {
      const options = { direction: BACKWARDS, fromRevision: END, maxCount: 1, requiresLeader: true } as const;
      return collect(client.readStream(stream, options), limitMs);
    });
    return last ?? null;
  }

  override async readAll(after: Position | null, limit: number): Promise<EventBatch> {
    return this.reader.readBehind(placeOf(after), limit);
  }

  override async *subscribe(after: Position | null, signal: AbortSignal): AsyncGenerator<EventBatch, void, undefined> {
    if (this.isOver(signal)) return;
    const { connection, reader, prefixes, limits, log } = this;
    let place = placeOf(after);
    for (let page = await this.pageBehind(place, signal); page !== null; page = await this.pageBehind(place, signal)) {
      yield page.batch;
      place = page.end;
      // A long way to catch up must not keep the thread from everybody else.
      await nextTurn();
    }
    if (this.isOver(signal)) return;
    const subscription = new Subscription(place, { connection, reader, prefixes, limits, log });
    const stop = (): void => subscription.stop();
    this.subscriptions.add(subscription);
    signal.addEventListener('abort', stop, { once: true });
    try {
      for (let batch = await subscription.next(); batch !== null; batch = await subscription.next()) yield batch;
    } finally {
      signal.removeEventListener('abort', stop);
      this.subscriptions.delete(subscription);
      subscription.stop();
    }
  }

  override async head(): Promise<Position | null> {
    const place = await this.reader.head();
    return place === null ? null : positionOf(place);
  }

  /**
   * Also finds a record that is not ours, since progress may rest on one: with its id, type and place, and nothing of its content.
   */
  override async readAt(position: Position): Promise<RecordedEvent | null> {
    const place = placeOf(position);
    const record = place === null ? null : await this.reader.recordAt(place);
    if (record === null) return null;
    return this.reader.isOwn(record) ? decodeRecord(record) : describeForeign(record);
  }

  override comparePositions(a: Position, b: Position): number {
    return comparePositions(a, b);
  }

  override isPosition(text: string): boolean {
    return isPosition(text);
  }

  /** Waits for the appends under way, as long as an append may take; ends subscriptions, and gives the server little time to say goodbye. */
  override close(): Promise<void> {
    this.closing ??= Promise.resolve().then(async () => {
      for (const subscription of this.subscriptions) subscription.stop();
      this.catchUp.clear();
      await this.appender.drain();
      await this.connection.close();
    });
    return this.closing;
  }

  /** Null near the log's end, when anything is wrong (a subscription knows what to do then), and at once when it is aborted. */
  private pageBehind(place: Place | null, signal: AbortSignal): Promise<CatchUpPage> {
    if (this.isOver(signal)) return Promise.resolve(null);
    // No race with a promise of the abort: that would hold on to every page for as long as it is pending.
    return new Promise((resolve) => {
      const give = (page: CatchUpPage): void => {
        signal.removeEventListener('abort', giveNothing);
        resolve(page);
      };
      const giveNothing = (): void => give(null);
      signal.addEventListener('abort', giveNothing);
      this.catchUp.page(place).then(give, giveNothing);
    });
  }

  private isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.closing !== null;
  }

  private async readRecords(
    stream: string,
    read: (client: EventStoreDBClient, limitMs: number) => Promise<{ readonly event?: ClientRecord }[]>,
  ): Promise<RecordedEvent[]> {
    try {
      const found = await this.connection.ask(read);
      return found.flatMap(({ event }) => (event === undefined ? [] : [this.decodeOwn(event)]));
    } catch (error) {
      if (isStreamNotFound(error)) return [];
      throw error;
    }
  }

  private decodeOwn(record: ClientRecord): RecordedEvent {
    if (hasOwnForm(record)) return decodeRecord(record);
    // A stream's state would be wrong without it, and is unknown with it.
    throw new Error(`The stream ${record.streamId} holds an event that is not this service's: ${record.id}.`);
  }
}
