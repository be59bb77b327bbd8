import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Me, Permission, Problem, Role } from '#contract';
import type { Answer } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { addMember, connectOne, createWorkspace, startConnection } from '../support/service/steps.js';

/** The table of roles: each permission with the roles that have it. */
const TABLE: Readonly<Record<Permission, readonly Role[]>> = {
  'accounts:read': ['owner', 'admin', 'publisher', 'editor', 'contributor', 'viewer', 'auditor'],
  'accounts:connect': ['owner', 'admin', 'publisher'],
  'accounts:update': ['owner', 'admin', 'publisher'],
  'accounts:remove': ['owner', 'admin'],
  'queue:write': ['owner', 'admin', 'publisher'],
  'automations:write': ['owner', 'admin', 'publisher'],
  'posts:draft': ['owner', 'admin', 'publisher', 'editor', 'contributor'],
  'posts:schedule': ['owner', 'admin', 'publisher', 'editor'],
  'posts:publish': ['owner', 'admin', 'publisher'],
  'analytics:read': ['owner', 'admin', 'publisher', 'editor', 'viewer'],
  'easyconnect:manage': ['owner', 'admin'],
  'webhooks:manage': ['owner', 'admin'],
  'members:manage': ['owner', 'admin'],
  'workspace:manage': ['owner', 'admin'],
  'audit:read': ['owner', 'auditor'],
};
const ROLES = TABLE['accounts:read'];
const PERMISSIONS = Object.keys(TABLE) as readonly Permission[];

/** Whatever a role may do in this stage, and a request that asks for it. */
type Deed = readonly [permission: Permission, deed: string, ask: (person: Person) => Promise<Answer>];

describe('roles', () => {
  let service: InProcessService;
  let owner: Person;
  let workspaceId: string;
  let accountId: string;
  let people: ReadonlyMap<Role, Person>;

  beforeAll(async () => {
    service = await InProcessService.start();
    owner = await service.as('olga');
    workspaceId = await createWorkspace(owner);
    const entries = [];
    for (const role of ROLES) {
      await addMember(owner, workspaceId, `a-${role}`, role);
      entries.push([role, await service.as(`a-${role}`)] as const);
    }
    people = new Map(entries);
    accountId = await connectOne(owner, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
  });
  afterAll(() => service.stop());

  const person = (role: Role): Person => people.get(role) ?? owner;
  const path = (rest = ''): string => `/v1/workspaces/${workspaceId}${rest}`;
  const newAccount = () => connectOne(owner, workspaceId, { platform: 'linkedin' }, { identity: 'ben' });

  it.each(ROLES)('M1: %s has the permissions of the table, and no other', async (role) => {
    const { body } = await person(role).get<Me>(path('/me'));
    expect(body.role).toBe(role);
    expect([...body.permissions].sort()).toEqual(PERMISSIONS.filter((one) => TABLE[one].includes(role)).sort());
    expect(body.accountAccess).toBe('all');
  });

  const deeds: readonly Deed[] = [
    ['accounts:read', 'list accounts', (who) => who.get(path('/accounts'))],
    ['accounts:read', 'see an account', (who) => who.get(path(`/accounts/${accountId}`))],
    ['accounts:read', 'see the members', (who) => who.get(path('/members'))],
    ['accounts:connect', 'connect', (who) => who.post(path('/connections'), { platform: 'facebook' })],
    ['accounts:connect', 'reconnect', (who) => who.post(path(`/accounts/${accountId}/reconnect`), {})],
    [
      'accounts:connect',
      'see how an attempt stands',
      async (who) => {
        const { id } = await startConnection(owner, workspaceId, { platform: 'linkedin' });
        return who.get(path(`/connections/${id}`));
      },
    ],
    ['accounts:remove', 'remove', async (who) => who.delete(path(`/accounts/${await newAccount()}`))],
    [
      'members:manage',
      'add a member',
      (who) => who.post(path('/members'), { userId: 'new', role: 'contributor', accountAccess: 'all' }),
    ],
    ['members:manage', 'change a member', (who) => who.patch(path('/members/new'), { role: 'contributor' })],
    [
      'members:manage',
      'remove a member',
      async (who) => {
        await addMember(owner, workspaceId, 'leaving', 'contributor');
        return who.delete(path('/members/leaving'));
      },
    ],
    ['workspace:manage', 'change the settings', (who) => who.patch(path(), { timezone: 'Europe/Paris' })],
  ];

  it.each(deeds)('M1: with %s one may %s, and every other role is refused by its name', async (permission, _, ask) => {
    for (const role of ROLES) {
      const answer = (await ask(person(role))) as Answer<Problem>;
      if (TABLE[permission].includes(role)) {
        expect([role, answer.status < 300]).toEqual([role, true]);
      } else {
        expect([role, answer.status, answer.code]).toEqual([role, 403, 'permission-denied']);
        expect(answer.body.detail).toContain(permission);
      }
    }
  });

  it('M2: every member sees the workspace and what they may do there', async () => {
    for (const role of ROLES) {
      expect((await person(role).get(path())).status).toBe(200);
      expect((await person(role).get(path('/me'))).status).toBe(200);
    }
  });

  it('M2: the permission is asked for before the body is judged', async () => {
    const answer = await person('viewer').post(path('/connections'), { nonsense: true });
    expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
  });

  it('M2: what was acknowledged about a member counts in their next request', async () => {
    await addMember(owner, workspaceId, 'moving', 'viewer');
    const moving = await service.as('moving');
    for (const role of ['publisher', 'viewer', 'admin', 'contributor'] as const) {
      await owner.patch(path('/members/moving'), { role });
      const answer = await moving.post(path('/connections'), { platform: 'facebook' });
      expect([role, answer.status]).toEqual([role, TABLE['accounts:connect'].includes(role) ? 201 : 403]);
    }
    await owner.delete(path('/members/moving'));
    for (const rest of ['', '/me', '/accounts', `/accounts/${accountId}`, '/members']) {
      const answer = await moving.get(path(rest));
      expect([rest, answer.status, answer.code]).toEqual([rest, 404, 'not-found']);
    }
    expect((await moving.get<{ items: readonly unknown[] }>('/v1/workspaces')).body.items).toEqual([]);
  });
});
