import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from '#event-store-sqlite';
import { MasterKeys, Vault, type EventStore, type ReadStore } from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import { SqliteVaultStore } from '#vault-sqlite';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { takeSnapshot } from './snapshot.js';
import { readVault, type VaultContent } from './stored-vault.js';

/** The stores of a service in which everything that was to happen has happened. */
export interface AtRest {
  readonly events: EventStore;
  readonly rows: ReadStore;
  /** An empty one beside it, for a replay. */
  readonly fresh: ReadStore;
  readonly vault: Vault;
  readonly vaultContent: VaultContent;
  /** Domain time at which everything was at rest. */
  readonly now: Date;
  close(): Promise<void>;
}

/** Waits for rest and opens copies of the embedded stores of a running service. */
export async function embeddedAtRest(service: ServiceUnderTest): Promise<AtRest> {
  const { folder, now, discard } = await takeSnapshot(service);
  const events = await SqliteEventStore.open({ dataDir: folder });
  const rows = await SqliteReadStore.open({ dataDir: folder });
  const vaultStore = await SqliteVaultStore.open({ dataDir: folder });
  const { fresh, discardFresh } = await emptyReadStore();
  const masterKey = readFileSync(join(folder, 'vault.key'), 'utf8').trim();
  return {
    events,
    rows,
    fresh,
    vault: new Vault(vaultStore, new MasterKeys([masterKey])),
    vaultContent: readVault(folder),
    now,
    close: async () => {
      for (const store of [events, rows, vaultStore]) await store.close();
      await discardFresh();
      discard();
    },
  };
}

/** An embedded read store with nothing in it: what a replay into it gives is the same, whatever the live rows are kept in. */
export async function emptyReadStore(): Promise<{
  readonly fresh: ReadStore;
  readonly discardFresh: () => Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'social-accounts-replay-'));
  const fresh = await SqliteReadStore.open({ dataDir: folder });
  const discardFresh = async (): Promise<void> => {
    await fresh.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { fresh, discardFresh };
}
