import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { SqliteEventStore } from '#event-store-sqlite';
import { MasterKeys, Vault, type EventStore, type RecordedEvent } from '#kernel';
import { MongoReadStore } from '#read-store-mongodb';
import { readConfiguration, VaultAnswerSealer } from '#runtime';
import { accountsReadModel } from '#social-accounts';
import { MongoVaultStore } from '#vault-mongodb';
import { SqliteVaultStore } from '#vault-sqlite';
import { startStandalone, type Standalone } from '../../apps/standalone/standalone.js';
import type { MongoDb } from '../support/mongodb/start-mongodb.js';
import { environmentFor } from '../support/service/in-process-service.js';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';

const READY_POLL_MS = 20;

export interface Target {
  readonly events: EventStoreDbEventStore;
  readonly rows: MongoReadStore;
  readonly vault: MongoVaultStore;
}

export async function withTargetOf<Result>(
  { EVENT_STORE_URL: connectionString = '', READ_STORE_URL: url = '' }: Readonly<Record<string, string>>,
  look: (target: Target) => Promise<Result>,
): Promise<Result> {
  const events = await EventStoreDbEventStore.open({ connectionString });
  const rows = await MongoReadStore.open({ url });
  const vault = await MongoVaultStore.open({ url });
  try {
    return await look({ events, rows, vault });
  } finally {
    for (const store of [events, rows, vault]) await store.close();
  }
}

export async function withSourceOf<Result>(
  dataDir: string,
  look: (events: EventStore, vault: SqliteVaultStore) => Promise<Result>,
): Promise<Result> {
  const events = await SqliteEventStore.open({ dataDir });
  const vault = await SqliteVaultStore.open({ dataDir });
  try {
    return await look(events, vault);
  } finally {
    await events.close();
    await vault.close();
  }
}

/** The standalone service on the target's servers. */
export async function startOn(target: Readonly<Record<string, string>>, folder: string): Promise<Standalone> {
  const dataDir = mkdtempSync(join(folder, 'service-'));
  return startStandalone(readConfiguration({ ...(await environmentFor(dataDir, {})), ...target }));
}

export async function untilReady(service: ServiceUnderTest, limitMs: number): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const { status } = await service.newBrowser().call('/health/ready');
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error('The service on the new stores does not get ready.');
    await sleep(READY_POLL_MS);
  }
}

export function urlOf({ url }: MongoDb, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${database}`;
  return parsed.href;
}

/** Stored answers by the id of their row, as text. */
export async function openAnswers(
  vault: MongoVaultStore | SqliteVaultStore,
  masterKey: string,
): Promise<ReadonlyMap<string, string>> {
  const sealer = new VaultAnswerSealer(new Vault(vault, new MasterKeys([masterKey])));
  const answers = new Map<string, string>();
  for (const { id, sealed } of await vault.list('idempotency', '', 1_000)) {
    const text = sealed === null ? null : await sealer.open(id, sealed);
    if (text !== null) answers.set(id, text);
  }
  return answers;
}

type WithTarget = <Result>(look: (target: Target) => Promise<Result>) => Promise<Result>;

export const positionOfWorkspace = (withTarget: WithTarget, id: string): Promise<string | undefined> =>
  withTarget(async ({ events }) => {
    const found: readonly RecordedEvent[] = await events.readStream(`workspace-${id}`, 0, 10);
    return found.filter(({ metadata }) => metadata.commandId === found[0]?.metadata.commandId).at(-1)?.position;
  });

export const countRows = (withTarget: WithTarget): Promise<number> =>
  withTarget(async ({ rows }) => {
    const copy = { name: accountsReadModel.name, version: accountsReadModel.version, generation: 0, partition: 0 };
    await rows.prepare(accountsReadModel, copy);
    let count = 0;
    for await (const row of rows.scan(copy)) if (row.key.startsWith('socialAccount-')) count += 1;
    return count;
  });
