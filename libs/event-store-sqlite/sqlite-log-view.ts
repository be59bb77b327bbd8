import { join, resolve } from 'node:path';
import { EventStore, StoreUnavailable } from '#kernel';
import type { AppendResult, EventBatch, Position, RecordedEvent } from '#kernel';
import { EVENTS_FILE } from './event-database.js';
import { EventReader } from './event-reader.js';
import { comparePositions, isPosition, positionNumber } from './position.js';

/** The log of a data directory that another process may be writing: for looking at it, not for following or changing it. */
export class SqliteLogView extends EventStore {
  private constructor(private readonly reader: EventReader) {
    super();
  }

  /** @throws Error when there is no log. */
  static open({ dataDir }: { readonly dataDir: string }): SqliteLogView {
    return new SqliteLogView(new EventReader(join(resolve(dataDir), EVENTS_FILE)));
  }

  override append(): Promise<AppendResult> {
    return Promise.reject(new StoreUnavailable('The log was opened for reading alone.'));
  }

  override async readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.reader.readStream(stream, fromRevision, limit);
  }

  override async readLast(stream: string): Promise<RecordedEvent | null> {
    return this.reader.readLast(stream);
  }

  override async readAll(after: Position | null, limit: number): Promise<EventBatch> {
    const events = this.reader.readBehind(positionNumber(after), limit);
    return { events, position: events.at(-1)?.position ?? String(positionNumber(after)) };
  }

  override subscribe(): AsyncIterable<EventBatch> {
    throw new StoreUnavailable('The log was opened for reading alone.');
  }

  override async head(): Promise<Position | null> {
    const newest = this.reader.newest();
    return newest === null ? null : String(newest);
  }

  override async readAt(position: Position): Promise<RecordedEvent | null> {
    return isPosition(position) ? this.reader.readAt(positionNumber(position)) : null;
  }

  override comparePositions(a: Position, b: Position): number {
    return comparePositions(a, b);
  }

  override isPosition(text: string): boolean {
    return isPosition(text);
  }

  override async close(): Promise<void> {
    this.reader.close();
  }
}
