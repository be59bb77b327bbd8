import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { connectOne, createWorkspace, otherIdLike, readAccount, reconnect } from '../support/service/steps.js';

const DAY_S = 86_400;
const DAY_MS = 86_400_000;
const ISO_INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
const FACEBOOK = { platform: 'facebook' };

/** The form of a value: names of fields with the forms of theirs. */
const formOf = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(
        Object.entries(value)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, item]) => [name, formOf(item)]),
      )
    : value === null
      ? 'null'
      : Array.isArray(value)
        ? 'array'
        : typeof value;

describe('the details of an account', () => {
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
  afterEach(() => service.sandbox.reset());
  afterAll(() => service.stop());

  it('D1: has exactly the fields that the API promises', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    expect(formOf(await readAccount(paula, workspaceId, id))).toEqual(
      formOf({
        ...{ id: '', workspaceId: '', platform: '', type: '', method: '', externalId: '', name: '', handle: '' },
        ...{ pictureUrl: '', profileUrl: '' },
        token: {
          ...{ status: '', health: '', expiresAt: '', daysLeft: 0, renewal: '', lastRenewedAt: null, label: '' },
        },
        permissions: { granted: [], missing: [] },
        grantId: '',
        connectedAt: '',
        connectedBy: { type: '', id: '' },
        ...{ reconnectedAt: null, reconnectedBy: null, easyConnectLinkId: null, location: null },
        devices: { active: 0, expired: 0 },
        queue: { paused: false, postsPerWeek: 0, queued: 0, nextSlotAt: null },
        counts: { scheduledPosts: 0, drafts: 0, failedPosts: 0, automations: 0 },
        revision: 0,
      }),
    );
  });

  it('D1: tells what the platform told, who connected it and when', async () => {
    const before = await service.sandbox.now();
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const account = await readAccount(paula, workspaceId, id);
    expect(account).toMatchObject({
      ...{ id, workspaceId, platform: 'facebook', type: 'page', method: 'direct' },
      ...{ externalId: '100200300400001', name: 'Ada Bakery' },
      connectedBy: { type: 'user', id: 'paula' },
      permissions: { missing: [] },
    });
    expect(account.permissions.granted).toEqual(
      expect.arrayContaining(['pages_show_list', 'pages_read_engagement', 'pages_manage_posts', 'read_insights']),
    );
    expect(account.pictureUrl).toMatch(/^http/);
    expect(account.connectedAt).toMatch(ISO_INSTANT);
    expect(Date.parse(account.connectedAt)).toBeGreaterThanOrEqual(before.getTime());
    expect(account.grantId).toMatch(/^grt_/);
  });

  it('D1: is the same in the list, and its revision is the ETag', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const answer = await paula.get<{ revision: number }>(`/v1/workspaces/${workspaceId}/accounts/${id}`);
    const list = await paula.get<{ items: readonly unknown[] }>(`/v1/workspaces/${workspaceId}/accounts`);
    expect(list.body.items).toEqual([answer.body]);
    expect(answer.headers.get('etag')).toBe(`"${answer.body.revision}"`);
  });

  it('D1: a person who connects by a service is told as a service', async () => {
    const sync = await service.as('sync', { scope: 'commands' });
    const id = await connectOne(sync, workspaceId, FACEBOOK, { pick: ['Ada Books'] });
    expect((await readAccount(sync, workspaceId, id)).connectedBy).toEqual({ type: 'service', id: 'sync' });
  });

  it('D1: the sentence about the token tells the day', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const { token } = await readAccount(paula, workspaceId, id);
    expect(token.label).toContain((token.expiresAt ?? '').slice(0, 10));
    await service.sandbox.advance('P91D');
    expect((await readAccount(paula, workspaceId, id)).token.label).toMatch(/expired on .*Reconnect/);
  });

  it.each([
    ['facebook', FACEBOOK, ['Ada Bakery'], 90, 'reconnect'],
    ['instagram', { platform: 'instagram', method: 'direct' }, undefined, 60, 'automatic'],
    ['linkedin', { platform: 'linkedin' }, ['Ada Adams'], 60, 'reconnect'],
  ])('T3: %s says when a person is needed', async (_, request, pick, days, renewal) => {
    const id = await connectOne(paula, workspaceId, request, pick ? { pick } : {});
    const { token } = await readAccount(paula, workspaceId, id);
    expect(token).toMatchObject({ daysLeft: days, renewal, lastRenewedAt: null });
    const left = Date.parse(token.expiresAt ?? '') - (await service.sandbox.now()).getTime();
    expect(Math.abs(left - days * DAY_MS)).toBeLessThan(60_000);
  });

  it.each([
    ['facebook', FACEBOOK, ['Ada Bakery']],
    ['instagram', { platform: 'instagram', method: 'direct' }, undefined],
    ['linkedin', { platform: 'linkedin' }, ['Ada Adams']],
  ])('T3: another lifetime of %s counts, and no constant', async (platform, request, pick) => {
    await service.sandbox.order({ do: 'lifetimes', platform, accessSeconds: 47 * DAY_S, refreshSeconds: null });
    const id = await connectOne(paula, workspaceId, request, pick ? { pick } : {});
    expect((await readAccount(paula, workspaceId, id)).token.daysLeft).toBe(47);
  });

  it('T3: LinkedIn with refresh tokens is needed at their end, and renews by itself', async () => {
    await service.sandbox.order({
      ...{ do: 'lifetimes', platform: 'linkedin', accessSeconds: 60 * DAY_S, refreshSeconds: 365 * DAY_S },
    });
    const id = await connectOne(paula, workspaceId, { platform: 'linkedin' }, { identity: 'ben' });
    expect((await readAccount(paula, workspaceId, id)).token).toMatchObject({ daysLeft: 365, renewal: 'automatic' });
  });

  it('T3: a reconnect takes the new lifetime', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    await service.sandbox.order({ do: 'lifetimes', platform: 'facebook', accessSeconds: 33 * DAY_S });
    await reconnect(paula, workspaceId, id);
    const { token } = await readAccount(paula, workspaceId, id);
    expect([token.daysLeft, token.lastRenewedAt === null]).toEqual([33, false]);
  });

  it('D1: an account that is not there is 404, the same for a malformed id and one of another kind', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const bodies = [];
    for (const wrong of [otherIdLike(id), 'acc_1', workspaceId, id.replace('acc_', 'con_'), '%20', 'a'.repeat(900)]) {
      const answer = await paula.get<object>(`/v1/workspaces/${workspaceId}/accounts/${wrong}`);
      expect([answer.status, answer.code]).toEqual([404, 'not-found']);
      bodies.push({ ...answer.body, correlationId: '' });
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });
});
