import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { DataDirectoryLock, SqliteEventStore } from '#event-store-sqlite';
import { MasterKeys, type EventStore, type ReadStore, type VaultStore } from '#kernel';
import type { MongoConnection } from '#read-store-mongodb';
import { SqliteReadStore } from '#read-store-sqlite';
import { SqliteVaultStore } from '#vault-sqlite';
import { ConfigurationRefused, type Configuration } from './configuration.js';
import { waitFor } from './wait-for.js';

const EVENT_STORE = 'the event store (EVENT_STORE_URL)';
const MONGODB = 'MongoDB (READ_STORE_URL)';
const KEY_FILE = 'vault.key';
/** EX_IOERR of sysexits(3). */
const STORE_FAILED_STATUS = 74;

/** The stores of one process, opened together and closed together. */
export interface Stores {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: VaultStore;
  readonly masterKeys: MasterKeys;
  close(): Promise<void>;
}

/**
 * Opens the stores that the configuration names, and waits for those that are servers. One process per data directory; where
 * no store is embedded there is none, and any number of processes share the stores. `onFailure` is told when the disk has failed
 * the event store, which then writes no more: what is in memory can no longer be trusted to match it.
 */
export async function openStores(
  configuration: Configuration,
  logger: Logger,
  onFailure: (reason: Error) => void = endProcess(logger),
): Promise<Stores> {
  const lock = configuration.hasDataDirectory ? lockDataDirectory(configuration.DATA_DIR) : null;
  const masterKeys = readMasterKeys(configuration, logger);
  const events = await openEventStore(configuration, logger, lock, onFailure);
  const { rows, vault, close } = await openReadStore(configuration, logger);
  return {
    events,
    rows,
    vault,
    masterKeys,
    close: async () => {
      await events.close();
      await close();
      lock?.release();
    },
  };
}

function lockDataDirectory(dataDir: string): DataDirectoryLock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return DataDirectoryLock.acquire(dataDir);
}

/** Rows and vault, which belong together: both embedded, or both in one MongoDB. */
async function openReadStore(
  { READ_STORE_URL: url, DATA_DIR: dataDir }: Configuration,
  logger: Logger,
): Promise<Pick<Stores, 'rows' | 'vault' | 'close'>> {
  if (url === 'sqlite:') {
    const rows = await SqliteReadStore.open({ dataDir });
    const vault = await SqliteVaultStore.open({ dataDir });
    return {
      rows,
      vault,
      close: async () => {
        await Promise.all([rows.close(), vault.close()]);
      },
    };
  }
  const { MongoConnection: Connection, MongoReadStore } = await import('#read-store-mongodb');
  const { MongoVaultStore } = await import('#vault-mongodb');
  const open = <Opened>(store: {
    open(options: { readonly connection: MongoConnection }): Promise<Opened>;
  }): Promise<Opened> => waitFor(MONGODB, logger, () => store.open({ connection }));
  const connection = await waitFor(MONGODB, logger, () => Connection.open({ url }));
  const rows = await open(MongoReadStore);
  const vault = await open(MongoVaultStore);
  const close = async (): Promise<void> => {
    await Promise.all([rows.close(), vault.close()]);
    await connection.close();
  };
  return { rows, vault, close };
}

async function openEventStore(
  { EVENT_STORE_URL, DATA_DIR }: Configuration,
  logger: Logger,
  lock: DataDirectoryLock | null,
  onFailure: (reason: Error) => void,
): Promise<EventStore> {
  if (EVENT_STORE_URL === 'sqlite:' && lock) return SqliteEventStore.open({ dataDir: DATA_DIR, lock, onFailure });
  // Loaded only where it is used: the client brings gRPC along.
  const { EventStoreDbEventStore } = await import('#event-store-eventstoredb');
  const events = await EventStoreDbEventStore.open({ connectionString: EVENT_STORE_URL, log: logger });
  await waitFor(EVENT_STORE, logger, () => events.head());
  return events;
}

const endProcess =
  (logger: Logger) =>
  (reason: Error): void => {
    logger.fatal(
      { reason: reason.name },
      'the disk failed the event store; the process ends, and a start reads what is durable',
    );
    logger.flush();
    process.exit(STORE_FAILED_STATUS);
  };

/** The configured keys, or those of the key file, which is made at the first start. */
function readMasterKeys(configuration: Configuration, logger: Logger): MasterKeys {
  const encoded = configuration.VAULT_MASTER_KEY ?? readKeyFile(configuration.DATA_DIR, logger);
  try {
    return new MasterKeys(encoded.split(',').map((key) => key.trim()));
  } catch {
    throw new ConfigurationRefused([
      'VAULT_MASTER_KEY must be 32 bytes in base64, or several of them separated by commas.',
    ]);
  }
}

function readKeyFile(dataDir: string, logger: Logger): string {
  const file = join(dataDir, KEY_FILE);
  if (!existsSync(file)) {
    // Under its final name it is whole and durable: half a key would stop every later start, and a lost one loses the data.
    const unfinished = `${file}.new`;
    writeFileSync(unfinished, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flush: true });
    renameSync(unfinished, file);
    const directory = openSync(dataDir, 'r');
    fsyncSync(directory);
    closeSync(directory);
    logger.info({ file }, 'made a master key for the vault; keep a copy of it apart from the data');
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}
