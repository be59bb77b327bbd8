import { EventStore } from '#kernel';
import type { AppendResult, EventBatch, EventToAppend, ExpectedRevision, Position, RecordedEvent } from '#kernel';

/** A log that tells how many events its subscriptions have delivered, and takes none. */
export class CountedEvents extends EventStore {
  constructor(
    private readonly events: EventStore,
    private readonly onDelivered: (count: number) => void,
  ) {
    super();
  }

  override append(
    _stream: string,
    _expected: ExpectedRevision,
    _events: readonly EventToAppend[],
  ): Promise<AppendResult> {
    return Promise.reject(new Error('Nothing is written while read models are filled.'));
  }

  override readStream(stream: string, fromRevision: number, limit: number): Promise<readonly RecordedEvent[]> {
    return this.events.readStream(stream, fromRevision, limit);
  }

  override readLast(stream: string): Promise<RecordedEvent | null> {
    return this.events.readLast(stream);
  }

  override readAll(after: Position | null, limit: number): Promise<EventBatch> {
    return this.events.readAll(after, limit);
  }

  override async *subscribe(after: Position | null, signal: AbortSignal): AsyncGenerator<EventBatch, void, undefined> {
    for await (const batch of this.events.subscribe(after, signal)) {
      yield batch;
      this.onDelivered(batch.events.length);
    }
  }

  override head(): Promise<Position | null> {
    return this.events.head();
  }

  override readAt(position: Position): Promise<RecordedEvent | null> {
    return this.events.readAt(position);
  }

  override comparePositions(a: Position, b: Position): number {
    return this.events.comparePositions(a, b);
  }

  override isPosition(text: string): boolean {
    return this.events.isPosition(text);
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
