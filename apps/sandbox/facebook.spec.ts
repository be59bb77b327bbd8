import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxDriver } from './spec-support.js';

const GRAPH = '/facebook/graph/v23.0';
const DAY_SECONDS = 24 * 60 * 60;

describe('Facebook in the sandbox', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  const accounts = (token: string, more: Record<string, string> = {}) =>
    driver.get(`${GRAPH}/me/accounts`, { access_token: token, ...more });
  const debug = (token: string) =>
    driver.get(`${GRAPH}/debug_token`, {
      input_token: token,
      access_token: 'sandbox-facebook|sbx_client-secret-facebook',
    });
  const nowSeconds = () => driver.sandbox.clock.now().getTime() / 1000;

  it('leads from consent to a post on a Page', async () => {
    const redirect = await driver.decide('facebook', 'ada', 'allow');
    expect(redirect.href).toMatch(/^http:\/\/127\.0\.0\.1:3000\/v1\/oauth\/callback\?code=sbx_.*&state=state-1#_=_$/);
    const code = redirect.searchParams.get('code') ?? '';
    const short = await driver.get(`${GRAPH}/oauth/access_token`, driver.exchange('facebook', code));
    expect(JSON.parse(short.text)).toEqual({
      access_token: expect.stringMatching(/^sbx_/),
      token_type: 'bearer',
      expires_in: 3600,
    });
    const token = await driver.extendFacebookToken(String(short.get('access_token')));
    const me = await driver.get(`${GRAPH}/me`, { access_token: token, fields: 'id,name,picture' });
    expect(me.get('name')).toBe('Ada Adams');
    const pageToken = await driver.pageToken(token, 'Ada Bakery');
    const page = await driver.get(`${GRAPH}/me`, { fields: 'id,name' }, { authorization: `Bearer ${pageToken}` });
    expect(page.get('name')).toBe('Ada Bakery');
    const post = await driver.post(`${GRAPH}/${String(page.get('id'))}/feed`, {
      message: 'Hello',
      access_token: pageToken,
    });
    expect(post.get('id')).toMatch(new RegExp(`^${String(page.get('id'))}_\\d+$`));
  });

  it('lists Pages two at a time, and business Pages in their portfolio alone', async () => {
    const token = await driver.facebookToken('ada');
    const names: unknown[] = [];
    let next: unknown = `${GRAPH}/me/accounts?access_token=${token}&limit=1&fields=name`;
    let calls = 0;
    while (typeof next === 'string') {
      const answer = await driver.call(next);
      names.push(...(answer.get('data') as { name: string }[]).map(({ name }) => name));
      next = answer.get('paging', 'next');
      calls += 1;
    }
    expect({ names, calls }).toEqual({ names: ['Ada Bakery', 'Ada Books'], calls: 3 });

    const all = await accounts(token, { limit: '100', fields: 'name' });
    expect(all.get('data', 'length')).toBe(2);
    const rest = await accounts(token, { after: String(all.get('paging', 'cursors', 'after')) });
    expect(JSON.parse(rest.text)).toEqual({ data: [] });

    const businesses = await driver.get(`${GRAPH}/me/businesses`, {
      access_token: token,
      fields: 'id,name,owned_pages.limit(50){id,name,access_token},client_pages{id}',
    });
    expect(businesses.get('data', 0, 'owned_pages', 'data', 0, 'name')).toBe('Ada Travel');
    expect(businesses.get('data', 0, 'owned_pages', 'data', 0, 'access_token')).toMatch(/^sbx_page-/);
    expect(businesses.get('data', 0, 'client_pages', 'data')).toEqual([]);
    const owned = await driver.get(`${GRAPH}/${String(businesses.get('data', 0, 'id'))}/owned_pages`, {
      access_token: token,
    });
    expect(owned.get('data', 0, 'name')).toBe('Ada Travel');
  });

  it('gives ben one Page and cho none', async () => {
    const ben = await accounts(await driver.facebookToken('ben'));
    expect((ben.get('data') as { name: string }[]).map(({ name }) => name)).toEqual(['Ben Bikes']);
    expect(ben.get('paging', 'next')).toBeUndefined();
    const cho = await driver.facebookToken('cho');
    expect((await accounts(cho)).get('data')).toEqual([]);
    expect((await driver.get(`${GRAPH}/me/businesses`, { access_token: cho })).get('data')).toEqual([]);
  });

  it('leads from a Page to its Instagram account and publishes there', async () => {
    const token = await driver.facebookToken('ada');
    const pages = await accounts(token, {
      fields: 'name,access_token,tasks,instagram_business_account{id,username,name,profile_picture_url}',
    });
    expect(pages.get('data', 0, 'tasks')).toContain('CREATE_CONTENT');
    const id = String(pages.get('data', 0, 'instagram_business_account', 'id'));
    expect(pages.get('data', 0, 'instagram_business_account', 'username')).toBe('ada.bakery');
    const pageToken = String(pages.get('data', 0, 'access_token'));
    const account = await driver.get(`${GRAPH}/${id}`, {
      access_token: pageToken,
      fields: 'username,profile_picture_url',
    });
    expect(account.get('username')).toBe('ada.bakery');
    const picture = await driver.call(String(account.get('profile_picture_url')));
    expect(picture.headers.get('content-type')).toContain('image/svg+xml');
    const container = await driver.post(`${GRAPH}/${id}/media`, {
      access_token: pageToken,
      image_url: 'https://example.org/1.png',
    });
    const published = await driver.post(`${GRAPH}/${id}/media_publish`, {
      access_token: pageToken,
      creation_id: String(container.get('id')),
    });
    expect(published.get('id')).toMatch(/^\d+$/);
    const limit = await driver.get(`${GRAPH}/${id}/content_publishing_limit`, { access_token: pageToken });
    expect(limit.get('data', 0, 'config', 'quota_total')).toBe(50);
  });

  it('keeps a Page token the same however often it is asked for', async () => {
    const token = await driver.facebookToken('ada');
    expect(await driver.pageToken(token, 'Ada Books')).toBe(await driver.pageToken(token, 'Ada Books'));
    expect(await driver.pageToken(token, 'Ada Books')).not.toBe(await driver.pageToken(token, 'Ada Bakery'));
  });

  it('tells the two clocks apart: the token has its end, the Page token none, and data access ends 90 days after the consent', async () => {
    const consentedAt = nowSeconds();
    const token = await driver.facebookToken('ada');
    const pageToken = await driver.pageToken(token, 'Ada Bakery');
    const user = await debug(token);
    expect(Number(user.get('data', 'expires_at'))).toBeCloseTo(consentedAt + 60 * DAY_SECONDS, -2);
    expect(Number(user.get('data', 'data_access_expires_at'))).toBeCloseTo(consentedAt + 90 * DAY_SECONDS, -2);
    expect(user.get('data', 'granular_scopes', 0)).toEqual({
      scope: 'pages_show_list',
      target_ids: ['100200300400001', '100200300400002', '100200300400003'],
    });
    const page = await debug(pageToken);
    expect(page.get('data', 'type')).toBe('PAGE');
    expect(page.get('data', 'expires_at')).toBe(0);

    driver.advance(61 * DAY_SECONDS);
    const expired = await driver.get(`${GRAPH}/me`, { access_token: token });
    expect([expired.status, expired.get('error', 'code'), expired.get('error', 'error_subcode')]).toEqual([
      400, 190, 463,
    ]);
    expect(await driver.extendFacebookToken(token)).toBe('undefined');
    expect((await driver.get(`${GRAPH}/me`, { access_token: pageToken })).status).toBe(200);

    driver.advance(30 * DAY_SECONDS);
    const ended = await driver.get(`${GRAPH}/me`, { access_token: pageToken });
    expect(ended.get('error', 'message')).toMatch(/access to data has expired/);
    expect((await debug(pageToken)).get('data', 'is_valid')).toBe(true);

    await driver.facebookToken('ada');
    expect((await driver.get(`${GRAPH}/me`, { access_token: pageToken })).status).toBe(200);
  });

  it('ends the Page token of a short-lived login with that login', async () => {
    const code = await driver.code('facebook', 'ada');
    const short = await driver.post(`${GRAPH}/oauth/access_token`, driver.exchange('facebook', code));
    const pageToken = await driver.pageToken(String(short.get('access_token')), 'Ada Bakery');
    driver.advance(3601);
    expect((await driver.get(`${GRAPH}/me`, { access_token: pageToken })).get('error', 'error_subcode')).toBe(463);
  });

  it('lets lifetimes set the date of data access', async () => {
    await driver.control({
      do: 'lifetimes',
      platform: 'facebook',
      accessSeconds: 10 * DAY_SECONDS,
      refreshSeconds: null,
    });
    const answer = await debug(await driver.facebookToken('ada'));
    expect(Number(answer.get('data', 'data_access_expires_at'))).toBeCloseTo(nowSeconds() + 10 * DAY_SECONDS, -2);
    expect(Number(answer.get('data', 'expires_at'))).toBeCloseTo(nowSeconds() + 60 * DAY_SECONDS, -2);
  });

  it('grants scopes in part and keeps to it', async () => {
    const token = await driver.facebookToken('ada', { sandbox_scopes: 'pages_show_list,pages_read_engagement' });
    const permissions = await driver.get(`${GRAPH}/me/permissions`, { access_token: token });
    expect(permissions.get('data')).toEqual(
      expect.arrayContaining([
        { permission: 'pages_show_list', status: 'granted' },
        { permission: 'pages_manage_posts', status: 'declined' },
        { permission: 'public_profile', status: 'granted' },
      ]),
    );
    const businesses = await driver.get(`${GRAPH}/me/businesses`, { access_token: token });
    expect([businesses.status, businesses.get('error', 'code')]).toEqual([403, 200]);
    const pages = await accounts(token, { fields: 'id,access_token,instagram_business_account' });
    expect(pages.get('data', 0, 'instagram_business_account')).toBeUndefined();
    const post = await driver.post(`${GRAPH}/${String(pages.get('data', 0, 'id'))}/feed`, {
      message: 'Hello',
      access_token: String(pages.get('data', 0, 'access_token')),
    });
    expect(post.get('error', 'code')).toBe(200);
  });

  it('drops Pages that a later consent does not tick, and says for which Pages posting was', async () => {
    const earlier = await driver.facebookToken('ada');
    const booksToken = await driver.pageToken(earlier, 'Ada Books');
    const token = await driver.facebookToken('ada', {
      sandbox_pages: 'Ada Bakery,Ada Travel',
      sandbox_posting_pages: 'Ada Travel',
    });
    expect((await accounts(token)).get('data', 'length')).toBe(1);
    expect((await driver.get(`${GRAPH}/me`, { access_token: booksToken })).get('error', 'error_subcode')).toBe(492);
    const granular = (await debug(token)).get('data', 'granular_scopes') as { scope: string; target_ids: string[] }[];
    const targets = (scope: string) => granular.find((entry) => entry.scope === scope)?.target_ids.length;
    expect([targets('pages_show_list'), targets('pages_manage_posts')]).toEqual([2, 1]);
  });

  it('answers for a Page that was taken away as for one that never was, and takes it back', async () => {
    const token = await driver.facebookToken('ada');
    const pageToken = await driver.pageToken(token, 'Ada Books');
    const pageId = String((await driver.get(`${GRAPH}/me`, { access_token: pageToken })).get('id'));
    expect((await driver.control({ do: 'drop-page', name: 'Ada Books' })).status).toBe(204);
    expect((await accounts(token)).get('data', 'length')).toBe(1);
    const byPage = await driver.get(`${GRAPH}/${pageId}`, { access_token: pageToken });
    expect([byPage.get('error', 'code'), byPage.get('error', 'error_subcode')]).toEqual([190, 492]);
    const byUser = await driver.get(`${GRAPH}/${pageId}`, { access_token: token });
    expect([byUser.get('error', 'code'), byUser.get('error', 'error_subcode')]).toEqual([100, 33]);
    await driver.control({ do: 'restore-page', name: 'Ada Books' });
    expect((await driver.get(`${GRAPH}/${pageId}`, { access_token: pageToken })).status).toBe(200);
  });

  it('shows and enforces the missing right to post', async () => {
    await driver.control({ do: 'page-tasks', name: 'Ada Bakery', tasks: ['ANALYZE', 'MODERATE'] });
    const token = await driver.facebookToken('ada');
    const pages = await accounts(token, { fields: 'id,tasks,access_token' });
    expect(pages.get('data', 0, 'tasks')).toEqual(['ANALYZE', 'MODERATE']);
    const post = await driver.post(`${GRAPH}/${String(pages.get('data', 0, 'id'))}/feed`, {
      message: 'Hello',
      access_token: String(pages.get('data', 0, 'access_token')),
    });
    expect([post.status, post.get('error', 'code')]).toEqual([403, 200]);
  });

  it('kills every token with the grant, by control and by the person, and starts anew with the next consent', async () => {
    const token = await driver.facebookToken('ada');
    const pageToken = await driver.pageToken(token, 'Ada Bakery');
    await driver.control({ do: 'revoke-grant', platform: 'facebook', identity: 'ada' });
    for (const dead of [token, pageToken]) {
      const answer = await driver.get(`${GRAPH}/me`, { access_token: dead });
      expect([answer.get('error', 'code'), answer.get('error', 'error_subcode')]).toEqual([190, 458]);
      expect((await debug(dead)).get('data', 'is_valid')).toBe(false);
    }
    const again = await driver.facebookToken('ada');
    expect((await driver.get(`${GRAPH}/me`, { access_token: token })).status).toBe(400);
    const removed = await driver.call(`${GRAPH}/me/permissions?access_token=${again}`, { method: 'DELETE' });
    expect(removed.get('success')).toBe(true);
    expect((await driver.get(`${GRAPH}/me`, { access_token: again })).status).toBe(400);
  });

  it("refuses in Graph's own words", async () => {
    const token = await driver.facebookToken('ada');
    const unknownField = await driver.get(`${GRAPH}/me/accounts`, { access_token: token, fields: 'id,nonsense' });
    expect(unknownField.get('error')).toEqual({
      message: '(#100) Tried accessing nonexisting field (nonsense) on node type (Page)',
      type: 'OAuthException',
      code: 100,
      fbtrace_id: expect.any(String),
    });
    expect((await driver.get(`${GRAPH}/me`, { access_token: token, fields: 'accounts{name' })).status).toBe(400);
    const malformed = await driver.get(`${GRAPH}/me`, { access_token: 'sbx_unknown' });
    expect(malformed.get('error', 'message')).toBe('Malformed access token sbx_unknown');
    const bens = await driver.facebookToken('ben');
    const benPage = String((await accounts(bens)).get('data', 0, 'id'));
    expect((await driver.get(`${GRAPH}/${benPage}`, { access_token: token })).get('error', 'error_subcode')).toBe(33);
  });
});
