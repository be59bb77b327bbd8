import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import type { EventStoreDbLimits } from '#event-store-eventstoredb';
import { ForeignLog, StoreUnavailable } from '#kernel';
import type { EventBatch, Position } from '#kernel';
import { compileStandIn, type SpawnedStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { follow, ids, newEvents, newStream } from './event-store-case.js';

let dir = '';
let server: EventStoreServer;
let store: EventStoreDbEventStore;
const stores: EventStoreDbEventStore[] = [];
const standIns: SpawnedStandIn[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'event-store-'));
  server = await startEventStoreServer({ port: 0, dir });
  store = await open();
});

afterEach(async () => {
  server.faults.clear();
  for (const opened of stores.splice(0)) await opened.close();
  // Also those of a test that failed, frozen ones included.
  for (const standIn of standIns.splice(0)) standIn.process.kill('SIGKILL');
  await server.close();
  rmSync(dir, { recursive: true });
});

async function open(limits: Partial<EventStoreDbLimits> = {}, url = server.url): Promise<EventStoreDbEventStore> {
  const opened = await EventStoreDbEventStore.open({ connectionString: url, limits });
  stores.push(opened);
  return opened;
}

/** Writes so many events, ten to a stream; answers the position of the last. */
async function write(events: number, by = store): Promise<Position> {
  let last = '';
  const appendNext = async (): Promise<void> => {
    while (events > 0) {
      events -= 10;
      last = await appendAtLast(by);
    }
  };
  await Promise.all(Array.from({ length: 8 }, appendNext));
  return (await by.head()) ?? last;
}

async function appendAtLast(by: EventStoreDbEventStore): Promise<Position> {
  const [stream, events] = [newStream(), newEvents(10)];
  for (;;) {
    try {
      const answer = await by.append(stream, 'no-stream', events);
      return answer.outcome === 'appended' ? answer.position : '';
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }
}

async function writeForeign(count: number, prefix = 'others'): Promise<void> {
  const client = EventStoreDBClient.connectionString(server.url);
  const events = Array.from({ length: count }, () => jsonEvent({ type: 'Theirs', data: {} }));
  await client.appendToStream(`${prefix}-${randomUUID()}`, events);
  await client.dispose();
}

/** Follows in the background until it is told to stop. */
function followOn(by: EventStoreDbEventStore, after: Position | null) {
  const stop = new AbortController();
  const batches: EventBatch[] = [];
  const ended = (async () => {
    for await (const batch of by.subscribe(after, stop.signal)) batches.push(batch);
  })();
  const seen = (): string[] => batches.flatMap(({ events }) => ids(events));
  return { batches, seen, ended, stop: () => stop.abort() };
}

async function until(condition: () => boolean, limitMs = 20_000): Promise<void> {
  const limit = performance.now() + limitMs;
  while (!condition() && performance.now() < limit) await wait(10);
}

describe('a subscription that ends', () => {
  it.each([
    ['regularly', async () => server.faults.closeSubscriptions('end')],
    ['with an error', async () => server.faults.closeSubscriptions('error')],
    ['because its consumer is slow', async () => server.faults.closeSubscriptions('slow-consumer')],
    ['with its connection', async () => server.faults.dropConnections()],
    ['with the server, which comes back', () => server.restart(100)],
  ])(
    'goes on without loss or duplicate over 5,000 events: %s',
    async (_how, fault) => {
      const follower = followOn(store, null);
      let writing = true;
      const faults = (async () => {
        while (writing) {
          await fault();
          await wait(250);
        }
      })();
      const last = await write(5_000);
      writing = false;
      await faults;
      const all = ids((await store.readAll(null, 10_000)).events);
      await until(() => follower.seen().length >= all.length);
      await wait(300);
      follower.stop();
      await follower.ended;
      expect(all).toHaveLength(5_000);
      expect(follower.seen()).toEqual(all);
      expect(store.comparePositions(follower.batches.at(-1)?.position ?? '', last)).toBeGreaterThanOrEqual(0);
    },
    60_000,
  );

  it('goes on when the server freezes for some seconds and wakes up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'event-store-'));
    const standIn = await spawnStandIn(await compileStandIn(), { port: 0, dir: folder });
    standIns.push(standIn);
    const frozen = await open({ tryMs: 500, readMs: 1_000, silenceMs: 1_500 }, standIn.url);
    const follower = followOn(frozen, null);
    const writing = write(1_000, frozen);
    await until(() => follower.seen().length > 200);
    standIn.process.kill('SIGSTOP');
    await wait(4_000);
    standIn.process.kill('SIGCONT');
    await writing;
    await until(() => follower.seen().length >= 1_000);
    const all = ids((await frozen.readAll(null, 10_000)).events);
    follower.stop();
    await follower.ended;
    expect(all).toHaveLength(1_000);
    expect(follower.seen()).toEqual(all);
    await frozen.close();
    standIn.process.kill('SIGTERM');
    await once(standIn.process, 'exit');
    rmSync(folder, { recursive: true });
  }, 60_000);

  it('ends at once when it is told to while the server is away', async () => {
    await write(10);
    const follower = followOn(store, null);
    await until(() => follower.seen().length === 10);
    const restarted = server.restart(2_000);
    await wait(500);
    const started = performance.now();
    follower.stop();
    await follower.ended;
    expect(performance.now() - started).toBeLessThan(200);
    await restarted;
  });
});

