import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Me, Member, Page, Problem, Role } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { addMember, connect, createWorkspace } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

const ROLES = ['owner', 'admin', 'publisher', 'editor', 'contributor', 'viewer', 'auditor'] as const;
const UNKNOWN_ACCOUNT = 'acc_01hf3m7z8kfw2r5x9d4c6b1n0a';

describe('members', () => {
  let service: InProcessService;
  let olga: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(olga);
  });
  afterAll(() => service.stop());

  const path = (rest = ''): string => `/v1/workspaces/${workspaceId}/members${rest}`;
  const members = async (): Promise<readonly Member[]> => (await olga.get<Page<Member>>(path())).body.items;
  const memberOf = async (userId: string) => (await members()).find((member) => member.userId === userId);
  const member = async (userId: string, role: Role, access: Member['accountAccess'] = 'all'): Promise<Person> => {
    await addMember(olga, workspaceId, userId, role, access);
    return service.as(userId);
  };

  it('M1: whoever makes a workspace owns it, and members are listed with role, access and day', async () => {
    await member('eva', 'editor', []);
    expect(await members()).toEqual([
      { userId: 'eva', role: 'editor', accountAccess: [], addedAt: expect.stringMatching(/Z$/) },
      { userId: 'olga', role: 'owner', accountAccess: 'all', addedAt: expect.stringMatching(/Z$/) },
    ]);
  });

  it('M1: adding one that is there gives this role and access; the same again writes nothing', async () => {
    await member('eva', 'editor');
    const body = { userId: 'eva', role: 'viewer', accountAccess: [UNKNOWN_ACCOUNT] };
    const first = await olga.post<{ revision: number }>(path(), body);
    const again = await olga.post<{ revision: number }>(path(), body);
    expect([first.status, again.status, again.body.revision]).toEqual([200, 200, first.body.revision]);
    expect(await memberOf('eva')).toMatchObject({ role: 'viewer', accountAccess: [UNKNOWN_ACCOUNT] });
  });

  it('M1: role and access change each for itself', async () => {
    await member('eva', 'editor', [UNKNOWN_ACCOUNT]);
    await olga.patch(path('/eva'), { role: 'viewer' });
    expect(await memberOf('eva')).toMatchObject({ role: 'viewer', accountAccess: [UNKNOWN_ACCOUNT] });
    await olga.patch(path('/eva'), { accountAccess: 'all' });
    expect(await memberOf('eva')).toMatchObject({ role: 'viewer', accountAccess: 'all' });
    await olga.patch(path('/eva'), { accountAccess: [] });
    expect(await memberOf('eva')).toMatchObject({ role: 'viewer', accountAccess: [] });
  });

  it('M1: access to 5,000 accounts is written in parts and read as one', async () => {
    const ids = Array.from({ length: 5_000 }, (_, index) => {
      const end = index.toString(32).replace(/[ilou]/g, (letter) => ({ i: 'w', l: 'x', o: 'y', u: 'z' })[letter] ?? '');
      return `acc_01hf3m7z8kfw2r5x9d4c6${end.padStart(5, '0')}`;
    });
    await member('eva', 'viewer', ids);
    expect(new Set((await memberOf('eva'))?.accountAccess)).toEqual(new Set(ids));
    await olga.patch(path('/eva'), { accountAccess: ids.slice(4_000) });
    expect(new Set((await memberOf('eva'))?.accountAccess)).toEqual(new Set(ids.slice(4_000)));
    for (const { data } of storedEvents(service.dataDir, workspaceId)) {
      for (const list of Object.values(data)) if (Array.isArray(list)) expect(list.length).toBeLessThanOrEqual(200);
    }
    const tooMany = await olga.patch(path('/eva'), { accountAccess: [...ids, UNKNOWN_ACCOUNT] });
    expect([tooMany.status, tooMany.code]).toEqual([400, 'validation-failed']);
  });

  it.each([
    ['role', { userId: 'eva', role: 'boss', accountAccess: 'all' }],
    ['role', { userId: 'eva', accountAccess: 'all' }],
    ['userId', { userId: '', role: 'viewer', accountAccess: 'all' }],
    ['userId', { userId: 'x'.repeat(201), role: 'viewer', accountAccess: 'all' }],
    ['userId', { userId: 'a\nb', role: 'viewer', accountAccess: 'all' }],
    ['userId', { userId: 7, role: 'viewer', accountAccess: 'all' }],
    ['accountAccess', { userId: 'eva', role: 'viewer', accountAccess: 'some' }],
    ['accountAccess', { userId: 'eva', role: 'viewer', accountAccess: ['ws_1'] }],
    ['accountAccess', { userId: 'eva', role: 'viewer' }],
    ['owner', { userId: 'eva', role: 'viewer', accountAccess: 'all', owner: true }],
  ])('M1: refuses a %s that is none: %j', async (field, body) => {
    const answer = await olga.post<Problem>(path(), body);
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([400, 'validation-failed', field]);
    expect(await members()).toHaveLength(1);
  });

  it('M1: nobody is changed or removed who is not there', async () => {
    for (const answer of [await olga.patch(path('/nobody'), { role: 'viewer' }), await olga.delete(path('/nobody'))]) {
      expect([answer.status, answer.code]).toEqual([404, 'not-found']);
    }
  });

  it('M1: a user id of any characters works in the path', async () => {
    const userId = 'auth0|Ünï/code?#%&=+ 1';
    await member(userId, 'viewer');
    expect((await olga.patch(path(`/${encodeURIComponent(userId)}`), { role: 'editor' })).status).toBe(200);
    expect(await memberOf(userId)).toMatchObject({ role: 'editor' });
    const they = await service.as(userId);
    expect((await they.get<Me>(`/v1/workspaces/${workspaceId}/me`)).body.role).toBe('editor');
  });

  it('M3: the last owner is neither removed nor demoted, by nobody', async () => {
    const refused = [
      await olga.delete(path('/olga')),
      await olga.patch(path('/olga'), { role: 'admin' }),
      await olga.post(path(), { userId: 'olga', role: 'viewer', accountAccess: 'all' }),
    ];
    for (const answer of refused) expect([answer.status, answer.code]).toEqual([409, 'last-owner']);
    const second = await member('otto', 'owner');
    expect((await second.patch(path('/olga'), { role: 'admin' })).status).toBe(200);
    expect((await second.delete(path('/otto'))).code).toBe('last-owner');
  });

  it('M3: of two owners who remove each other at once one stays', async () => {
    const otto = await member('otto', 'owner');
    const answers = await Promise.all([olga.delete(path('/otto')), otto.delete(path('/olga'))]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    const left = storedEvents(service.dataDir, workspaceId).filter(({ type }) => type === 'MemberRemoved');
    expect(left).toHaveLength(1);
  });

  describe('nobody climbs', () => {
    const forbidden: readonly Role[] = ['owner', 'auditor'];

    it.each(ROLES)('M1: an admin may give the role %s only when its permissions are theirs', async (role) => {
      const admin = await member('ada-admin', 'admin');
      await member('eva', 'contributor');
      const added = await admin.post(path(), { userId: 'new', role, accountAccess: 'all' });
      const changed = await admin.patch(path('/eva'), { role });
      const expected = forbidden.includes(role) ? [403, 403] : [200, 200];
      expect([added.status, changed.status]).toEqual(expected);
      if (forbidden.includes(role)) expect([added.code, changed.code]).toEqual(Array(2).fill('permission-denied'));
    });

    it.each(ROLES)('M1: an admin may change and remove a member with the role %s only likewise', async (role) => {
      const admin = await member('ada-admin', 'admin');
      await member('target', role);
      const changed = await admin.patch(path('/target'), { role: 'contributor' });
      const limited = await admin.patch(path('/target'), { accountAccess: [] });
      const removed = await admin.delete(path('/target'));
      const expected = forbidden.includes(role) ? [403, 403, 403] : [200, 200, 200];
      expect([changed.status, limited.status, removed.status]).toEqual(expected);
    });

    it('M1: an admin makes no owner of themselves', async () => {
      const admin = await member('ada-admin', 'admin');
      expect((await admin.patch(path('/ada-admin'), { role: 'owner' })).code).toBe('permission-denied');
      const again = await admin.post(path(), { userId: 'ada-admin', role: 'owner', accountAccess: 'all' });
      expect(again.code).toBe('permission-denied');
    });

    it('M1: an owner gives and takes every role', async () => {
      for (const role of ROLES) {
        await member('target', role);
        expect(await memberOf('target')).toMatchObject({ role });
      }
    });

    it('M1: an admin with some accounts gives and takes access to those alone', async () => {
      const [bakery = '', books = ''] = await connect(
        olga,
        workspaceId,
        { platform: 'facebook' },
        { pick: ['Ada Bakery', 'Ada Books'] },
      );
      const admin = await member('ada-admin', 'admin', [bakery]);
      await member('eva', 'viewer', [bakery, books]);
      await member('emil', 'viewer', [bakery]);
      const patch = (userId: string, accountAccess: Member['accountAccess']) =>
        admin.patch(path(`/${userId}`), { accountAccess });
      const statuses = [
        (await patch('emil', [])).status,
        (await patch('emil', [bakery])).status,
        (await patch('emil', [books])).status,
        (await patch('emil', 'all')).status,
        (await patch('eva', [books])).status,
        (await patch('eva', [])).status,
        (await patch('ada-admin', 'all')).status,
        (await patch('ada-admin', [bakery, books])).status,
        (await admin.delete(path('/eva'))).status,
        (await admin.post(path(), { userId: 'new', role: 'viewer', accountAccess: 'all' })).status,
        (await admin.post(path(), { userId: 'new', role: 'viewer', accountAccess: [bakery] })).status,
      ];
      expect(statuses).toEqual([200, 200, 403, 403, 403, 403, 403, 403, 403, 403, 200]);
    });

    it('M1: no service manages members or workspaces', async () => {
      const sync = await service.as('sync', { scope: 'commands audit:read ops' });
      const answers = [
        await sync.post(path(), { userId: 'new', role: 'viewer', accountAccess: 'all' }),
        await sync.delete(path('/olga')),
        await sync.patch(`/v1/workspaces/${workspaceId}`, { name: 'Mine' }),
      ];
      for (const answer of answers) expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
    });
  });
});
