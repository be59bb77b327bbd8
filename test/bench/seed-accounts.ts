import { mkdirSync } from 'node:fs';
import { SqliteEventStore } from '#event-store-sqlite';
import {
  eventId,
  idFromName,
  newCommandId,
  newId,
  streamName,
  type EventToAppend,
  type JsonObject,
  type RecordedEvent,
  type StoredRow,
} from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import { accountsReadModel, grant, PLATFORMS, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';

const ROWS_PER_SAVE = 5_000;
const DAY_MS = 86_400_000;
const CONNECTED = ['facebook', 'instagram', 'linkedin', 'x', 'youtube'] as const;

/**
 * Fills a data directory with workspaces of so many accounts each, owned by one user; answers the workspaces' ids.
 * Workspaces are events of the log. The accounts' rows are made by the read model's own `project` and `describe` and saved at
 * the log's head: what a list costs depends on the rows alone, and a million of them are there in a minute or two.
 */
export async function seedAccounts(
  dataDir: string,
  owner: string,
  sizes: readonly number[],
): Promise<readonly string[]> {
  mkdirSync(dataDir, { recursive: true });
  const events = await SqliteEventStore.open({ dataDir });
  const rows = await SqliteReadStore.open({ dataDir });
  const workspaces = sizes.map(() => newId('ws'));
  for (const id of workspaces) await events.append(streamName(workspace, id), 'no-stream', workspaceEvents(id, owner));
  const head = await events.readAll(null, 1_000_000);
  const { name, version } = accountsReadModel;
  const copy = { name, version, generation: 0, partition: 0 };
  await rows.prepare(accountsReadModel, copy);
  const lease = await rows.acquireLease('seed', 'seed', 600_000);
  if (!lease) throw new Error('The store is in use.');
  const save = async (puts: readonly StoredRow[], checkpoint: boolean): Promise<void> => {
    const counts = new Map<string, number>();
    for (const row of puts) for (const counter of row.counters) counts.set(counter, (counts.get(counter) ?? 0) + 1);
    const last = head.events.at(-1);
    const anchor = last ? { position: last.position, eventId: last.id } : null;
    const at = checkpoint ? { position: head.position, anchor } : null;
    await rows.save(copy, lease, { puts, deletes: [], counts, checkpoint: at });
  };
  let waiting: StoredRow[] = [];
  for (const [index, workspaceId] of workspaces.entries()) {
    for (const row of accountRows(workspaceId, sizes[index] ?? 0)) {
      waiting.push(row);
      if (waiting.length >= ROWS_PER_SAVE) {
        await save(waiting, false);
        waiting = [];
      }
    }
  }
  await save(waiting, true);
  await rows.releaseLease(lease);
  await rows.close();
  await events.close();
  return workspaces;
}

/** Accounts with their grants: some ends lie behind, some within the window, most beyond it. */
function* accountRows(workspaceId: string, size: number): Generator<StoredRow> {
  const now = Date.now();
  const window = { kind: 'workspace', expiringWindow: 'P30D' };
  yield row(streamName(workspace, workspaceId), window, new Map());
  for (let index = 0; index < size; index += 1) {
    const commandId = newCommandId();
    const accountId = idFromName('acc', commandId, 'account');
    const grantId = idFromName('grt', commandId, 'grant');
    const expiresAt = new Date(now + ((index % 100) - 10) * DAY_MS + index * 100).toISOString();
    const fed = { kind: 'grant', lifetime: { expiresAt, renewal: 'reconnect' }, expired: null, lastRenewedAt: null };
    const related = new Map<string, JsonObject>([
      [streamName(grant, grantId), fed],
      [streamName(workspace, workspaceId), window],
    ]);
    yield row(streamName(grant, grantId), fed, related);
    yield row(
      streamName(socialAccount, accountId),
      account(workspaceId, accountId, grantId, commandId, index),
      related,
    );
  }
}

function row(key: string, body: JsonObject, related: ReadonlyMap<string, JsonObject>): StoredRow {
  const described = accountsReadModel.describe(key, body as never, related as never, new Date().toISOString());
  const { fields, terms = {}, counters = [], dueAt } = described;
  return { key, body, fields, terms, counters, dueAt };
}

function account(
  workspaceId: string,
  accountId: string,
  grantId: string,
  commandId: string,
  index: number,
): JsonObject {
  const platform = CONNECTED[index % CONNECTED.length] ?? PLATFORMS[0];
  const at = new Date(Date.now() - index * 1_000).toISOString();
  const data = {
    ...{
      workspaceId,
      platform,
      type: 'page',
      method: 'direct',
      grantId,
      attemptId: 'con',
      consentAt: at,
      connectedAt: at,
    },
    ...{
      connectedBy: { type: 'user', id: 'bench' },
      easyConnectLinkId: null,
      profileDigest: '',
      granted: [],
      missing: [],
    },
  };
  const personal = {
    externalId: `${index}`,
    name: `Account ${(index * 7_919) % 1_000_003}`,
    handle: `account.${index}`,
    pictureUrl: null,
    profileUrl: null,
  };
  const event = { type: 'AccountConnected', data };
  const stream = streamName(socialAccount, accountId);
  const recorded = {
    stream,
    revision: 0,
    metadata: { workspaceId },
    id: eventId(commandId, stream, 0),
  } as unknown as RecordedEvent;
  const made = accountsReadModel.project(null, { event, personal, recorded });
  if (made === null) throw new Error('AccountConnected makes a row.');
  return made;
}

function workspaceEvents(id: string, owner: string): readonly EventToAppend[] {
  const commandId = newCommandId();
  const at = new Date().toISOString();
  const actor = { type: 'user' as const, id: owner };
  const metadata = {
    occurredAt: at,
    workspaceId: id,
    actor,
    commandId,
    $correlationId: commandId,
    $causationId: commandId,
    subjects: [id],
  };
  const stream = streamName(workspace, id);
  const settings = {
    timezone: 'UTC',
    expiringWindow: 'P30D',
    noticeSteps: ['P30D', 'P7D', 'P1D'],
    nameDigest: '',
    createdAt: at,
  };
  const member = { userId: owner, role: 'owner', access: 'all', accountIds: [], count: 0, addedAt: at };
  return [
    { type: 'WorkspaceCreated', data: settings },
    { type: 'MemberAdded', data: member },
  ].map(({ type, data }, index) => ({
    id: eventId(commandId, stream, index),
    type,
    version: 1,
    data,
    sealed: null,
    metadata,
  }));
}
