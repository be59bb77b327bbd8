import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EVENT_STORE_LIMITS, EventStoreDbEventStore, secureEventStore } from '#event-store-eventstoredb';
import type { EventStoreDbLimits } from '#event-store-eventstoredb';
import { StoreUnavailable } from '#kernel';
import type { AppendResult, EventToAppend } from '#kernel';
import { compileStandIn, type SpawnedStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { ids, newEvent, newEvents, newStream } from './event-store-case.js';

const IN_FLIGHT = 64;

let dir = '';
let server: EventStoreServer;
let warnings: string[] = [];
let restarting: Promise<void> = Promise.resolve();
const stores: EventStoreDbEventStore[] = [];
const standIns: SpawnedStandIn[] = [];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'event-store-'));
  server = await startEventStoreServer({ port: 0, dir });
  warnings = [];
});

afterEach(async () => {
  server.faults.clear();
  for (const store of stores.splice(0)) await store.close();
  // Also those of a test that failed, frozen ones included.
  for (const standIn of standIns.splice(0)) standIn.process.kill('SIGKILL');
  await server.close();
  rmSync(dir, { recursive: true });
});

async function open(limits: Partial<EventStoreDbLimits> = {}, url = server.url): Promise<EventStoreDbEventStore> {
  const log = { warn: (_facts: object, message: string) => void warnings.push(message) };
  const store = await EventStoreDbEventStore.open({ connectionString: url, limits, log });
  stores.push(store);
  return store;
}

/** The stand-in as one of two members, the other of which is away. */
const severalHosts = (): string => `esdb://127.0.0.1:${server.port},127.0.0.1:1?tls=false`;

/** Appends as a caller does: again, with the same ids and the same expectation, as long as the outcome is unknown. */
async function appendAtLast(
  store: EventStoreDbEventStore,
  stream: string,
  events: readonly EventToAppend[],
  limitMs = 60_000,
): Promise<AppendResult> {
  for (const until = performance.now() + limitMs; ;) {
    try {
      return await store.append(stream, 'no-stream', events);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > until) throw error;
    }
  }
}

/** Appends one event each to so many streams, and shows that each stands in the log once, where it was acknowledged. */
async function appendMany(
  store: EventStoreDbEventStore,
  count: number,
  before: (index: number) => void,
  data: EventToAppend['data'] = {},
): Promise<void> {
  const acknowledged = new Map<string, string>();
  let next = 0;
  const appendNext = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      before(index);
      const [stream, event] = [newStream(), newEvent(data)];
      const answer = await appendAtLast(store, stream, [event]);
      if (answer.outcome !== 'appended') throw new Error('Nobody else writes to this stream.');
      expect(answer.revision).toBe(0);
      acknowledged.set(event.id, answer.position);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, appendNext));
  const { events } = await store.readAll(null, Number.MAX_SAFE_INTEGER);
  expect(events).toHaveLength(count);
  expect(new Map(events.map(({ id, position }) => [id, position]))).toEqual(acknowledged);
}

describe('an append whose answer does not come', () => {
  it('has an end below eight seconds', () => {
    expect(EVENT_STORE_LIMITS.appendMs + EVENT_STORE_LIMITS.tryMs / 10).toBeLessThan(8_000);
  });

  it('is told that the outcome is unknown, and is written once when its caller comes again', async () => {
    const store = await open({ tryMs: 200, appendMs: 700 });
    const [stream, events] = [newStream(), newEvents(2)];
    server.faults.hang();
    const started = performance.now();
    await expect(store.append(stream, 'no-stream', events)).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - started).toBeLessThan(1_500);
    server.faults.resume();
    expect(await appendAtLast(store, stream, events)).toMatchObject({ outcome: 'appended', revision: 1 });
    expect(ids(await store.readStream(stream, 0, 10))).toEqual(ids(events));
  });

  it('is answered by an earlier try when the server is slower than a try', async () => {
    const store = await open({ tryMs: 100 });
    server.faults.answerLate(400);
    const [stream, events] = [newStream(), newEvents(1)];
    expect(await store.append(stream, 'no-stream', events)).toMatchObject({ outcome: 'appended', revision: 0 });
    server.faults.answerLate(0);
    expect(await store.readStream(stream, 0, 10)).toHaveLength(1);
  });

  it('is written once each when every third answer of 2,000 is lost', async () => {
    const store = await open({ tryMs: 150 });
    let [answers, lost] = [0, 0];
    server.faults.takeAnswerFate = () => {
      answers += 1;
      if (answers % 3 !== 0) return 'once';
      lost += 1;
      return 'lost';
    };
    await appendMany(store, 2_000, () => undefined);
    expect(lost).toBeGreaterThan(666);
  }, 120_000);

  it('is a conflict when others wrote meanwhile and it was never taken', async () => {
    const store = await open({ tryMs: 300 });
    const [stream, mine, others] = [newStream(), newEvents(2), newEvents(1)];
    await store.append(newStream(), 'no-stream', newEvents(1));
    server.faults.hang();
    const answer = store.append(stream, 'no-stream', mine);
    await wait(100);
    // The restart drops what the hanging server had taken; another process is the first to come back.
    const restarted = server.restart(1_000);
    await wait(500);
    server.faults.resume();
    await restarted;
    const [first, second] = await Promise.all([(await open()).append(stream, 'no-stream', others), answer]);
    const stored = ids(await store.readStream(stream, 0, 10));
    const outcomes = {
      [ids(others).join()]: [first.outcome, second.outcome],
      [ids(mine).join()]: [second.outcome, first.outcome],
    };
    expect(outcomes[stored.join()]).toEqual(['appended', 'conflict']);
  });
});

