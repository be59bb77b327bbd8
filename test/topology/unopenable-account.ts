import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { decodeEvent, isRefusal, MasterKeys, newCommandId, newId, streamName, Streams, Vault } from '#kernel';
import { socialAccount } from '#social-accounts';
import { MongoVaultStore } from '#vault-mongodb';
import { SqliteVaultStore } from '#vault-sqlite';
import type { Fleet } from '../support/fleet/fleet.js';

const PROFILE = { externalId: 'unopenable', name: 'Café Unopenable', handle: null, pictureUrl: null, profileUrl: null };

/** An account whose personal data the vault's key does not open, as after a vault was put together from two backups. */
export interface UnopenableAccount {
  readonly id: string;
  readonly name: string;
  readonly stream: string;
  /** Puts the key back under which it was sealed. */
  mend(): Promise<void>;
}

/** Connects an account beside one that is there, sealed under another key than the vault has for it. */
export async function connectUnopenable(fleet: Fleet, besideAccount: string): Promise<UnopenableAccount> {
  const masterKeys = new MasterKeys([fleet.masterKey]);
  const id = newId('acc');
  const wrong = masterKeys.wrap(id, randomBytes(32));
  await withVaultOf(fleet, (store) => store.insertKey(wrong));
  const elsewhere = await SqliteVaultStore.open({ dataDir: mkdtempSync(join(fleet.dataDir, 'vault-')) });
  const events = await EventStoreDbEventStore.open({ connectionString: fleet.eventStoreUrl });
  try {
    const [first] = await events.readStream(streamName(socialAccount, besideAccount), 0, 1);
    const like = first && decodeEvent(socialAccount, first);
    if (like?.type !== 'AccountConnected') throw new Error('There is no account to connect another one beside.');
    const { workspaceId } = like.data;
    const commandId = newCommandId();
    const by = { actor: { type: 'user', id: 'ada' }, at: new Date(like.data.connectedAt) } as const;
    const connected = await new Streams(events, new Vault(elsewhere, masterKeys)).execute({
      definition: socialAccount,
      id,
      workspaceId,
      context: { commandId, correlationId: commandId, causationId: commandId, ...by },
      decide: () => [{ type: 'AccountConnected', data: like.data, personal: PROFILE }],
    });
    if (isRefusal(connected)) throw new Error(connected.code);
    const right = await elsewhere.readKey(id);
    if (right === null || right === 'destroyed') throw new Error('The account was sealed under no key.');
    const mend = async (): Promise<void> => {
      const isMended = await withVaultOf(fleet, (store) => store.rewrapKey(wrong, right));
      if (!isMended) throw new Error('The vault has another key than the wrong one.');
    };
    return { id, name: PROFILE.name, stream: streamName(socialAccount, id), mend };
  } finally {
    await events.close();
    await elsewhere.close();
  }
}

async function withVaultOf<Result>(fleet: Fleet, work: (store: MongoVaultStore) => Promise<Result>): Promise<Result> {
  const store = await MongoVaultStore.open({ url: fleet.readStoreUrl });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
