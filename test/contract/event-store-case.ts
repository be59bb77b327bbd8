import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { StoreUnavailable } from '#kernel';
import type {
  AppendResult,
  EventBatch,
  EventStore,
  EventToAppend,
  ExpectedRevision,
  Position,
  RecordedEvent,
} from '#kernel';

/** An event store over a log that may hold other events already, for a whole suite. */
export interface EventStoreSetUp {
  /** The store as it stands. It may be another object after a restart. */
  store(): EventStore;
  /** Stops what keeps the log, in the middle of whatever goes on, and starts it again over the same events. */
  restart(): Promise<void>;
  /** Whether a restart leaves the store and its subscriptions at work (a server's client), or ends them (a store inside the process). */
  readonly survivesRestart: boolean;
  /** A position of another store's form. */
  readonly foreignPosition: Position;
  /** Writes what is not ours to the log, where one log can hold both. */
  writeForeign?(): Promise<void>;
  dispose(): Promise<void>;
}

const FOLLOW_LIMIT_MS = 20_000;
const RETRY_PAUSE_MS = 25;

type Appended = Extract<AppendResult, { outcome: 'appended' }>;

/** One test's own streams, and the place in the log where it began. */
export class EventStoreCase {
  private readonly ending = new AbortController();

  private constructor(
    readonly setUp: EventStoreSetUp,
    /** The head when the test began. */
    readonly start: Position | null,
  ) {}

  static async begin(setUp: EventStoreSetUp): Promise<EventStoreCase> {
    return new EventStoreCase(setUp, await setUp.store().head());
  }

  /** Ends what still follows the log: a test that fails half-way must not burden those behind it. */
  end(): void {
    this.ending.abort();
  }

  get isOver(): boolean {
    return this.ending.signal.aborted;
  }

  /** Follows the log until the signal aborts, or the test is over. */
  subscribe(after: Position | null, signal: AbortSignal): AsyncIterable<EventBatch> {
    return this.store.subscribe(after, AbortSignal.any([signal, this.ending.signal]));
  }

  get store(): EventStore {
    return this.setUp.store();
  }

  /** Appends, and insists on success. */
  async append(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<Appended> {
    if (this.isOver) throw new Error('The test is over.');
    const result = await this.store.append(stream, expected, events);
    if (result.outcome !== 'appended') throw new Error(`The append was a ${result.outcome}.`);
    return result;
  }

  /** Appends as a caller does whose store may be away: again, with the same ids and the same expectation. */
  async appendAtLast(stream: string, expected: ExpectedRevision, events: readonly EventToAppend[]): Promise<Appended> {
    for (;;) {
      try {
        return await this.append(stream, expected, events);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await wait(RETRY_PAUSE_MS);
      }
    }
  }

  /** Everything behind a position as reading gives it, page by page. */
  async readAll(after: Position | null, pageSize = 100): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for (let from = after; ;) {
      const page = await this.store.readAll(from, pageSize);
      if (page.events.length === 0) return events;
      events.push(...page.events);
      from = page.position;
    }
  }

  /** What a subscription delivers from behind a position until it has reached another one. */
  follow(after: Position | null, until: Position, onBatch?: () => Promise<void>): Promise<RecordedEvent[]> {
    return follow(this.store, after, until, onBatch, this.ending.signal);
  }
}

export async function follow(
  store: EventStore,
  after: Position | null,
  until: Position,
  onBatch?: () => Promise<void>,
  signal: AbortSignal = new AbortController().signal,
): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  const stop = new AbortController();
  const limit = AbortSignal.timeout(FOLLOW_LIMIT_MS);
  for await (const batch of store.subscribe(after, AbortSignal.any([stop.signal, limit, signal]))) {
    events.push(...batch.events);
    if (store.comparePositions(batch.position, until) >= 0) stop.abort();
    await onBatch?.();
  }
  if (!stop.signal.aborted) throw new Error(`The subscription came to ${events.at(-1)?.position ?? 'nothing'} only.`);
  return events;
}

export function newStream(): string {
  return `socialAccount-acc_${randomUUID()}`;
}

export function newEvents(count: number): EventToAppend[] {
  return Array.from({ length: count }, (_, index) => newEvent({ index }));
}

export function newEvent(data: EventToAppend['data'] = {}, more: Partial<EventToAppend> = {}): EventToAppend {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: 'AccountConnected',
    version: 1,
    data,
    sealed: null,
    metadata: {
      occurredAt: '2029-01-01T00:00:00.000Z',
      workspaceId: 'ws_01h455vb4pex5vsknk084sn02q',
      actor: { type: 'user', id: '8e1f6d7a' },
      commandId,
      $correlationId: commandId,
      $causationId: commandId,
      subjects: ['acc_01h455vb4pex5vsknk084sn02q'],
    },
    ...more,
  };
}

export function ids(events: readonly { readonly id: string }[]): string[] {
  return events.map(({ id }) => id);
}