describe('a consumer that takes its time', () => {
  it('leaves what it does not take in the log, and misses nothing', async () => {
    const slow = await open({ queueEvents: 600 });
    const from = await write(10);
    const subscription = slow.subscribe(from, new AbortController().signal)[Symbol.asyncIterator]();
    const seen: string[] = [];
    const waiting = subscription.next();
    await until(() => server.status().subscriptions === 1, 2_000);
    const last = await write(5_000);
    const first = await waiting;
    seen.push(...ids((first.value as EventBatch).events));
    await until(() => server.status().subscriptions === 0, 2_000);
    expect(server.status().subscriptions).toBe(0);
    for (let position = ''; position !== last;) {
      const { value } = await subscription.next();
      const batch = value as EventBatch;
      expect(batch.events.length).toBeLessThanOrEqual(500);
      seen.push(...ids(batch.events));
      position = batch.position;
    }
    await subscription.return?.();
    expect(seen).toEqual(ids((await store.readAll(from, 10_000)).events));
  });

  it('comes from far behind by pages, which those that begin together share', async () => {
    await write(1_500);
    await writeForeign(50, 'post');
    const last = await write(1_500);
    const { signal } = new AbortController();
    const readers = [store, store].map((one) => one.subscribe(null, signal)[Symbol.asyncIterator]());
    const [first, second] = await Promise.all(readers.map((reader) => reader.next()));
    expect((first?.value as EventBatch).events).toHaveLength(1_000);
    expect(second?.value).toBe(first?.value);
    expect(server.status().subscriptions).toBe(0);
    const all = ids((await store.readAll(null, 10_000)).events);
    expect(all).toHaveLength(3_000);
    for (const reader of readers) {
      const seen = ids((first?.value as EventBatch).events);
      for (let position = ''; position !== last;) {
        const batch = (await reader.next()).value as EventBatch;
        seen.push(...ids(batch.events));
        position = batch.position;
      }
      await reader.return?.();
      expect(seen).toEqual(all);
    }
  });
});

describe('progress', () => {
  it('comes to a head that stands behind foreign events, within a second', async () => {
    const from = await write(10);
    await writeForeign(20);
    await writeForeign(3, 'post');
    const last = await write(10);
    await writeForeign(20);
    const started = performance.now();
    expect(await follow(store, from, last)).toHaveLength(10);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('comes a few times a second while others write alone, and is a place to resume from', async () => {
    const from = await write(10);
    const follower = followOn(store, from);
    const started = performance.now();
    for (let round = 0; round < 12; round += 1) {
      await writeForeign(200);
      await wait(100);
    }
    const seconds = (performance.now() - started) / 1_000;
    follower.stop();
    await follower.ended;
    expect(follower.batches.length).toBeGreaterThanOrEqual(2);
    expect(follower.batches.length).toBeLessThanOrEqual(1 + seconds * 4);
    expect(follower.seen()).toEqual([]);
    const reached = follower.batches.at(-1)?.position ?? '';
    expect(store.comparePositions(reached, from)).toBeGreaterThan(0);
    expect(await store.readAt(reached)).toMatchObject({ position: reached, type: 'Theirs' });
    const last = await write(10);
    expect(await follow(store, reached, last)).toHaveLength(10);
  });
});

describe('a position that is not in the log', () => {
  it.each([
    ['beyond its end', (position: string) => position.replace(/\d+/g, (number) => String(Number(number) + 1_000_000))],
    ['beside its records', (position: string) => position.replace(/\d+/g, (number) => String(Number(number) - 1))],
  ])('is said to be so, and nothing is delivered: %s', async (_where, moved) => {
    const strict = await open({ lostPositionMs: 600 });
    const position = moved(await write(10));
    const follower = followOn(strict, position);
    const refusal = expect(follower.ended).rejects.toThrow(ForeignLog);
    await write(10);
    await refusal;
    expect(follower.batches).toEqual([]);
  });

  it('is said to be so when another log took the place of this one and has records at the same places', async () => {
    const strict = await open({ lostPositionMs: 600 });
    await write(10, strict);
    const follower = followOn(strict, null);
    await until(() => follower.seen().length === 10);
    const theirs = ids((await strict.readAll(null, 10)).events);
    const refusal = expect(follower.ended).rejects.toThrow(ForeignLog);
    const port = Number(/:(\d+)\?/.exec(server.url)?.[1]);
    await server.close();
    const elsewhere = mkdtempSync(join(tmpdir(), 'event-store-'));
    server = await startEventStoreServer({ port, dir: elsewhere });
    await write(12, await open());
    const ours = await store.readAll(null, 10);
    expect(ours.events.at(-1)?.position).toBe(follower.batches.at(-1)?.position);
    expect(ids(ours.events)).not.toEqual(theirs);
    await refusal;
    expect(follower.seen()).toEqual(theirs);
    rmSync(elsewhere, { recursive: true });
  });
});
