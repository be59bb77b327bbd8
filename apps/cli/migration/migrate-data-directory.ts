import { MasterKeys, Vault, type ReadModel, type RunnerLog, type VaultStore, type WrappedKey } from '#kernel';
import { loadModels, VaultAnswerSealer, writeVaultMark } from '#runtime';
import { CommandFailed, type Surroundings, WrongUsage } from '../command.js';
import { pages } from '../pages.js';
import { Progress } from '../progress.js';
import { beginMark } from './begin-mark.js';
import { LogCopy } from './copy-log.js';
import { fillReadModels } from './fill-read-models.js';
import { TodoMove } from './move-todos.js';
import { VaultMove, type MovedVault } from './move-vault.js';
import { Positions } from './positions.js';
import { openSource, type MigratedStores } from './source.js';
import { openTarget, writeLogMark } from './target.js';

const PAGE_KEYS = 500;

export interface Migration {
  /** The data directory. */
  readonly from: string;
  readonly eventStoreUrl: string;
  readonly readStoreUrl: string;
  readonly masterKey: string;
}

/** Moves a data directory to servers, or goes on with it. @throws what stands in its way, as one sentence. */
export async function migrateDataDirectory(migration: Migration, surroundings: Surroundings): Promise<void> {
  const masterKeys = readMasterKeys(migration.masterKey);
  const source = await openSource(migration.from);
  try {
    await requireMasterKeys(source.vault, masterKeys);
    const log: RunnerLog = { warn: (_facts, message) => surroundings.errors.write(`note: ${message}\n`) };
    const target = await openTarget(migration, log);
    try {
      await move(migration, { source, target, masterKeys, log }, surroundings);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function move(
  migration: Migration,
  parts: {
    readonly source: MigratedStores;
    readonly target: MigratedStores;
    readonly masterKeys: MasterKeys;
    readonly log: RunnerLog;
  },
  { output, errors }: Surroundings,
): Promise<void> {
  const { source, target, masterKeys, log } = parts;
  const report = (what: string, total: number): Progress => new Progress(errors, what, total);
  const targetVault = new Vault(target.vault, masterKeys);
  const models = await loadModels({ events: target.events, rows: target.rows, vault: targetVault });
  const mark = await beginMark(target, migration.eventStoreUrl);

  // The embedded log's positions count its events.
  const copying = report('events', Number((await source.events.head()) ?? 0));
  const events = await new LogCopy(source.events, target.events, copying).run();
  copying.end();

  const positions = new Positions(source.events, target.events);
  const answers = {
    sealer: new VaultAnswerSealer(new Vault(source.vault, masterKeys)),
    translate: (position: string) => positions.translate(position),
  };
  const vault = await new VaultMove(source.vault, target.vault, answers, report).run();

  for (const { name } of models)
    for (const eventId of await source.rows.skippedEvents(name)) await target.rows.skipEvent(name, eventId);
  const eventIdAt = async (position: string): Promise<string | null> =>
    (await source.events.readAt(position))?.id ?? null;
  const folded = await new TodoMove(source.rows, target.rows, positions, eventIdAt).run(models);
  const filling = report('read models', events * countPartitions(models) - folded);
  await fillReadModels({ events: target.events, rows: target.rows, vault: targetVault }, models, log, filling);
  filling.end();

  await writeLogMark(migration.eventStoreUrl, { ...mark, state: 'finished' });
  await writeVaultMark(target.vault, { ...mark, state: 'finished' });
  output.write(sayDone(events, vault));
}

/** @throws WrongUsage */
function readMasterKeys(encoded: string): MasterKeys {
  try {
    return new MasterKeys(encoded.split(',').map((key) => key.trim()));
  } catch {
    throw new WrongUsage('VAULT_MASTER_KEY must be 32 bytes in base64, or several of them separated by commas.');
  }
}

/** Whether every key can be unwrapped, found out before anything is written. @throws CommandFailed */
async function requireMasterKeys(vault: VaultStore, masterKeys: MasterKeys): Promise<void> {
  const known = new Set<string>();
  for await (const key of pages((after: WrappedKey | null) => vault.listKeys(after?.subject ?? null, PAGE_KEYS))) {
    if (known.has(key.masterKeyId)) continue;
    try {
      masterKeys.unwrap(key);
    } catch {
      throw new CommandFailed(
        "VAULT_MASTER_KEY is not the key of this data directory: give what its vault.key holds, or what the service's VAULT_MASTER_KEY was.",
      );
    }
    known.add(key.masterKeyId);
  }
}

const countPartitions = (models: readonly ReadModel[]): number =>
  models.reduce((sum, { partitions }) => sum + partitions, 0);

const sayDone = (events: number, { keys, destroyed, records }: MovedVault): string =>
  `Done. ${events} events, ${keys} keys, ${destroyed} destroyed keys and ${records} secrets, claims and answers were moved and compared.\n` +
  'The data directory is as it was. Start api and worker on the new stores, and do not start a service on the old one any more.\n';
