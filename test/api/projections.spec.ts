import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#event-store-sqlite';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  connect,
  createWorkspace,
  expectStatus,
  listAccounts,
  readAccount,
  removeAccount,
} from '../support/service/steps.js';
import { countTypes, storedEvents } from '../support/service/stored-events.js';

interface Projection {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly head: string | null;
  readonly lag: number;
  readonly lagSeconds: number;
  readonly state: string;
}

interface Parked {
  readonly id: string;
  readonly kind: string;
  readonly projection: string;
  readonly stream: string;
  readonly eventId: string | null;
  readonly nextTryAt: string | null;
}

const LIMIT_MS = 20_000;

async function until<Found>(look: () => Promise<Found | null>): Promise<Found> {
  const deadline = performance.now() + LIMIT_MS;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error('It did not come to that in time.');
    await sleep(50);
  }
}

describe('O4: read models and automations, as operators see and rebuild them', () => {
  let service: InProcessService;
  let olga: Person;
  let operator: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
    operator = await service.as('operator', { scope: 'ops' });
    workspaceId = await createWorkspace(olga);
  });
  afterAll(() => service.stop());

  const projections = async (): Promise<readonly Projection[]> =>
    expectStatus(await operator.get<readonly Projection[]>('/v1/ops/projections'), 200).body;
  const parked = async (): Promise<readonly Parked[]> =>
    expectStatus(await operator.get<{ readonly items: readonly Parked[] }>('/v1/ops/parked'), 200).body.items;

  it('lists each with its lag behind the head', async () => {
    await service.sandbox.rest();
    const found = await projections();
    expect(found.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['accounts', 'watch-token-expiry', 'workspaces']),
    );
    for (const one of found) expect(one).toMatchObject({ lag: 0, lagSeconds: 0, state: 'live', position: one.head });
  });

  it('is for the scope ops alone', async () => {
    for (const path of ['/v1/ops/projections', '/v1/ops/parked']) {
      expect((await olga.get(path)).status).toBe(403);
      expect((await service.newBrowser().call(path)).status).toBe(401);
    }
    expect((await olga.post('/v1/ops/projections/accounts/rebuild')).status).toBe(403);
    expect((await operator.post('/v1/ops/projections/no-such/rebuild')).status).toBe(404);
    expect((await operator.post('/v1/ops/parked/nothing/retry')).status).toBe(404);
    expect((await operator.post('/v1/ops/parked/nothing/skip')).status).toBe(404);
  });

  it('rebuilds every one of them under load: no request fails, nothing is carried out again', async () => {
    const [first = '', second = ''] = await connect(
      olga,
      workspaceId,
      { platform: 'facebook' },
      { pick: ['Ada Bakery', 'Ada Books'] },
    );
    await service.sandbox.advance('P70D');
    let isOver = false;
    let requests = 0;
    const load = (async () => {
      while (!isOver) {
        expectStatus(await olga.patch(`/v1/workspaces/${workspaceId}`, { name: `Name ${requests}` }), 200);
        expect((await listAccounts(olga, workspaceId, 'status=expiring')).items.map(({ id }) => id).sort()).toEqual(
          [first, second].sort(),
        );
        requests += 1;
      }
    })();
    const names = (await projections()).map(({ name }) => name);
    for (const name of names) {
      const { body } = expectStatus(
        await operator.post<{ id: string; revision: number }>(`/v1/ops/projections/${name}/rebuild`),
        202,
      );
      expect(body).toMatchObject({ id: name, revision: 1 });
    }
    await until(async () => ((await projections()).every(({ state }) => state !== 'rebuilding') ? true : null));
    isOver = true;
    await load;
    expect(requests).toBeGreaterThan(3);
    await service.sandbox.rest();
    const events = storedEvents(service.dataDir, workspaceId);
    expect(countTypes(events, 'TokenExpiringSoon', 'ConnectionCompleted', 'GrantObtained')).toEqual([1, 1, 1]);
    expect((await readAccount(olga, workspaceId, first)).token.status).toBe('expiring');
    await service.restart();
    await service.sandbox.rest();
    expect((await listAccounts(olga, workspaceId)).counts.all).toBe(2);
    expect(countTypes(storedEvents(service.dataDir, workspaceId), 'TokenExpiringSoon')).toEqual([1]);
  });

  it('parks the stream of an event that it cannot read, and no other; skipping it lets the stream go on', async () => {
    const [poisoned = '', other = ''] = (await listAccounts(olga, workspaceId)).items.map(({ id }) => id);
    await service.close();
    const events = await SqliteEventStore.open({ dataDir: service.dataDir });
    const stream = `socialAccount-${poisoned}`;
    const last = await events.readLast(stream);
    if (!last) throw new Error('The account has no stream.');
    const poison = { ...last, id: randomUUID(), type: 'AccountOfALaterVersion', sealed: null };
    await events.append(stream, last.revision, [poison]);
    await events.close();
    await service.restart();

    const ofAccounts = async (): Promise<Parked | null> =>
      (await parked()).find(({ projection, kind }) => projection === 'accounts' && kind === 'stream') ?? null;
    const one = await until(ofAccounts);
    expect(one).toMatchObject({ stream, eventId: poison.id });
    expect(await service.metric('parked_streams{name="accounts",partition="0"}')).toBe(1);
    expect(await service.metric('projection_lag_events{name="accounts",partition="0"}')).toBe(0);
    expect((await listAccounts(olga, workspaceId)).counts.all).toBe(2);
    await removeAccount(olga, workspaceId, other);
    await service.sandbox.rest();
    expect((await listAccounts(olga, workspaceId)).items.map(({ id }) => id)).toEqual([poisoned]);

    expectStatus(await operator.post(`/v1/ops/parked/${one.id}/retry`), 200);
    await sleep(500);
    expect(await ofAccounts()).not.toBeNull();
    for (const { id } of await parked()) expectStatus(await operator.post(`/v1/ops/parked/${id}/skip`), 200);
    await until(async () => ((await parked()).length === 0 ? true : null));
    expectStatus(await operator.post('/v1/ops/projections/accounts/rebuild'), 202);
    await until(async () => ((await projections()).every(({ state }) => state === 'live') ? true : null));
    expect(await parked()).toEqual([]);
    expect((await listAccounts(olga, workspaceId)).items.map(({ id }) => id)).toEqual([poisoned]);
  });
});
