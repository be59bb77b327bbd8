import { expect } from '@jest/globals';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import type { Parts } from './compose.js';
import type { Consent, Stage } from './stage.js';

/** What must hold in a workspace whenever everything has come to rest. */
export async function expectConsistent(stage: Stage): Promise<void> {
  const { parts } = stage.process();
  const { streams } = parts;
  const accounts = await load(stage, 'socialAccount', (id) => streams.load(socialAccount, id));
  const grants = await load(stage, 'grant', (id) => streams.load(grant, id));
  const live = accounts.filter(([, { removed }]) => !removed);

  for (const [id, { attached, revoked }] of grants) {
    const fed = live.filter(([, { grantId }]) => grantId === id).map(([accountId]) => accountId);
    // Exactly the live accounts that name the grant are attached to it, and an empty grant has ended.
    expect([id, [...attached.keys()].sort(), revoked]).toEqual([id, fed.sort(), fed.length === 0]);
    await expectSecrets(stage, parts, id);
  }
  for (const [id, { grantId }] of live)
    expect([id, grants.map(([one]) => one)]).toEqual([id, expect.arrayContaining([grantId])]);
  await expectClaims(stage, parts, live);
  for (const consent of stage.consents) await expectEnded(stage, parts, consent, accounts);
}

type Loaded<State> = readonly (readonly [string, State])[];

async function load<State>(
  stage: Stage,
  category: string,
  one: (id: string) => Promise<{ readonly state: State }>,
): Promise<Loaded<State>> {
  const ids = await stage.ids(category);
  return Promise.all(ids.map(async (id) => [id, (await one(id)).state] as const));
}

/** A living grant holds the secrets of its newest consent alone; an ended one was revoked with them, and holds none. */
async function expectSecrets(stage: Stage, { streams, secrets, vault }: Parts, grantId: string): Promise<void> {
  const { state } = await streams.load(grant, grantId);
  const rows = (await vault.store.list('grant-secret', `${grantId}/`, 99)).map(({ id }) => id);
  const current = await secrets.current(grantId);
  if (state.revoked) {
    expect([rows, await vault.existingKey(grantId)]).toEqual([[], 'destroyed']);
    return;
  }
  const newest = stage.consents.find(({ connectionId }) => connectionId === state.attemptId);
  expect(rows).toEqual([`${grantId}/${state.attemptId}`]);
  expect(current?.use((text) => text)).toBe(newest?.secret);
  const history = await streams.history(grant, grantId);
  const taken = history.flatMap(({ data }) => (typeof data['consentAt'] === 'string' ? [data['consentAt']] : []));
  expect(state.consentAt).toBe(taken.sort().at(-1));
}

/** One live account for each page, owned by its claim; one living grant for each person. */
async function expectClaims(stage: Stage, parts: Parts, live: Loaded<object>): Promise<void> {
  const { claims, secrets, streams, vault } = parts;
  const pages = await Promise.all(live.map(async ([id]) => [await secrets.externalIdOf(id), id] as const));
  expect(new Set(pages.map(([page]) => page)).size).toBe(live.length);
  for (const [page, id] of pages) {
    expect(await claims.findAccount(stage.workspaceId, 'facebook', page ?? '')).toBe(id);
  }
  const known = new Set(live.map(([id]) => id));
  const owners = (await vault.store.list('claim', `${stage.workspaceId}/`, 99)).map(({ value }) =>
    String(value['owner']),
  );
  // What has ended claims nothing; what was claimed and never written may still be taken over.
  const written = new Set(await stage.ids('socialAccount'));
  expect(owners.filter((owner) => written.has(owner) && !known.has(owner))).toEqual([]);
  for (const person of new Set(stage.consents.map((consent) => consent.person))) {
    const owner = await claims.findGrant(stage.workspaceId, 'facebook', person);
    if (owner !== null) expect((await streams.load(grant, owner)).state.revoked).toBe(false);
  }
}

/** An attempt that was selected has ended: with all of its accounts but those removed since, or with none. */
async function expectEnded(
  stage: Stage,
  { streams, vault }: Parts,
  { connectionId }: Consent,
  accounts: Loaded<{ readonly removed: boolean }>,
): Promise<void> {
  const { state } = await streams.load(connection, connectionId);
  if (state.status === 'authorized') return;
  expect(await vault.existingKey(connectionId)).toBe('destroyed');
  const known = new Map(accounts);
  const written = state.choices.map(({ accountId }) => known.has(accountId));
  if (state.status === 'failed') {
    expect([state.failure, state.accountIds]).toEqual(['account-removed', []]);
    expect(state.choices.every(({ accountId }) => known.get(accountId)?.removed === true)).toBe(true);
    return;
  }
  expect([state.status, written]).toEqual(['completed', state.choices.map(() => true)]);
  const missing = state.choices.filter(({ accountId }) => !state.accountIds.includes(accountId));
  expect(missing.filter(({ accountId }) => known.get(accountId)?.removed !== true)).toEqual([]);
  await expectAccess(stage, streams, state);
}

/** What a limited member connected is in that member's access. */
async function expectAccess(
  { workspaceId }: Stage,
  streams: Parts['streams'],
  state: (typeof connection)['initial'],
): Promise<void> {
  const member = (await streams.load(workspace, workspaceId)).state.members.get(state.facts?.startedBy.id ?? '');
  const connected = state.choices.filter(({ outcome }) => outcome === 'connected').map(({ accountId }) => accountId);
  const seen = connected.filter((id) => state.accountIds.includes(id));
  if (member && member.access !== 'all') expect([...member.access]).toEqual(expect.arrayContaining(seen));
}
