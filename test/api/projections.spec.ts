import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#event-store-sqlite';
import { InProcessService } from '../support/service/in-process-service.js';
import { Operator } from '../support/service/operator.js';
import type { Person } from '../support/service/person.js';
import { appendPoison } from '../support/service/poison.js';
import {
  connect,
  createWorkspace,
  expectStatus,
  listAccounts,
  readAccount,
  removeAccount,
} from '../support/service/steps.js';
import { countTypes, storedEvents } from '../support/service/stored-events.js';

describe('read models and automations, as operators see and rebuild them', () => {
  let service: InProcessService;
  let olga: Person;
  let operator: Operator;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
    operator = await Operator.of(service);
    workspaceId = await createWorkspace(olga);
  });
  afterAll(() => service.stop());

  it('lists each with its lag behind the head', async () => {
    await service.sandbox.rest();
    const found = await operator.projections();
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
    expect((await operator.person.post('/v1/ops/projections/no-such/rebuild')).status).toBe(404);
    expect((await operator.person.post('/v1/ops/parked/nothing/retry')).status).toBe(404);
    expect((await operator.person.post('/v1/ops/parked/nothing/skip')).status).toBe(404);
  });

  it('O4: rebuilds every one of them under load: no request fails, nothing is carried out again', async () => {
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
    const names = (await operator.projections()).map(({ name }) => name);
    for (const name of names) expect(await operator.rebuild(name)).toBe(1);
    await operator.untilSwitched();
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

  it('O4: parks the stream of an event that it cannot read, and no other; skipping it lets the stream go on', async () => {
    const [poisoned = '', other = ''] = (await listAccounts(olga, workspaceId)).items.map(({ id }) => id);
    await service.close();
    const events = await SqliteEventStore.open({ dataDir: service.dataDir });
    const stream = `socialAccount-${poisoned}`;
    const eventId = await appendPoison(events, stream);
    await events.close();
    await service.restart();

    const one = await operator.untilGivenUp('accounts');
    expect(one).toMatchObject({ stream, eventId });
    expect(await service.metric('parked_streams{name="accounts",partition="0"}')).toBe(1);
    expect(await service.metric('projection_lag_events{name="accounts",partition="0"}')).toBe(0);
    expect((await listAccounts(olga, workspaceId)).counts.all).toBe(2);
    await removeAccount(olga, workspaceId, other);
    await service.sandbox.rest();
    expect((await listAccounts(olga, workspaceId)).items.map(({ id }) => id)).toEqual([poisoned]);

    await operator.retry(one.id);
    await operator.untilTriedAnew(one);
    for (const { id } of await operator.parked()) await operator.skip(id);
    await operator.untilNothingIsParked();
    await operator.rebuild('accounts');
    await operator.untilLive();
    expect(await operator.parked()).toEqual([]);
    expect((await listAccounts(olga, workspaceId)).items.map(({ id }) => id)).toEqual([poisoned]);
  });
});
