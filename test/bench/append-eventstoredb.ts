import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { builtStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { makeEvents, type StreamedEvent } from './events.js';

/** What a benchmark of one figure against one reference answers; `unit` says what both count. */
export interface AppendEventStoreDbBenchResult {
  readonly id: 'B10';
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
  readonly unit: 'events/s';
}

const IN_FLIGHT = 64;
const EVENTS_PER_ROUND = 4_000;
/** The two sides take turns, so that a slow moment of the machine meets both. */
const ROUNDS = 8;
const WARM_UP_EVENTS = 2_000;

/**
 * B10: one event each to distinct streams with an expected revision, 64 in flight, through the adapter; against the same
 * records by the bare client on the same server, which runs in a process of its own.
 */
export async function benchAppendEventStoreDb(): Promise<AppendEventStoreDbBenchResult> {
  const dir = mkdtempSync(join(tmpdir(), 'bench-append-'));
  const server = await spawnStandIn(builtStandIn(), { port: 0, dir });
  const store = await EventStoreDbEventStore.open({ connectionString: server.url });
  const bare = EventStoreDBClient.connectionString(server.url);
  try {
    return await measure(store, bare);
  } finally {
    await store.close();
    await bare.dispose();
    server.process.kill('SIGTERM');
    await once(server.process, 'exit');
    rmSync(dir, { recursive: true });
  }
}

async function measure(
  store: EventStoreDbEventStore,
  bare: EventStoreDBClient,
): Promise<AppendEventStoreDbBenchResult> {
  await appendThroughStore(store, makeEvents(WARM_UP_EVENTS));
  await appendBare(bare, makeEvents(WARM_UP_EVENTS));
  let oursMs = 0;
  let referenceMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    oursMs += await appendThroughStore(store, makeEvents(EVENTS_PER_ROUND));
    referenceMs += await appendBare(bare, makeEvents(EVENTS_PER_ROUND));
  }
  const ours = Math.round((ROUNDS * EVENTS_PER_ROUND * 1_000) / oursMs);
  const reference = Math.round((ROUNDS * EVENTS_PER_ROUND * 1_000) / referenceMs);
  return { id: 'B10', ours, reference, ratio: Math.round((ours / reference) * 100) / 100, unit: 'events/s' };
}

function appendThroughStore(store: EventStoreDbEventStore, events: readonly StreamedEvent[]): Promise<number> {
  return elapsedMs(events, async ({ stream, event }) => {
    const { outcome } = await store.append(stream, 'no-stream', [event]);
    if (outcome !== 'appended') throw new Error(`An append was answered with ${outcome}.`);
  });
}

function appendBare(client: EventStoreDBClient, events: readonly StreamedEvent[]): Promise<number> {
  return elapsedMs(events, async ({ stream, event: { id, type, data, metadata, version, sealed } }) => {
    const record = jsonEvent({ id, type, data: { ...data }, metadata: { ...metadata, version, sealed } });
    await client.appendToStream(stream, record, { expectedRevision: 'no_stream' });
  });
}

async function elapsedMs(
  events: readonly StreamedEvent[],
  append: (item: StreamedEvent) => Promise<void>,
): Promise<number> {
  const started = performance.now();
  let next = 0;
  const appendNext = async (): Promise<void> => {
    for (let item = events[next++]; item !== undefined; item = events[next++]) await append(item);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, appendNext));
  return performance.now() - started;
}
