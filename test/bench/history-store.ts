import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Vault, type EventStore } from '#kernel';
import { createLogger, openStores, readConfiguration } from '#runtime';
import { encodeEvent } from '../../libs/event-store-eventstoredb/record.js';
import { EventLog } from '../support/eventstore-server/storage/event-log.js';
import type { Pass } from './rebuild-child.js';
import { startServers } from './servers.js';
import { writeHistory, type TakeAppend } from './write-history.js';

const CHILD = fileURLToPath(new URL('./rebuild-child.js', import.meta.url));
/** So many appends to the stand-in's log share a flush. */
const APPENDS_PER_FLUSH = 2_000;

type Environment = Readonly<Record<string, string>>;

/** A log of so many events with the keys of its sealed parts, and what is made from it. */
export interface HistoryStore {
  readonly size: number;
  /** Reads and parses the log by the bare driver, in a process of its own. */
  readLog(): Promise<Pass>;
  /** Makes every read model and every to-do row from the first event on, in a process of its own. To be asked for once. */
  rebuild(): Promise<Pass>;
  discard(): Promise<void>;
}

/** In the embedded stores. */
export async function writeEmbeddedHistory(size: number): Promise<HistoryStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-bench-'));
  const environment = { DATA_DIR: dataDir, LOG_LEVEL: 'error' };
  await writeInto(environment, size, (events) => async (stream, expected, appended) => {
    const { outcome } = await events.append(stream, expected, appended);
    if (outcome !== 'appended') throw new Error(`An append was answered with ${outcome}.`);
  });
  return {
    size,
    readLog: () => pass('read', environment),
    rebuild: () => pass('rebuild', environment),
    discard: () => rm(dataDir, { recursive: true }),
  };
}

/** On the stand-in of EventStoreDB, whose log is written by its own hand before it starts, and a real MongoDB. */
export async function writeServersHistory(size: number): Promise<HistoryStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-bench-'));
  const base = { DATA_DIR: dataDir, LOG_LEVEL: 'error' };
  const servers = await startServers(async (logDir, reads) => {
    const log = EventLog.open(logDir);
    await writeInto({ ...base, ...reads }, size, () => intoStandIn(log));
    await log.commit();
    log.close();
  });
  const environment = { ...base, ...servers.environment };
  return {
    size,
    readLog: () => pass('read', environment),
    rebuild: () => pass('rebuild', environment),
    discard: async () => {
      await servers.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

async function writeInto(
  environment: Environment,
  size: number,
  appendTo: (events: EventStore) => TakeAppend,
): Promise<void> {
  const configuration = readConfiguration(environment);
  const stores = await openStores(configuration, createLogger(configuration));
  await writeHistory(size, new Vault(stores.vault, stores.masterKeys), appendTo(stores.events));
  await stores.close();
}

/** The records are those that the adapter would have sent. */
function intoStandIn(log: EventLog): TakeAppend {
  let appends = 0;
  return async (stream, expected, events) => {
    const first = expected === 'no-stream' ? 0 : expected + 1;
    log.write(
      events.map((event, index) => {
        const { record } = encodeEvent(event);
        const { id, type, metadata } = record;
        if (!(metadata instanceof Uint8Array)) throw new Error('The adapter sends metadata as bytes.');
        const created = Date.parse(event.metadata.occurredAt);
        const content = { metadata: Buffer.from(metadata), data: Buffer.from(JSON.stringify(event.data)) };
        return { stream, revision: first + index, id: id ?? event.id, type, created, isJson: true, ...content };
      }),
    );
    appends += 1;
    if (appends % APPENDS_PER_FLUSH === 0) await log.commit();
  };
}

async function pass(what: 'read' | 'rebuild', environment: Environment): Promise<Pass> {
  const child = fork(CHILD, [what], { env: { ...process.env, ...environment } });
  const ended = once(child, 'exit');
  const told = once(child, 'message') as Promise<[Pass]>;
  const [result] = await Promise.race([told, ended.then(() => [])]);
  if (result === undefined) throw new Error(`The process that was to ${what} ended with ${String(child.exitCode)}.`);
  await ended;
  return result;
}
