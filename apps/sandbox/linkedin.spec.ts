import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxDriver } from './spec-support.js';

const API = '/linkedin/api';
const WWW = '/linkedin/www/oauth/v2';
const DAY_SECONDS = 24 * 60 * 60;
const CLIENT = { client_id: 'sandbox-linkedin', client_secret: 'sbx_client-secret-linkedin' };

describe('LinkedIn in the sandbox', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  const api = (path: string, token: string, parameters: Record<string, string> = {}) =>
    driver.get(`${API}${path}`, parameters, { authorization: `Bearer ${token}`, 'linkedin-version': '202610' });
  const acls = (token: string, more: Record<string, string> = {}) =>
    api('/rest/organizationAcls', token, { q: 'roleAssignee', role: 'ADMINISTRATOR', state: 'APPROVED', ...more });
  const share = (token: string, author: string) =>
    driver.call(`${API}/rest/posts`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'linkedin-version': '202610',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ author, commentary: 'Hello', visibility: 'PUBLIC' }),
    });

  it('leads from consent to a post as the member and as the organisation', async () => {
    const answer = await driver.linkedinTokens('ada');
    expect(JSON.parse(answer.text)).toEqual({
      access_token: expect.stringMatching(/^sbx_/),
      expires_in: 60 * DAY_SECONDS,
      scope: 'openid,profile,w_member_social,r_basicprofile,rw_organization_admin,w_organization_social',
      token_type: 'Bearer',
    });
    const token = String(answer.get('access_token'));
    const member = await api('/v2/userinfo', token);
    expect([member.get('name'), member.get('picture')]).toEqual([
      'Ada Adams',
      expect.stringContaining('/pictures/linkedin/'),
    ]);
    expect((await api('/v2/me', token)).get('vanityName')).toBe('ada-sandbox');
    const roles = await acls(token);
    expect(roles.get('elements')).toEqual([
      {
        roleAssignee: `urn:li:person:${String(member.get('sub'))}`,
        role: 'ADMINISTRATOR',
        state: 'APPROVED',
        organization: 'urn:li:organization:90000001',
      },
    ]);
    expect((await api('/rest/organizations/90000001', token)).get('localizedName')).toBe('Ada Group');
    for (const author of [`urn:li:person:${String(member.get('sub'))}`, 'urn:li:organization:90000001']) {
      const post = await share(token, author);
      expect([post.status, post.headers.get('x-restli-id')]).toEqual([
        201,
        expect.stringMatching(/^urn:li:share:\d+$/),
      ]);
    }
  });

  it('knows ben and cho without an organisation', async () => {
    for (const identity of ['ben', 'cho']) {
      const token = String((await driver.linkedinTokens(identity)).get('access_token'));
      expect((await acls(token)).get('elements')).toEqual([]);
      expect((await api('/rest/organizations/90000001', token)).status).toBe(403);
      expect((await share(token, 'urn:li:organization:90000001')).status).toBe(403);
    }
  });

  it('filters roles and wants a version', async () => {
    const token = String((await driver.linkedinTokens('ada')).get('access_token'));
    expect((await acls(token, { role: 'CONTENT_ADMINISTRATOR' })).get('elements')).toEqual([]);
    const plain = await driver.get(
      `${API}/v2/organizationAcls`,
      { q: 'roleAssignee' },
      { authorization: `Bearer ${token}` },
    );
    expect(plain.get('elements', 'length')).toBe(1);
    const unversioned = await driver.get(
      `${API}/rest/organizationAcls`,
      { q: 'roleAssignee' },
      { authorization: `Bearer ${token}` },
    );
    expect([unversioned.status, unversioned.get('code')]).toEqual([400, 'VERSION_MISSING']);
  });

  it('asks for the right scope for each resource', async () => {
    const token = String(
      (await driver.linkedinTokens('ada', { sandbox_scopes: 'openid,profile,w_member_social' })).get('access_token'),
    );
    const sub = String((await api('/v2/userinfo', token)).get('sub'));
    expect(JSON.parse((await api('/v2/me', token)).text)).toEqual({
      status: 403,
      serviceErrorCode: 100,
      code: 'ACCESS_DENIED',
      message: 'Not enough permissions to access: GET /me',
    });
    expect((await acls(token)).status).toBe(403);
    expect((await share(token, `urn:li:person:${sub}`)).status).toBe(201);
    expect((await share(token, 'urn:li:organization:90000001')).status).toBe(403);
  });

  it('hands out refresh tokens only when lifetimes say so, and lengthens nothing beyond the outer limit', async () => {
    await driver.control({
      do: 'lifetimes',
      platform: 'linkedin',
      accessSeconds: 60 * DAY_SECONDS,
      refreshSeconds: 365 * DAY_SECONDS,
    });
    const first = await driver.linkedinTokens('ada');
    expect(Number(first.get('refresh_token_expires_in'))).toBeCloseTo(365 * DAY_SECONDS, -1);
    const refreshToken = String(first.get('refresh_token'));
    const refresh = () =>
      driver.post(`${WWW}/accessToken`, { grant_type: 'refresh_token', refresh_token: refreshToken, ...CLIENT });

    driver.advance(59 * DAY_SECONDS);
    const second = await refresh();
    expect(second.get('refresh_token')).toBe(refreshToken);
    expect(Number(second.get('refresh_token_expires_in'))).toBeCloseTo(306 * DAY_SECONDS, -1);
    driver.advance(301 * DAY_SECONDS);
    const last = await refresh();
    expect(Number(last.get('expires_in'))).toBeCloseTo(5 * DAY_SECONDS, -1);
    driver.advance(5 * DAY_SECONDS + 1);
    expect((await api('/v2/userinfo', String(last.get('access_token')))).get('serviceErrorCode')).toBe(65602);
    const over = await refresh();
    expect([over.status, over.get('error')]).toEqual([400, 'invalid_grant']);
  });

  it('revokes an access token alone, and with a refresh token all that came from it', async () => {
    await driver.control({
      do: 'lifetimes',
      platform: 'linkedin',
      accessSeconds: DAY_SECONDS,
      refreshSeconds: 365 * DAY_SECONDS,
    });
    const mine = await driver.linkedinTokens('ada');
    const elsewhere = String((await driver.linkedinTokens('ada')).get('access_token'));
    const token = String(mine.get('access_token'));
    const refreshToken = String(mine.get('refresh_token'));
    expect((await driver.post(`${WWW}/revoke`, { token, ...CLIENT })).status).toBe(200);
    expect((await api('/v2/userinfo', token)).get('serviceErrorCode')).toBe(65601);
    const refreshed = await driver.post(`${WWW}/accessToken`, {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...CLIENT,
    });
    const renewed = String(refreshed.get('access_token'));
    expect((await api('/v2/userinfo', renewed)).status).toBe(200);
    await driver.post(`${WWW}/revoke`, { token: refreshToken, ...CLIENT });
    expect((await api('/v2/userinfo', renewed)).status).toBe(401);
    expect((await api('/v2/userinfo', elsewhere)).status).toBe(200);
    expect(
      (await driver.post(`${WWW}/revoke`, { token: elsewhere, ...CLIENT, client_secret: 'sbx_wrong' })).status,
    ).toBe(401);
  });

  it('takes an organisation away from its administrator', async () => {
    const token = String((await driver.linkedinTokens('ada')).get('access_token'));
    await driver.control({ do: 'drop-page', name: 'Ada Group' });
    expect((await acls(token)).get('elements')).toEqual([]);
    expect((await api('/rest/organizations/90000001', token)).status).toBe(403);
  });

  it('dates nothing but by the clock of the sandbox', async () => {
    const token = String((await driver.linkedinTokens('ben')).get('access_token'));
    driver.advance(60 * DAY_SECONDS - 60);
    expect((await api('/v2/userinfo', token)).status).toBe(200);
    driver.advance(61);
    expect((await api('/v2/userinfo', token)).get('serviceErrorCode')).toBe(65602);
  });
});
