import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AllStreamSubscription,
  type AppendExpectedRevision,
  type AppendResult,
  BACKWARDS,
  END,
  EventStoreDBClient,
  jsonEvent,
  type JSONEventData,
  type JSONRecordedEvent,
  type Position,
  type ReadStreamOptions,
  type StreamSubscription,
} from '@eventstore/db-client';

/** A behaviour of a real server: resolves when the server under test shows it, rejects otherwise. */
export type Behaviour = (probe: Probe) => Promise<void>;

/** What a subscription gave, in order, with its signals in their places. */
export interface Followed {
  readonly seen: readonly (Recorded | 'confirmation' | 'caughtUp')[];
  readonly events: readonly Recorded[];
  readonly failure: { readonly type?: string; readonly code?: number; readonly message: string } | undefined;
}

export type Recorded = JSONRecordedEvent & { readonly position: Position };
type Subscription = AllStreamSubscription | StreamSubscription;

const ANSWER_TIMEOUT_MS = 8_000;

/** An event with one field, unless told otherwise. */
export function anEvent(type = 'Happened', data: object = { x: 1 }, id: string = randomUUID()): JSONEventData {
  return jsonEvent({ id, type, data: data as Record<string, unknown> });
}

/** Rejects when there is no answer in time: the client itself would wait for ever. */
export async function within<T>(promise: Promise<T>, ms = ANSWER_TIMEOUT_MS): Promise<T> {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`There was no answer in ${ms} ms.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** The error that a promise was refused with, as far as it is looked at. */
export async function refusal(
  promise: Promise<unknown>,
): Promise<Record<'type' | 'code' | 'message' | 'actualVersion', unknown>> {
  try {
    await promise;
  } catch (error) {
    const { type, code, message, actualVersion } = error as Record<string, unknown>;
    return { type, code, message, actualVersion };
  }
  throw new Error('It was not refused.');
}

/** A client with streams of its own: every run has names that no other run has. */
export class Probe {
  readonly client: EventStoreDBClient;
  private readonly run = randomUUID().slice(0, 8);
  private streams = 0;

  constructor(readonly url: string) {
    this.client = EventStoreDBClient.connectionString(url);
  }

  newStream(category = 'probe'): string {
    this.streams += 1;
    return `${category}-${this.run}-${this.streams}`;
  }

  append(
    stream: string,
    events: JSONEventData | JSONEventData[],
    expectedRevision: AppendExpectedRevision = 'any',
  ): Promise<AppendResult> {
    return within(this.client.appendToStream(stream, events, { expectedRevision }));
  }

  async read(stream: string, options: ReadStreamOptions = {}): Promise<Recorded[]> {
    return within(collect(this.client.readStream(stream, options)));
  }

  async revisions(stream: string, options: ReadStreamOptions = {}): Promise<number[]> {
    return (await this.read(stream, options)).map((event) => Number(event.revision));
  }

  /** All of $all from a position on, inclusive. */
  async readAll(fromPosition: Position): Promise<Recorded[]> {
    return within(collect(this.client.readAll({ fromPosition })));
  }

  async head(): Promise<Position> {
    const [last] = await within(collect(this.client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 })));
    assert.ok(last !== undefined, 'A server is never empty.');
    return last.position;
  }

  /** Follows a subscription until `enough` events have come or the time is up. */
  async follow(subscription: Subscription, enough: number, ms = ANSWER_TIMEOUT_MS): Promise<Followed> {
    const seen: (Recorded | 'confirmation' | 'caughtUp')[] = [];
    const events: Recorded[] = [];
    let failure: Followed['failure'];
    subscription.on('confirmation', () => seen.push('confirmation'));
    subscription.on('caughtUp', () => seen.push('caughtUp'));
    const loop = async () => {
      try {
        for await (const { event } of subscription) {
          seen.push(event as Recorded);
          events.push(event as Recorded);
          if (events.length === enough) return;
        }
      } catch (error) {
        failure = error as Error;
      }
    };
    await within(loop(), ms).catch(() => undefined);
    await subscription.unsubscribe().catch(() => undefined);
    return { seen, events, failure };
  }

  /** The client's own end may never come, so it gets a limit. */
  async dispose(): Promise<void> {
    await within(this.client.dispose(), 2_000).catch(() => undefined);
  }
}

async function collect(events: AsyncIterable<{ event?: unknown }>): Promise<Recorded[]> {
  const collected: Recorded[] = [];
  for await (const { event } of events) collected.push(event as Recorded);
  return collected;
}
