import { MongoClient } from 'mongodb';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { MasterKeys, Vault } from '#kernel';
import { MongoConnection, MongoReadStore } from '#read-store-mongodb';
import { MongoVaultStore } from '#vault-mongodb';
import { type AtRest, emptyReadStore } from '../crash/at-rest.js';
import type { VaultContent } from '../crash/stored-vault.js';
import type { Fleet } from '../support/fleet/fleet.js';

/** Waits for rest and opens the stores of a fleet: nothing writes to them until somebody asks for something. */
export async function fleetAtRest(fleet: Fleet): Promise<AtRest> {
  await fleet.sandbox.rest();
  const now = await fleet.sandbox.now();
  const connection = await MongoConnection.open({ url: fleet.readStoreUrl });
  const events = await EventStoreDbEventStore.open({ connectionString: fleet.eventStoreUrl });
  const rows = await MongoReadStore.open({ connection });
  const vaultStore = await MongoVaultStore.open({ connection });
  const { fresh, discardFresh } = await emptyReadStore();
  return {
    events,
    rows,
    fresh,
    vault: new Vault(vaultStore, new MasterKeys([fleet.masterKey])),
    vaultContent: await readVault(fleet),
    now,
    close: async () => {
      for (const store of [events, rows, vaultStore, connection]) await store.close();
      await discardFresh();
    },
  };
}

interface KeyDocument {
  readonly _id: string;
  readonly destroyed: boolean;
}

/** What the vault's collections hold. */
async function readVault(fleet: Fleet): Promise<VaultContent> {
  const client = new MongoClient(fleet.readStoreUrl);
  try {
    const database = client.db(fleet.database);
    const keys = await database.collection<KeyDocument>('vault_keys').find().toArray();
    const records = await database.collection<VaultContent['records'][number]>('vault_records').find().toArray();
    const subjects = (isDestroyed: boolean): ReadonlySet<string> =>
      new Set(keys.filter(({ destroyed }) => destroyed === isDestroyed).map(({ _id }) => _id));
    return { keys: subjects(false), destroyed: subjects(true), records };
  } finally {
    await client.close();
  }
}