describe('appends over a connection that breaks', () => {
  it.each([
    ['in place of answers', () => server.faults.loseAnswers(1, 'break')],
    ['at any time', () => void server.faults.dropConnections()],
    ['because the server goes and comes back', () => void (restarting = restarting.then(() => server.restart(150)))],
  ])('are written once each: %s', async (_when, fault) => {
    const store = await open();
    await appendMany(store, 1_000, (index) => {
      if (index % 250 === 125) fault();
    });
    await restarting;
  });

  it('are written once each when they are so large that they wait for the connection', async () => {
    const store = await open();
    const text = 'x'.repeat(100_000);
    const drop = (index: number): void => {
      if (index % 75 === 70) server.faults.dropConnections();
    };
    await appendMany(store, 300, drop, { text });
  });

  it('are written once each when the server is not ready, and when it has lost its leader', async () => {
    const store = await open();
    await appendMany(store, 400, (index) => {
      if (index === 100) server.faults.notReady(600);
      if (index === 300) server.faults.loseLeader(2);
    });
  });

  it('are answered once each although the server answers twice', async () => {
    const store = await open();
    server.faults.answerTwice(100);
    await appendMany(store, 200, () => undefined);
  });

  it('are written once each when the server freezes for some seconds, connections and all', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'event-store-'));
    const standIn = await spawnStandIn(await compileStandIn(), { port: 0, dir: folder });
    standIns.push(standIn);
    const store = await open({ tryMs: 500, silenceMs: 1_500 }, standIn.url);
    let thawed: Promise<unknown> = Promise.resolve();
    await appendMany(store, 600, (index) => {
      if (index !== 200) return;
      standIn.process.kill('SIGSTOP');
      thawed = wait(4_000).then(() => standIn.process.kill('SIGCONT'));
    });
    await thawed;
    expect(warnings).toContain("the event store's client is replaced");
    await store.close();
    standIn.process.kill('SIGTERM');
    await once(standIn.process, 'exit');
    rmSync(folder, { recursive: true });
  }, 60_000);
});

describe('a store of several hosts', () => {
  it('takes appends again once there is a member, although reads went well all along', async () => {
    const back = server.restart(2_500);
    const store = await open({}, severalHosts());
    const started = performance.now();
    // What the log's watch does in every process: each answer shows that reads work, and says nothing about appends.
    const asking = setInterval(() => void store.head().catch(() => undefined), 1_000);
    try {
      const answer = await appendAtLast(store, newStream(), newEvents(1), 15_000);
      expect(answer).toMatchObject({ outcome: 'appended', revision: 0 });
      expect(performance.now() - started).toBeLessThan(15_000);
    } finally {
      clearInterval(asking);
      await back;
    }
  }, 40_000);
});

