import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxDriver } from './spec-support.js';

const ME = '/linkedin/api/v2/userinfo';
const GRAPH_ME = '/facebook/graph/v23.0/me';

describe('The control of the sandbox', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  const log = async () => JSON.parse((await driver.call('/log')).text) as Record<string, unknown>[];
  const order = (answer: string, endpoint = 'any', more: Record<string, unknown> = {}) =>
    driver.control({ do: 'next', platform: 'linkedin', endpoint, answer, ...more });
  const userinfo = async (token: string) => driver.get(ME, {}, { authorization: `Bearer ${token}` });
  const linkedinToken = async () => String((await driver.linkedinTokens('ada')).get('access_token'));

  it.each([
    ['429', 429, 101],
    ['500', 500, 0],
    ['invalid_grant', 401, 65601],
  ])('answers %s once, in the words of LinkedIn', async (answer, status, serviceErrorCode) => {
    const token = await linkedinToken();
    expect((await order(answer)).status).toBe(204);
    const faulty = await userinfo(token);
    expect([faulty.status, faulty.get('serviceErrorCode')]).toEqual([status, serviceErrorCode]);
    expect((await userinfo(token)).status).toBe(200);
  });

  it.each([
    ['429', 429, 4],
    ['500', 500, 2],
    ['invalid_grant', 400, 190],
  ])('answers %s in the words of Facebook', async (answer, status, code) => {
    await driver.control({ do: 'next', platform: 'facebook', endpoint: 'profile', times: 1, answer });
    const faulty = await driver.get(GRAPH_ME, { access_token: 'sbx_any' });
    expect([faulty.status, faulty.get('error', 'code')]).toEqual([status, code]);
  });

  it('answers nothing, half a document, or not at all', async () => {
    const token = await linkedinToken();
    await order('empty');
    expect((await userinfo(token)).text).toBe('');
    await order('bad-json');
    const broken = await userinfo(token);
    expect(() => broken.get('data')).toThrow(SyntaxError);
    await order('reset');
    await expect(userinfo(token)).rejects.toThrow('fetch failed');
    await order('timeout');
    const signal = AbortSignal.timeout(300);
    await expect(driver.call(ME, { signal })).rejects.toThrow(/timeout/i);
    expect((await log()).slice(-4).map(({ outcome }) => outcome)).toEqual([
      'fault:empty',
      'fault:bad-json',
      'fault:reset',
      'fault:timeout',
    ]);
  });

  it('closes while a call is hanging', async () => {
    await order('timeout');
    const hanging = userinfo('sbx_any').catch(() => 'cut off');
    while ((await log()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await driver.restart();
    expect(await hanging).toBe('cut off');
  });

  it('orders faults for one kind of endpoint, as many times as asked, on one platform', async () => {
    await order('500', 'token', { times: 2 });
    const code = await driver.code('linkedin', 'ada');
    const exchange = () => driver.post('/linkedin/www/oauth/v2/accessToken', driver.exchange('linkedin', code));
    expect((await driver.facebookToken('ada')).startsWith('sbx_')).toBe(true);
    expect((await userinfo('sbx_any')).status).toBe(401);
    expect((await exchange()).status).toBe(500);
    expect((await exchange()).status).toBe(500);
    expect((await exchange()).status).toBe(200);
    await order('500', 'publish');
    await order('500', 'revoke');
    expect((await driver.post('/linkedin/api/v2/ugcPosts', {})).status).toBe(500);
    expect((await driver.post('/linkedin/www/oauth/v2/revoke', {})).status).toBe(500);
  });

  it('renames users, Pages, Instagram accounts and organisations, by identity and by name', async () => {
    const rename = (more: object) => driver.control({ do: 'rename', ...more });
    await rename({ platform: 'linkedin', identity: 'ada', to: 'Ada Lovelace' });
    await rename({ platform: 'facebook', name: 'Ada Bakery', to: 'Ada Bread' });
    await rename({ platform: 'instagram', identity: 'ada', to: 'ada.bread' });
    await rename({ platform: 'linkedin', name: 'Ada Group', to: 'Ada Holding' });
    expect((await userinfo(await linkedinToken())).get('name')).toBe('Ada Lovelace');
    const pages = await driver.get('/facebook/graph/v23.0/me/accounts', {
      access_token: await driver.facebookToken('ada'),
      fields: 'name,instagram_business_account{username}',
    });
    expect([pages.get('data', 0, 'name'), pages.get('data', 0, 'instagram_business_account', 'username')]).toEqual([
      'Ada Bread',
      'ada.bread',
    ]);
    expect((await driver.control({ do: 'drop-page', name: 'Ada Bread' })).status).toBe(204);
    expect((await driver.control({ do: 'restore-page', name: 'Ada Bakery' })).status).toBe(204);
    expect((await rename({ platform: 'linkedin', name: 'Ada Holding', to: 'Ada Group' })).status).toBe(204);
  });

  it('undoes every control with reset, keeps what people consented to, and empties the log', async () => {
    const token = await linkedinToken();
    await driver.control({ do: 'rename', platform: 'linkedin', identity: 'ada', to: 'Somebody' });
    await driver.control({ do: 'lifetimes', platform: 'linkedin', accessSeconds: 60, refreshSeconds: 600 });
    await driver.control({ do: 'drop-page', name: 'Ada Books' });
    await order('500');
    const before = driver.sandbox.clock.now();
    expect((await driver.control({ do: 'reset' })).status).toBe(204);
    expect(await log()).toEqual([]);
    expect((await userinfo(token)).get('name')).toBe('Ada Adams');
    expect((await driver.linkedinTokens('ada')).get('refresh_token')).toBeUndefined();
    const pages = await driver.get('/facebook/graph/v23.0/me/accounts', {
      access_token: await driver.facebookToken('ada'),
    });
    expect(pages.get('data', 'length')).toBe(2);
    expect(driver.sandbox.clock.now().getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  it.each([
    [null],
    [[]],
    [{ do: 'nonsense' }],
    [{ do: 'toString' }],
    [{ do: 'reset', platform: 'facebook' }],
    [{ do: 'revoke-grant', platform: 'facebook', identity: 'eve' }],
    [{ do: 'revoke-grant', platform: 'myspace', identity: 'ada' }],
    [{ do: 'drop-page', name: 'Nobody' }],
    [{ do: 'drop-page', name: 'Ada Adams' }],
    [{ do: 'page-tasks', name: 'Ada Bakery', tasks: 'all' }],
    [{ do: 'next', platform: 'facebook', endpoint: 'login', answer: '500' }],
    [{ do: 'next', platform: 'facebook', endpoint: 'any', times: 0, answer: '500' }],
    [{ do: 'next', platform: 'facebook', endpoint: 'any', answer: '404' }],
    [{ do: 'lifetimes', platform: 'facebook', refreshSeconds: null }],
    [{ do: 'lifetimes', platform: 'facebook', accessSeconds: -1, refreshSeconds: null }],
    [{ do: 'rename', platform: 'facebook', identity: 'ada', name: 'Ada Bakery', to: 'Both' }],
    [{ do: 'rename', platform: 'facebook', to: 'Neither' }],
    [{ do: 'rename', platform: 'facebook', identity: 'ada', to: ' ' }],
  ])('refuses %j with a sentence', async (body) => {
    const answer = await driver.control(body);
    expect([answer.status, answer.get('message')]).toEqual([400, expect.stringMatching(/^.+\.$/)]);
  });

  it('refuses what is no JSON, and takes an empty body where none is needed', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await driver.call('/control', { method: 'POST', headers, body: '{"do"' })).status).toBe(400);
    expect((await driver.call('/control', { method: 'POST', headers })).status).toBe(400);
    expect((await driver.call('/log', { method: 'DELETE', headers })).status).toBe(204);
  });

  it('logs every call to a platform, newest last, and no secret', async () => {
    const token = await driver.facebookToken('ada');
    await driver.get(`/facebook/graph/v23.0/${token}`, { access_token: token });
    await driver.get(`/facebook/graph/v23.0/%73bx_${token.slice(4)}`, { access_token: token });
    const calls = await log();
    expect(
      calls.map(({ method, path, platform, identity, outcome, status }) => [
        method,
        path,
        platform,
        identity,
        outcome,
        status,
      ]),
    ).toEqual([
      ['GET', '/facebook/www/v23.0/dialog/oauth', 'facebook', 'ada', 'ok', 302],
      ['GET', '/facebook/graph/v23.0/oauth/access_token', 'facebook', 'ada', 'ok', 200],
      ['GET', '/facebook/graph/v23.0/oauth/access_token', 'facebook', 'ada', 'ok', 200],
      ['GET', '/facebook/graph/v23.0/[secret]', 'facebook', 'ada', 'refused', 400],
      ['GET', '/facebook/graph/v23.0/[secret]', 'facebook', 'ada', 'refused', 400],
    ]);
    expect(calls[0]).toHaveProperty('at', expect.stringMatching(/^\d{4}-.*Z$/));
    expect(JSON.stringify(calls)).not.toContain('sbx_');
    expect((await driver.call('/log', { method: 'DELETE' })).status).toBe(204);
    expect(await log()).toEqual([]);
  });
});
