import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Problem } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  addMember,
  attempt,
  connect,
  connectOne,
  createWorkspace,
  listAccounts,
  otherIdLike,
  readAccount,
  reconnect,
  select,
} from '../support/service/steps.js';
import { countTypes, storedEvents } from '../support/service/stored-events.js';

const FACEBOOK = { platform: 'facebook' };
const VIA_FACEBOOK = { platform: 'instagram', method: 'via-facebook' };
const WITHOUT_PORTFOLIO = [
  'pages_show_list',
  'pages_read_engagement',
  'pages_manage_posts',
  'pages_manage_engagement',
  'read_insights',
  'instagram_basic',
  'instagram_content_publish',
];

describe('reconnecting', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(paula);
  });
  afterEach(async () => {
    for (const name of ['Ada Bakery', 'Ada Books', 'Ada Travel']) {
      await service.sandbox.order({ do: 'restore-page', name });
    }
    await service.sandbox.reset();
  });
  afterAll(() => service.stop());

  const account = (id: string) => readAccount(paula, workspaceId, id);
  const pages = (...pick: readonly string[]) => connect(paula, workspaceId, FACEBOOK, { pick });
  const healthOf = async (id: string) => (await account(id)).token.health;

  describe('in place', () => {
    it('T7: keeps the account, whoever of the team does it, and says who and when', async () => {
      const [id = ''] = await pages('Ada Bakery');
      const before = await account(id);
      await addMember(paula, workspaceId, 'otto', 'publisher');
      await service.sandbox.advance('P91D');
      expect((await account(id)).token).toMatchObject({ status: 'expired', health: 'lapsed', daysLeft: 0 });
      const connection = await reconnect(await service.as('otto'), workspaceId, id);
      expect(connection).toMatchObject({ status: 'completed', purpose: 'reconnect', accountIds: [id] });
      const after = await account(id);
      expect(after).toMatchObject({
        ...{ id, externalId: before.externalId, queue: before.queue, counts: before.counts },
        ...{ connectedAt: before.connectedAt, connectedBy: { type: 'user', id: 'paula' } },
        reconnectedBy: { type: 'user', id: 'otto' },
      });
      expect(Date.parse(after.reconnectedAt ?? '')).toBeGreaterThan(Date.parse(before.connectedAt));
      expect(after.token).toMatchObject({ status: 'valid', health: 'ok', daysLeft: 90 });
    });

    it('T7: the same by POST /connections with reconnectAccountId', async () => {
      const [id = ''] = await pages('Ada Bakery');
      const connection = await attempt(paula, workspaceId, { ...FACEBOOK, reconnectAccountId: id });
      expect(connection).toMatchObject({ status: 'completed', purpose: 'reconnect', accountIds: [id] });
    });

    it('T7: another person than the one whose grant it is, is refused as different-identity', async () => {
      const [id = ''] = await pages('Ada Bakery');
      const before = await account(id);
      const connection = await reconnect(paula, workspaceId, id, { identity: 'ben' });
      expect(connection).toMatchObject({ status: 'failed', failure: { code: 'different-identity' } });
      expect(await account(id)).toEqual(before);
    });

    it.each([
      ['instagram', { platform: 'instagram', method: 'direct' }],
      ['linkedin', { platform: 'linkedin', accountType: 'profile' }],
    ])('T7: %s, too, takes no other identity', async (_, request) => {
      const id = await connectOne(paula, workspaceId, request, { identity: 'ben' });
      const connection = await reconnect(paula, workspaceId, id, { identity: 'cho' });
      expect(connection).toMatchObject({ status: 'failed', failure: { code: 'different-identity' } });
      expect((await listAccounts(paula, workspaceId)).counts.all).toBe(1);
    });

    it('T7: whoever reaches the account may heal it: it then follows that grant', async () => {
      const id = await connectOne(paula, workspaceId, { platform: 'instagram', method: 'direct' });
      const before = await account(id);
      const connection = await reconnect(paula, workspaceId, id, {}, { method: 'via-facebook' });
      expect(connection).toMatchObject({ status: 'completed', method: 'via-facebook', accountIds: [id] });
      expect((await account(id)).grantId).not.toBe(before.grantId);
    });

    it('C8: a Page that its person no longer has fails as account-not-offered', async () => {
      const [id = ''] = await pages('Ada Books', 'Ada Bakery');
      await service.sandbox.order({ do: 'drop-page', name: 'Ada Books' });
      const connection = await reconnect(paula, workspaceId, id);
      expect(connection).toMatchObject({ status: 'failed', failure: { code: 'account-not-offered' } });
    });

    it('C8: without a scope that it cannot work without it fails as missing-permissions', async () => {
      const [id = ''] = await pages('Ada Bakery');
      const before = await account(id);
      const connection = await reconnect(paula, workspaceId, id, {
        scopes: ['pages_show_list', 'pages_read_engagement', 'business_management'],
      });
      expect(connection).toMatchObject({ status: 'failed', failure: { code: 'missing-permissions' } });
      expect(await account(id)).toEqual(before);
    });

    it('C8: listed but without the right to post it fails as missing-permissions', async () => {
      const [id = ''] = await pages('Ada Bakery');
      await service.sandbox.order({ do: 'page-tasks', name: 'Ada Bakery', tasks: ['ANALYZE'] });
      const connection = await reconnect(paula, workspaceId, id);
      expect(connection).toMatchObject({ status: 'failed', failure: { code: 'missing-permissions' } });
    });

    it('T7: an account of another platform, or of nobody, is refused', async () => {
      const [id = ''] = await pages('Ada Bakery');
      const path = `/v1/workspaces/${workspaceId}/connections`;
      const other = await paula.post<Problem>(path, { platform: 'linkedin', reconnectAccountId: id });
      expect([other.status, other.code, other.body.errors?.[0]?.path]).toEqual([400, 'validation-failed', 'platform']);
      const nobody = await paula.post(path, { ...FACEBOOK, reconnectAccountId: otherIdLike(id) });
      expect([nobody.status, nobody.code]).toEqual([404, 'not-found']);
      expect((await paula.post(path, { ...FACEBOOK, reconnectAccountId: 'acc_x' })).code).toBe('not-found');
    });
  });

  describe("the login's other accounts", () => {
    it('C6: one consent renews every account of that login', async () => {
      const [bakery = '', books = ''] = await pages('Ada Bakery', 'Ada Books');
      const instagram = await connectOne(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.books'] });
      const benBikes = await connectOne(paula, workspaceId, FACEBOOK, { identity: 'ben', pick: ['Ben Bikes'] });
      await service.sandbox.advance('P91D');
      expect((await listAccounts(paula, workspaceId)).counts).toMatchObject({ expired: 4, valid: 0 });
      await reconnect(paula, workspaceId, bakery);
      expect(await Promise.all([bakery, books, instagram, benBikes].map(healthOf))).toEqual([
        'ok',
        'ok',
        'ok',
        'lapsed',
      ]);
      const healed = await account(books);
      expect([healed.reconnectedAt, healed.reconnectedBy]).toEqual([null, null]);
      expect(healed.token.lastRenewedAt).not.toBeNull();
    });

    it('C6: whatever the attempt was for: an Instagram attempt heals the Pages', async () => {
      const [bakery = ''] = await pages('Ada Bakery');
      const instagram = await connectOne(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.books'] });
      await service.sandbox.advance('P91D');
      await reconnect(paula, workspaceId, instagram);
      expect(await healthOf(bakery)).toBe('ok');
    });

    it('C6: connecting something more renews what is there', async () => {
      const [bakery = ''] = await pages('Ada Bakery');
      await service.sandbox.advance('P70D');
      expect((await account(bakery)).token.status).toBe('expiring');
      await pages('Ada Travel');
      expect((await account(bakery)).token).toMatchObject({ status: 'valid', daysLeft: 90 });
    });

    it('C6: one that a complete listing leaves out has lost its access, and has it again when it is back', async () => {
      const [bakery = '', books = ''] = await pages('Ada Bakery', 'Ada Books');
      await service.sandbox.order({ do: 'drop-page', name: 'Ada Books' });
      await reconnect(paula, workspaceId, bakery);
      const lost = await account(books);
      expect(lost.token).toMatchObject({ status: 'expired', health: 'access-lost' });
      expect((await listAccounts(paula, workspaceId, 'health=access-lost')).items.map(({ id }) => id)).toEqual([books]);
      await service.sandbox.order({ do: 'restore-page', name: 'Ada Books' });
      await reconnect(paula, workspaceId, bakery);
      expect(await healthOf(books)).toBe('ok');
      const events = storedEvents(service.dataDir, workspaceId);
      expect(countTypes(events, 'AccountAccessLost', 'AccountAccessRestored')).toEqual([1, 1]);
    });

    it('C6: a scope that it cannot work without, taken away, is access lost', async () => {
      const [bakery = ''] = await pages('Ada Bakery');
      const instagram = await connectOne(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.bakery'] });
      await reconnect(paula, workspaceId, bakery, {
        scopes: ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts', 'business_management'],
      });
      expect(await healthOf(instagram)).toBe('access-lost');
      expect((await account(bakery)).token.status).toBe('valid');
    });

    it('C6: a scope that only some features need, given or taken, changes the permissions of all', async () => {
      const [bakery = '', books = ''] = await pages('Ada Bakery', 'Ada Books');
      expect((await account(books)).permissions.missing).toEqual([]);
      await reconnect(paula, workspaceId, bakery, {
        scopes: ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts', 'business_management'],
      });
      expect((await account(books)).permissions.missing.slice().sort()).toEqual([
        'pages_manage_engagement',
        'read_insights',
      ]);
      expect(await healthOf(books)).toBe('missing-permissions');
      await reconnect(paula, workspaceId, bakery);
      expect(await healthOf(books)).toBe('ok');
      expect(countTypes(storedEvents(service.dataDir, workspaceId), 'PermissionsChanged')).toEqual([2]);
    });

    it.each([
      ['still reaches it', false, 'ok'],
      ['refuses it', true, 'access-lost'],
    ])(
      'C6: a listing with a part missing judges nobody: the platform is asked, and %s',
      async (_, isDropped, health) => {
        const [bakery = '', travel = ''] = await pages('Ada Bakery', 'Ada Travel');
        if (isDropped) await service.sandbox.order({ do: 'drop-page', name: 'Ada Travel' });
        const before = (await service.sandbox.calls()).length;
        await reconnect(paula, workspaceId, bakery, { scopes: WITHOUT_PORTFOLIO });
        const { externalId } = await account(travel);
        const calls = (await service.sandbox.calls()).slice(before);
        expect(calls.filter(({ path }) => path.endsWith(`/${externalId}`))).toHaveLength(1);
        expect(await healthOf(travel)).toBe(health);
      },
    );
  });

  describe('the newest consent', () => {
    it('C6: owns the account: an older attempt that is finished later changes nothing of it', async () => {
      const [bakery = ''] = await pages('Ada Bakery');
      await addMember(paula, workspaceId, 'otto', 'admin');
      const otto = await service.as('otto');
      const older = await attempt(otto, workspaceId, FACEBOOK);
      await service.sandbox.advance('PT1M');
      const newer = await attempt(paula, workspaceId, FACEBOOK);
      await select(paula, workspaceId, newer, ['Ada Bakery']);
      const owned = await account(bakery);
      await select(otto, workspaceId, older, ['Ada Bakery', 'Ada Travel']);
      expect(await account(bakery)).toMatchObject({
        token: owned.token,
        reconnectedAt: owned.reconnectedAt,
        reconnectedBy: { type: 'user', id: 'paula' },
      });
      const renewals = storedEvents(service.dataDir, workspaceId).filter(({ type }) => type === 'GrantRenewed');
      expect(renewals.map(({ data }) => data['attemptId'])).toEqual([newer.id]);
      expect((await listAccounts(paula, workspaceId)).items.map(({ name }) => name)).toEqual([
        'Ada Bakery',
        'Ada Travel',
      ]);
    });

    it('a new name is taken over on reconnect, and noted only when something changed', async () => {
      const [bakery = ''] = await pages('Ada Bakery');
      await reconnect(paula, workspaceId, bakery);
      expect(countTypes(storedEvents(service.dataDir, workspaceId), 'AccountProfileUpdated')).toEqual([0]);
      await service.sandbox.order({ do: 'rename', platform: 'facebook', name: 'Ada Bakery', to: 'Ada Patisserie' });
      await reconnect(paula, workspaceId, bakery);
      expect((await account(bakery)).name).toBe('Ada Patisserie');
      expect(countTypes(storedEvents(service.dataDir, workspaceId), 'AccountProfileUpdated')).toEqual([1]);
      expect((await listAccounts(paula, workspaceId, 'q=patis')).counts.all).toBe(1);
    });
  });
});