describe('an EventStoreDbEventStore', () => {
  it('refuses what it cannot keep under way, by count and by bytes, and serves what it took', async () => {
    const store = await open({ appends: 10, appendBytes: 30_000 });
    server.faults.hang();
    const append = (length: number): Promise<AppendResult> =>
      store.append(newStream(), 'no-stream', [newEvent({ text: 'x'.repeat(length) })]);
    const taken = Array.from({ length: 9 }, () => append(1));
    await expect(append(28_000)).rejects.toThrow(/takes no more/);
    taken.push(append(1));
    await expect(append(1)).rejects.toThrow(StoreUnavailable);
    server.faults.resume();
    for (const answer of await Promise.all(taken)) expect(answer.outcome).toBe('appended');
    await append(28_000);
  });

  it('replaces a client that gives no answers any more', async () => {
    const store = await open({ tryMs: 100, appendMs: 3_000, silenceMs: 400 });
    await store.append(newStream(), 'no-stream', newEvents(1));
    server.faults.hang();
    const [stream, events] = [newStream(), newEvents(1)];
    const answer = store.append(stream, 'no-stream', events);
    await wait(1_200);
    server.faults.resume();
    expect(await answer).toMatchObject({ outcome: 'appended', revision: 0 });
    expect(warnings).toContain("the event store's client is replaced");
    expect(await store.readStream(stream, 0, 10)).toHaveLength(1);
    expect(server.status().connections).toBe(1);
  });

  it('takes no read that the replaced client broke off for one that found nothing, or only this much', async () => {
    const store = await open({ tryMs: 100, appendMs: 3_000, silenceMs: 400 });
    const [stream, events] = [newStream(), newEvents(3)];
    const written = await store.append(stream, 'no-stream', events);
    if (written.outcome !== 'appended') throw new Error('Nobody else writes to this stream.');
    server.faults.hang();
    const reads = Promise.all([
      store.readStream(stream, 0, 10),
      store.readLast(stream),
      store.readAt(written.position),
      store.head(),
      store.readAll(null, 10),
    ]);
    const answer = store.append(newStream(), 'no-stream', newEvents(1));
    await wait(1_200);
    expect(warnings).toContain("the event store's client is replaced");
    server.faults.resume();
    await answer;
    const [all, last, at, head, batch] = await reads;
    expect(ids(all)).toEqual(ids(events));
    expect([last?.id, at?.id]).toEqual([events[2]?.id, events[2]?.id]);
    expect(head).not.toBeNull();
    expect(ids(batch.events).slice(0, 3)).toEqual(ids(events));
  });

  it('answers a read that gets no answer with StoreUnavailable, in time', async () => {
    const store = await open({ readMs: 400 });
    server.faults.hang();
    const started = performance.now();
    await expect(store.readLast(newStream())).rejects.toThrow(StoreUnavailable);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('keeps to its own: what others write is in no answer but that about one position', async () => {
    const store = await open();
    const others = EventStoreDBClient.connectionString(server.url);
    const first = await store.append(newStream(), 'no-stream', newEvents(1));
    const theirs = await others.appendToStream(
      `others-${randomUUID()}`,
      jsonEvent({ type: 'Theirs', data: { secret: 1 } }),
    );
    await others.appendToStream(`post-${randomUUID()}`, jsonEvent({ type: 'AlsoTheirs', data: {} }));
    await others.setStreamMetadata('others-1', { maxCount: 5 });
    expect(await store.head()).toBe(first.outcome === 'appended' ? first.position : null);
    expect((await store.readAll(null, 100)).events).toHaveLength(1);
    const position = `${theirs.position?.commit}/${theirs.position?.prepare}`;
    expect(await store.readAt(position)).toMatchObject({ type: 'Theirs', position, data: {}, version: 0 });
    await others.dispose();
  });

  it('refuses a connection string that would give wrong revisions, and quotes none', async () => {
    await expect(open({}, `${server.url}&throwOnAppendFailure=false`)).rejects.toThrow(/throwOnAppendFailure/);
    const unreadable = 'esdb://someone:s3cr3t-w0rd@@@host:port';
    const refusal: unknown = await open({}, unreadable).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(JSON.stringify([String(refusal), (refusal as Error).stack])).not.toContain('s3cr3t');
  });

  it('can have its streams secured by an administrator', async () => {
    await secureEventStore(server.url);
    const client = EventStoreDBClient.connectionString(server.url);
    const { metadata } = await client.getStreamMetadata('$all');
    expect(metadata?.acl).toEqual({ readRoles: ['$admins', 'social-accounts'] });
    const settings: unknown[] = [];
    for await (const { event } of client.readStream('$settings')) settings.push([event?.type, event?.data]);
    const both = ['social-accounts', '$admins'];
    const admins = '$admins';
    expect(settings).toEqual([
      [
        'update-default-acl',
        {
          $userStreamAcl: { $r: both, $w: both, $mr: both, $d: admins, $mw: admins },
          $systemStreamAcl: { $r: admins, $w: admins, $d: admins, $mr: admins, $mw: admins },
        },
      ],
    ]);
    await client.dispose();
  });
});
