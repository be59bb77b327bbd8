import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  addMember,
  attempt,
  callBack,
  candidateOf,
  connect,
  connectOne,
  consent,
  createWorkspace,
  finish,
  listAccounts,
  readAccount,
  readConnection,
  startConnection,
} from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

const FACEBOOK = { platform: 'facebook' };
const INSTAGRAM = { platform: 'instagram', method: 'direct' };
const LINKEDIN = { platform: 'linkedin' };
/** More often than any call is tried. */
const ALWAYS = 50;

const FACEBOOK_SCOPES = [
  'pages_show_list',
  'pages_read_engagement',
  'pages_manage_posts',
  'business_management',
  'pages_manage_engagement',
  'read_insights',
  'instagram_basic',
  'instagram_content_publish',
];
const without = (...names: readonly string[]): readonly string[] =>
  FACEBOOK_SCOPES.filter((scope) => !names.includes(scope));

describe('attempts that fail', () => {
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

  /** Says why it failed in a code and a sentence, and nothing is half connected. */
  const expectFailed = async (connection: Connection, code: string): Promise<void> => {
    expect(connection).toMatchObject({ status: 'failed', failure: { code }, accountIds: [] });
    expect(connection.failure?.detail).toMatch(/\.$/);
    expect(connection).not.toHaveProperty('candidates');
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(0);
    const types = storedEvents(service.dataDir, workspaceId).map(({ type }) => type);
    expect(types.filter((type) => /^(Grant|Account)/.test(type))).toEqual([]);
  };

  it.each([
    ['facebook', FACEBOOK],
    ['instagram', INSTAGRAM],
    ['linkedin', LINKEDIN],
  ])('C8: a denial on %s fails as denied, and nothing is exchanged', async (_, request) => {
    await expectFailed(await attempt(paula, workspaceId, request, { decision: 'deny' }), 'denied');
    const calls = await service.sandbox.calls();
    expect(calls.filter(({ path }) => /token/i.test(path))).toEqual([]);
  });

  it('C8: a login that reaches nothing fails as nothing-to-connect', async () => {
    await expectFailed(await attempt(paula, workspaceId, FACEBOOK, { identity: 'cho' }), 'nothing-to-connect');
  });

  it.each(['pages_show_list', 'pages_read_engagement', 'pages_manage_posts'])(
    'C8: Facebook without %s fails as missing-permissions',
    async (scope) => {
      const connection = await attempt(paula, workspaceId, FACEBOOK, { scopes: without(scope) });
      await expectFailed(connection, 'missing-permissions');
    },
  );

  it.each([
    ['instagram', INSTAGRAM, ['instagram_business_basic']],
    ['linkedin', LINKEDIN, ['openid', 'profile']],
  ])('C8: %s with a part of its scopes fails as missing-permissions', async (_, request, scopes) => {
    await expectFailed(await attempt(paula, workspaceId, request, { identity: 'ben', scopes }), 'missing-permissions');
  });

  it('C8: what the Instagram accounts lack does not stop the Pages', async () => {
    const given = { scopes: without('instagram_basic', 'instagram_content_publish') };
    expect((await attempt(paula, workspaceId, FACEBOOK, given)).status).toBe('authorized');
    const other = await attempt(paula, workspaceId, { platform: 'instagram', method: 'via-facebook' }, given);
    expect(other).toMatchObject({ status: 'failed', failure: { code: 'missing-permissions' } });
  });

  it('C8: a scope that only some features need is told and stops nothing', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, {
      scopes: without('read_insights'),
      pick: ['Ada Bakery'],
    });
    const account = await readAccount(paula, workspaceId, id);
    expect(account.permissions.missing).toEqual(['read_insights']);
    expect(account.token).toMatchObject({ status: 'valid', health: 'missing-permissions' });
  });

  it('C2: LinkedIn without the scopes of organisations offers the profile', async () => {
    const connection = await attempt(paula, workspaceId, LINKEDIN, {
      scopes: ['openid', 'profile', 'w_member_social', 'rw_organization_admin'],
    });
    expect(candidateOf(connection, 'Ada Group')).toMatchObject({ selectable: false, reason: 'missing-permission' });
    expect(candidateOf(connection, 'Ada Adams').selectable).toBe(true);
  });

  describe.each([
    ['facebook', FACEBOOK],
    ['instagram', INSTAGRAM],
    ['linkedin', LINKEDIN],
  ])('%s', (platform, request) => {
    it.each([
      ['token', '500', 'platform-unavailable'],
      ['token', '429', 'platform-unavailable'],
      ['token', 'reset', 'platform-unavailable'],
      ['token', 'invalid_grant', 'platform-error'],
      ['token', 'bad-json', 'platform-error'],
      ['token', 'empty', 'platform-error'],
      ['profile', '500', 'platform-unavailable'],
      ['profile', 'bad-json', 'platform-error'],
    ])('C8: %s that answers %s fails as %s', async (endpoint, answer, code) => {
      await service.sandbox.order({ do: 'next', platform, endpoint, times: ALWAYS, answer });
      await expectFailed(await attempt(paula, workspaceId, request, { identity: 'ben' }), code);
    });
  });

  it('C8: one fault that passes is tried again and fails nothing', async () => {
    await service.sandbox.order({ do: 'next', platform: 'linkedin', endpoint: 'profile', times: 1, answer: '500' });
    expect((await attempt(paula, workspaceId, LINKEDIN, { identity: 'ben' })).status).toBe('completed');
  });

  it('C8: after a failure the next attempt starts afresh', async () => {
    await service.sandbox.order({ do: 'next', platform: 'facebook', endpoint: 'any', times: ALWAYS, answer: '500' });
    await attempt(paula, workspaceId, FACEBOOK);
    await service.sandbox.reset();
    expect(await connect(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] })).toHaveLength(1);
  });

  it('C8: who has lost accounts:connect before the callback fails as permission-denied, and no code is exchanged', async () => {
    await addMember(paula, workspaceId, 'otto', 'publisher');
    const otto = await service.as('otto');
    const started = await startConnection(otto, workspaceId, FACEBOOK);
    await paula.patch(`/v1/workspaces/${workspaceId}/members/otto`, { role: 'viewer' });
    await service.sandbox.reset();
    expect((await callBack(otto.browser, await consent(started.authorizationUrl))).status).toBe(302);
    await expectFailed(await readConnection(paula, workspaceId, started.id), 'permission-denied');
    expect((await service.sandbox.calls()).filter(({ path }) => path.includes('access_token'))).toEqual([]);
  });

  it('C8: who was removed from the workspace before the callback connects nothing', async () => {
    await addMember(paula, workspaceId, 'otto', 'admin');
    const otto = await service.as('otto');
    const started = await startConnection(otto, workspaceId, { ...INSTAGRAM });
    await paula.delete(`/v1/workspaces/${workspaceId}/members/otto`);
    await callBack(otto.browser, await consent(started.authorizationUrl));
    await expectFailed(await readConnection(paula, workspaceId, started.id), 'permission-denied');
    expect((await otto.get(`/v1/workspaces/${workspaceId}/connections/${started.id}`)).status).toBe(404);
  });

  it('C8: a reconnect whose account was removed meanwhile fails as account-removed', async () => {
    const id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const started = await startConnection(paula, workspaceId, { ...FACEBOOK, reconnectAccountId: id });
    await paula.delete(`/v1/workspaces/${workspaceId}/accounts/${id}`);
    const connection = await finish(paula, workspaceId, started);
    expect(connection).toMatchObject({ status: 'failed', failure: { code: 'account-removed' } });
  });
});
