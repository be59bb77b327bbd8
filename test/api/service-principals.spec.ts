import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Me, Page, Workspace } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  connect,
  connectOne,
  createWorkspace,
  listAccounts,
  otherIdLike,
  readAccount,
  reconnect,
  removeAccount,
} from '../support/service/steps.js';

const SCOPES = ['commands', 'tokens:issue', 'posts:report', 'analytics:write', 'devices:write', 'audit:read', 'ops'];

describe('service principals', () => {
  let service: InProcessService;
  let olga: Person;
  let mine: string;
  let other: string;
  let accountId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
    mine = await createWorkspace(olga, 'Mine');
    other = await createWorkspace(olga, 'Other');
    accountId = await connectOne(olga, mine, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
  });
  afterAll(() => service.stop());

  const me = async (person: Person, workspaceId = mine) => person.get<Me>(`/v1/workspaces/${workspaceId}/me`);

  it('M1: with commands a service reads, and commands accounts, in the place of a role', async () => {
    const sync = await service.as('sync', { scope: 'openid commands' });
    const { body } = await me(sync);
    expect(body).toMatchObject({ role: null, accountAccess: 'all' });
    expect([...body.permissions].sort()).toEqual(
      [
        ...['accounts:read', 'accounts:connect', 'accounts:update', 'accounts:remove', 'queue:write'],
        ...['automations:write', 'posts:draft', 'posts:schedule', 'posts:publish', 'analytics:read'],
      ].sort(),
    );
    const [id = ''] = await connect(sync, mine, { platform: 'linkedin' }, { identity: 'ben' });
    expect((await reconnect(sync, mine, id, { identity: 'ben' })).status).toBe('completed');
    expect((await readAccount(sync, mine, id)).reconnectedBy).toEqual({ type: 'service', id: 'sync' });
    await removeAccount(sync, mine, id);
    expect((await listAccounts(sync, mine)).counts.all).toBe(1);
  });

  it.each(SCOPES.filter((scope) => scope !== 'commands'))(
    'M2: with %s alone a service neither reads accounts nor commands them',
    async (scope) => {
      const worker = await service.as('worker', { scope });
      const path = `/v1/workspaces/${mine}`;
      const answers = [
        await worker.get(`${path}/accounts`),
        await worker.get(`${path}/accounts/${accountId}`),
        await worker.get(`${path}/members`),
        await worker.post(`${path}/connections`, { platform: 'facebook' }),
        await worker.delete(`${path}/accounts/${accountId}`),
      ];
      for (const answer of answers) expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
      expect((await me(worker)).body.permissions).toEqual(scope === 'audit:read' ? ['audit:read'] : []);
    },
  );

  it('M1: words that are no scope of ours make nobody a service', async () => {
    const person = await service.as('olga', { scope: 'openid profile email accounts:read' });
    expect((await me(person)).body.role).toBe('owner');
  });

  it('M1: a service makes no workspace', async () => {
    const sync = await service.as('sync', { scope: 'commands' });
    const answer = await sync.post('/v1/workspaces', { name: 'Its own', timezone: 'UTC' });
    expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
  });

  it('M1: the claim workspaces opens those alone, to services and to people', async () => {
    for (const session of [{ workspaces: [mine] }, { workspaces: [mine], scope: 'commands' }]) {
      const limited = await service.as('olga', session);
      expect((await me(limited)).status).toBe(200);
      expect((await me(limited, other)).status).toBe(404);
      expect((await limited.get(`/v1/workspaces/${other}`)).code).toBe('not-found');
      const answer = await limited.get<Page<Workspace>>('/v1/workspaces');
      expect(answer.body.items.map(({ id }) => id)).toEqual([mine]);
    }
    const none = await service.as('olga', { workspaces: [] });
    expect((await me(none)).status).toBe(404);
  });

  it('M1: a claim does not open a workspace to somebody who is no member', async () => {
    const stranger = await service.as('stranger', { workspaces: [mine] });
    expect((await me(stranger)).status).toBe(404);
    expect((await stranger.get<Page<Workspace>>('/v1/workspaces')).body.items).toEqual([]);
  });

  it('a workspace that does not exist is 404 for a service, too', async () => {
    const sync = await service.as('sync', { scope: 'commands' });
    expect((await me(sync, otherIdLike(mine))).status).toBe(404);
  });
});
