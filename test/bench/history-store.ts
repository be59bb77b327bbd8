import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Vault } from '#kernel';
import { createLogger, openStores, readConfiguration } from '#runtime';
import type { Pass } from './rebuild-child.js';
import { writeHistory, type TakeAppend } from './write-history.js';

const CHILD = fileURLToPath(new URL('./rebuild-child.js', import.meta.url));

/** A log of so many events with the keys of its sealed parts, and what is made from it. */
export interface HistoryStore {
  readonly size: number;
  /** Reads and parses the log by the bare driver, in a process of its own. */
  readLog(): Promise<Pass>;
  /** Makes every read model and every to-do row from the first event on, in a process of its own. */
  rebuild(): Promise<Pass>;
  discard(): Promise<void>;
}

/** In the embedded stores. */
export async function writeEmbeddedHistory(size: number): Promise<HistoryStore> {
  const dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-bench-'));
  const environment = { DATA_DIR: dataDir, LOG_LEVEL: 'error' };
  const configuration = readConfiguration(environment);
  const stores = await openStores(configuration, createLogger(configuration));
  const append: TakeAppend = async (stream, expected, events) => {
    const { outcome } = await stores.events.append(stream, expected, events);
    if (outcome !== 'appended') throw new Error(`An append was answered with ${outcome}.`);
  };
  await writeHistory(size, new Vault(stores.vault, stores.masterKeys), append);
  await stores.close();
  const removeRows = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(dataDir, `read.sqlite${suffix}`), { force: true });
  };
  return {
    size,
    readLog: () => pass('read', environment),
    rebuild: () => {
      removeRows();
      return pass('rebuild', environment);
    },
    discard: () => rm(dataDir, { recursive: true, force: true }),
  };
}

async function pass(what: 'read' | 'rebuild', environment: Readonly<Record<string, string>>): Promise<Pass> {
  const child = fork(CHILD, [what], { env: { ...process.env, ...environment } });
  const ended = once(child, 'exit');
  const told = once(child, 'message') as Promise<[Pass]>;
  const [result] = await Promise.race([told, ended.then(() => [])]);
  if (result === undefined) throw new Error(`The process that was to ${what} ended with ${String(child.exitCode)}.`);
  await ended;
  return result;
}
