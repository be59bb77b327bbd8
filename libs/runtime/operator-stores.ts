import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { SqliteLogView } from '#event-store-sqlite';
import { ReadModels, SystemClock, Vault, type EventStore, type ReadStore } from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import type { Configuration } from './configuration.js';
import { loadModels } from './models.js';
import { Projections } from './projections.js';
import { openVault } from './stores.js';

/** What an operator's command line works with, beside the processes that serve. */
export interface OperatorView {
  readonly projections: Projections;
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: Vault;
  close(): Promise<void>;
}

/**
 * Opens the stores beside a service that may be using them: the log is only read, and nothing is kept up to date here.
 * @throws Error with a sentence when the embedded stores are not there.
 */
export async function openOperatorView(configuration: Configuration, logger: Logger): Promise<OperatorView> {
  const { vault: store, masterKeys, close: closeVault } = await openVault(configuration, logger);
  const vault = new Vault(store, masterKeys);
  const events = await openLog(configuration, logger);
  const rows = await openRows(configuration);
  const models = await loadModels({ events, rows, vault });
  const projections = new Projections({ events, rows, clock: new SystemClock() }, models, new ReadModels(rows, events));
  const close = async (): Promise<void> => {
    await events.close();
    await rows.close();
    await closeVault();
  };
  return { projections, events, rows, vault, close };
}

async function openLog({ EVENT_STORE_URL: url, DATA_DIR: dataDir }: Configuration, log: Logger): Promise<EventStore> {
  if (url === 'sqlite:') {
    if (!existsSync(join(dataDir, 'events.sqlite')))
      throw new Error(`There is no log in the data directory ${dataDir}.`);
    return SqliteLogView.open({ dataDir });
  }
  const { EventStoreDbEventStore } = await import('#event-store-eventstoredb');
  return EventStoreDbEventStore.open({ connectionString: url, log });
}

async function openRows({ READ_STORE_URL: url, DATA_DIR: dataDir }: Configuration): Promise<ReadStore> {
  if (url === 'sqlite:') return SqliteReadStore.open({ dataDir, besideOwner: true });
  const { MongoReadStore } = await import('#read-store-mongodb');
  return MongoReadStore.open({ url });
}
