import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import type { RunnerLog } from '#kernel';
import { MongoConnection, MongoReadStore } from '#read-store-mongodb';
import { MIGRATION_STREAM, MIGRATION_STREAM_PREFIX, migrationEvent, type MigrationMark } from '#runtime';
import { MongoVaultStore } from '#vault-mongodb';
import { CommandFailed } from '../command.js';
import type { MigratedStores } from './source.js';

/** Nobody waits at the other end, so that a busy server may take longer than a service would let it. */
const READ_LIMIT_MS = 30_000;
/**
 * The transactions of a run that was killed hold what they changed until the server ends them, a minute later by default.
 * Whoever goes on writes to the same places first.
 */
const ANSWER_LIMIT_MS = 90_000;

/** @throws StoreUnavailable, ReplicaSetRequired, or Error for a connection string that cannot be read. */
export async function openTarget(
  urls: { readonly eventStoreUrl: string; readonly readStoreUrl: string },
  log: RunnerLog,
): Promise<MigratedStores> {
  const limits = { readMs: READ_LIMIT_MS };
  const events = await EventStoreDbEventStore.open({ connectionString: urls.eventStoreUrl, log, limits });
  let connection: MongoConnection | null = null;
  const close = async (): Promise<void> => {
    await events.close();
    await connection?.close();
  };
  try {
    connection = await openConnection(urls.readStoreUrl);
    const rows = await MongoReadStore.open({ connection });
    const vault = await MongoVaultStore.open({ connection });
    return {
      events,
      rows,
      vault,
      close: async () => {
        await Promise.all([rows.close(), vault.close()]);
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The driver quotes a connection string that it cannot read. */
async function openConnection(url: string): Promise<MongoConnection> {
  try {
    return await MongoConnection.open({ url, limits: { answerMs: ANSWER_LIMIT_MS, saveMs: ANSWER_LIMIT_MS } });
  } catch (error) {
    if (error instanceof Error && error.name.startsWith('MongoParse')) {
      throw new CommandFailed('READ_STORE_URL cannot be read; special characters in it must be percent-encoded.');
    }
    throw error;
  }
}

/** Says in the log itself how its migration stands, so that it is also known to who uses it with another read store. Repeatable. */
export async function writeLogMark(eventStoreUrl: string, mark: MigrationMark): Promise<void> {
  // The service's streams alone are what it may append to, and this is none.
  const streamPrefixes = [MIGRATION_STREAM_PREFIX];
  const events = await EventStoreDbEventStore.open({ connectionString: eventStoreUrl, streamPrefixes });
  try {
    const expected = mark.state === 'finished' ? 0 : 'no-stream';
    const { outcome } = await events.append(MIGRATION_STREAM, expected, [migrationEvent(mark, new Date())]);
    if (outcome === 'conflict') throw new CommandFailed('The log belongs to another migration.');
  } finally {
    await events.close();
  }
}
