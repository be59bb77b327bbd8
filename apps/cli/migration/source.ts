import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DataDirectoryLock, SqliteEventStore } from '#event-store-sqlite';
import type { EventStore, ReadStore, VaultStore } from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import { SqliteVaultStore } from '#vault-sqlite';
import { CommandFailed } from '../command.js';

/** What a migration reads from, or writes to. */
export interface MigratedStores {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: VaultStore;
  close(): Promise<void>;
}

/** The embedded stores of a data directory that no service uses, and none can while they are open. @throws DataDirectoryInUse */
export async function openSource(directory: string): Promise<MigratedStores> {
  const dataDir = resolve(directory);
  for (const name of ['events.sqlite', 'vault.sqlite']) {
    if (!existsSync(join(dataDir, name))) throw new CommandFailed(`There is no ${name} in ${dataDir}.`);
  }
  const lock = DataDirectoryLock.acquire(dataDir);
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const store of opened.reverse()) await store.close();
    lock.release();
  };
  const keep = <Store extends { close(): Promise<void> }>(store: Store): Store => {
    opened.push(store);
    return store;
  };
  try {
    const events = keep(await SqliteEventStore.open({ dataDir, lock }));
    const rows = keep(await SqliteReadStore.open({ dataDir }));
    const vault = keep(await SqliteVaultStore.open({ dataDir }));
    return { events, rows, vault, close };
  } catch (error) {
    await close();
    throw error;
  }
}
