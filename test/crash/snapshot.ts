import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';

const FILES = ['events.sqlite', 'read.sqlite', 'vault.sqlite'];
const TRIES = 10;

/** Copies of a data directory's stores, which belong together because nothing happened while they were made. */
export interface Snapshot {
  readonly folder: string;
  /** Domain time at which everything was at rest. */
  readonly now: Date;
  readonly discard: () => void;
}

/** Waits for rest and copies the stores of the running service. */
export async function takeSnapshot(service: ServiceUnderTest): Promise<Snapshot> {
  const folder = mkdtempSync(join(tmpdir(), 'social-accounts-copy-'));
  const discard = (): void => rmSync(folder, { recursive: true, force: true });
  for (let tries = 0; tries < TRIES; tries += 1) {
    await service.sandbox.rest();
    const before = headOf(service.dataDir);
    for (const file of FILES) await copy(join(service.dataDir, file), join(folder, file));
    copyFileSync(join(service.dataDir, 'vault.key'), join(folder, 'vault.key'));
    const now = await service.sandbox.now();
    await service.sandbox.rest();
    if (headOf(service.dataDir) === before) return { folder, now, discard };
  }
  discard();
  throw new Error('The service writes events all the time: no copy of its stores belongs together.');
}

/** The newest position in the log, read off the file while the service goes on; 0 while it is empty. */
export function headOf(dataDir: string): number {
  const log = new LogWatch(dataDir);
  try {
    return log.head();
  } finally {
    log.close();
  }
}

/** Looks at the end of the log again and again. */
export class LogWatch {
  readonly #database: Database.Database;
  readonly #statement: Database.Statement<[], { readonly head: number | null }>;

  constructor(dataDir: string) {
    this.#database = new Database(join(dataDir, 'events.sqlite'), { readonly: true, fileMustExist: true });
    this.#statement = this.#database.prepare('SELECT max(position) AS head FROM events');
  }

  head(): number {
    return this.#statement.get()?.head ?? 0;
  }

  close(): void {
    this.#database.close();
  }
}

/** A copy of one database as it stands now, its write-ahead log included. */
async function copy(from: string, to: string): Promise<void> {
  rmSync(to, { force: true });
  const database = new Database(from, { readonly: true, fileMustExist: true });
  try {
    await database.backup(to);
  } finally {
    database.close();
  }
}
