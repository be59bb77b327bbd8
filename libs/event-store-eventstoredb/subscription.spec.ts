import { PassThrough } from 'node:stream';
import type { AllStreamSubscription, EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { EventBatch } from '#kernel';
import type { Connection } from './connection.js';
import { EVENT_STORE_LIMITS } from './limits.js';
import type { LogReader } from './log-reader.js';
import type { Place } from './position.js';
import { type ClientRecord, isOwn, OWN_STREAM_PREFIXES } from './record.js';
import { Subscription } from './subscription.js';

/*
 * A server that has events and does not deliver them shows itself in no fault of the stand-in, so here the client is made up.
 */

const METADATA = { version: 1, sealed: null, occurredAt: '2029-01-01T00:00:00.000Z', commandId: 'c' };
const running: Subscription[] = [];

afterEach(() => running.splice(0).forEach((subscription) => subscription.stop()));

function place(number: number): Place {
  return { commit: BigInt(number), prepare: BigInt(number) };
}

function record(number: number, streamId: string): ClientRecord {
  const rest = { id: `id-${number}`, type: 'Happened', data: {}, isJson: true, created: new Date(0) } as const;
  return { ...rest, streamId, revision: 0n, metadata: METADATA, position: place(number) };
}

/** A subscription over a log of these records whose server sends nothing but what is pushed. */
function subscribe(log: readonly ClientRecord[]): {
  readonly opened: PassThrough[];
  readonly subscription: Subscription;
  /** How many records each look at the log asked for. */
  readonly asked: number[];
} {
  const opened: PassThrough[] = [];
  const asked: number[] = [];
  const client = {
    subscribeToAll: () => {
      const stream = Object.assign(new PassThrough({ objectMode: true }), { unsubscribe: () => Promise.resolve() });
      opened.push(stream);
      return stream as unknown as AllStreamSubscription;
    },
  } as unknown as EventStoreDBClient;
  const connection = { client: () => Promise.resolve(client), succeeded: () => undefined, failed: () => undefined };
  const own = log.filter((entry) => isOwn(entry, OWN_STREAM_PREFIXES));
  const reader = {
    isOwn: (entry: ClientRecord) => isOwn(entry, OWN_STREAM_PREFIXES),
    reachesTo: () => Promise.resolve(true),
    readPage: (from: Place | null, count: number) => {
      asked.push(count);
      const behind = log.filter(({ position }) => (position?.commit ?? 0n) >= (from?.commit ?? 0n));
      return Promise.resolve(behind.slice(0, count));
    },
    newestOwn: () => Promise.resolve(own.at(-1)?.position ?? null),
    newestKnown: null,
  };
  const subscription = new Subscription(place(1), {
    connection: connection as unknown as Connection,
    reader: reader as unknown as LogReader,
    prefixes: OWN_STREAM_PREFIXES,
    limits: EVENT_STORE_LIMITS,
    log: { warn: () => undefined },
  });
  running.push(subscription);
  return { opened, subscription, asked };
}

const LOG = [
  record(1, 'post-1'),
  record(2, 'others-1'),
  record(3, 'others-2'),
  record(4, 'post-2'),
  record(5, 'others-3'),
];

describe('a subscription that is sent nothing', () => {
  it('moves over what others wrote, up to the first event of ours that was not delivered', async () => {
    const { opened, subscription } = subscribe(LOG);
    const started = performance.now();
    expect(await subscription.next()).toEqual({ events: [], position: '3/3' });
    expect(performance.now() - started).toBeGreaterThanOrEqual(199);
    expect(performance.now() - started).toBeLessThan(1_000);
    opened[0]?.push({ event: LOG[3] });
    expect(await subscription.next()).toMatchObject({ events: [{ stream: 'post-2' }], position: '4/4' });
  });

  it('begins again, behind where it is, when an event of ours does not come', async () => {
    const { opened, subscription } = subscribe(LOG);
    await subscription.next();
    const batch = subscription.next();
    for (let waited = 0; opened.length < 2 && waited < 100; waited += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(opened).toHaveLength(2);
    opened[1]?.push({ event: LOG[3] });
    expect(await batch).toMatchObject({ events: [{ stream: 'post-2' }] });
  });
});

/** Keeps the whole process from working, as a machine that is busy elsewhere does. */
function stall(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

describe('a subscription in a process that is kept from working', () => {
  it('does not begin again for an event that had no chance to arrive', async () => {
    const { opened, subscription, asked } = subscribe(LOG);
    await subscription.next();
    const batch = subscription.next();
    while (asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    stall(2_000);
    // The watch has woken up by then, and has found the event missing for more than the limit by the clock on the wall.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(opened).toHaveLength(1);
    opened[0]?.push({ event: LOG[3] });
    expect(await batch).toMatchObject({ events: [{ stream: 'post-2' }] });
  });

  it('reads little of the log while what is missing is its own next event', async () => {
    const log = Array.from({ length: 2_000 }, (_, index) => record(index + 1, `post-${index}`));
    const { asked } = subscribe(log);
    while (asked.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(Math.max(...asked)).toBeLessThan(10);
  });

  it('moves over very many foreign records all the same', async () => {
    const foreign = Array.from({ length: 900 }, (_, index) => record(index + 2, 'others-1'));
    const { subscription, asked } = subscribe([record(1, 'post-1'), ...foreign, record(902, 'post-2')]);
    let reached = '';
    while (reached !== '901/901') reached = (await subscription.next())?.position ?? '';
    expect(asked.length).toBeLessThanOrEqual(6);
  });
});

describe('what a subscription is sent', () => {
  it('is delivered in order and once, and progress never overtakes it', async () => {
    const { opened, subscription } = subscribe([record(1, 'post-1')]);
    while (opened.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const arrivals = [
      { event: record(2, 'post-2') },
      { checkpoint: place(3) },
      { event: record(4, 'post-3') },
      { event: record(2, 'post-2') },
      { event: record(5, 'others-1') },
      { checkpoint: place(4) },
    ];
    for (const arrival of arrivals) opened[0]?.push(arrival);
    const batches: EventBatch[] = [];
    while (batches.at(-1)?.position !== '5/5') batches.push((await subscription.next()) as EventBatch);
    expect(batches.flatMap(({ events }) => events.map(({ position }) => position))).toEqual(['2/2', '4/4']);
    for (const { events, position } of batches) {
      const last = events.at(-1)?.position ?? position;
      expect(Number.parseInt(position)).toBeGreaterThanOrEqual(Number.parseInt(last));
    }
  });
});
