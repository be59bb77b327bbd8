import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { SqliteEventStore } from '#event-store-sqlite';
import { makeEvents, type StreamedEvent } from './events.js';

/** What a benchmark of one figure against one reference answers; `unit` says what both count. */
export interface AppendBenchResult {
  readonly id: 'B1';
  readonly ours: number;
  readonly reference: number;
  readonly ratio: number;
  readonly unit: 'events/s';
}

const IN_FLIGHT = 64;
const EVENTS_PER_ROUND = 16_000;
/** The two sides take turns, so that a slow moment of the machine meets both. */
const ROUNDS = 6;
const WARM_UP_EVENTS = 2_000;

/**
 * B1: one event each to distinct streams with an expected revision, 64 in flight, durable; against the same rows, ready
 * made, written by bare better-sqlite3 in transactions of 64 with `synchronous=FULL` into the same tables.
 */
export async function benchAppend(): Promise<AppendBenchResult> {
  await appendThroughStore(makeEvents(WARM_UP_EVENTS));
  await insertBare(makeEvents(WARM_UP_EVENTS));
  let oursMs = 0;
  let referenceMs = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const events = makeEvents(EVENTS_PER_ROUND);
    oursMs += await appendThroughStore(events);
    referenceMs += await insertBare(events);
  }
  const ours = Math.round((ROUNDS * EVENTS_PER_ROUND * 1_000) / oursMs);
  const reference = Math.round((ROUNDS * EVENTS_PER_ROUND * 1_000) / referenceMs);
  return { id: 'B1', ours, reference, ratio: Math.round((ours / reference) * 100) / 100, unit: 'events/s' };
}

/** Answers the milliseconds that the appends took. */
async function appendThroughStore(events: readonly StreamedEvent[]): Promise<number> {
  return inFreshDirectory(async (dataDir) => {
    const store = await SqliteEventStore.open({ dataDir });
    const started = performance.now();
    let next = 0;
    const appendNext = async (): Promise<void> => {
      for (let item = events[next++]; item !== undefined; item = events[next++]) {
        const { outcome } = await store.append(item.stream, 'no-stream', [item.event]);
        if (outcome !== 'appended') throw new Error(`An append was answered with ${outcome}.`);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, appendNext));
    const elapsedMs = performance.now() - started;
    await store.close();
    return elapsedMs;
  });
}

/** Answers the milliseconds that the same rows take when nothing stands between them and the database. */
async function insertBare(events: readonly StreamedEvent[]): Promise<number> {
  return inFreshDirectory(async (dataDir) => {
    // The store makes the file, so that both sides fill the same tables and indexes.
    await (await SqliteEventStore.open({ dataDir })).close();
    const rows = events.map(({ stream, event: { id, type, version, data, metadata } }, index) => {
      return [index + 1, stream, 0, id, type, version, JSON.stringify(data), JSON.stringify(metadata)] as const;
    });
    const database = new Database(join(dataDir, 'events.sqlite'));
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('secure_delete = ON');
    const insert = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL, NULL)');
    const insertBatch = database.transaction((from: number) => {
      for (const row of rows.slice(from, from + IN_FLIGHT)) insert.run(...row);
    });
    const started = performance.now();
    for (let from = 0; from < rows.length; from += IN_FLIGHT) insertBatch.immediate(from);
    const elapsedMs = performance.now() - started;
    database.close();
    return elapsedMs;
  });
}

async function inFreshDirectory(work: (dataDir: string) => Promise<number>): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-append-'));
  try {
    return await work(dataDir);
  } finally {
    rmSync(dataDir, { recursive: true });
  }
}
