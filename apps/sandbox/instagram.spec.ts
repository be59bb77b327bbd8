import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxDriver } from './spec-support.js';

const GRAPH = '/instagram/graph';
const DAY_SECONDS = 24 * 60 * 60;

describe('Instagram with its own login in the sandbox', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  const me = (token: string) =>
    driver.get(`${GRAPH}/me`, {
      access_token: token,
      fields: 'user_id,username,name,profile_picture_url,account_type',
    });
  const refresh = (token: string) =>
    driver.get(`${GRAPH}/refresh_access_token`, { grant_type: 'ig_refresh_token', access_token: token });

  it('leads from consent to a published post', async () => {
    const redirect = await driver.decide('instagram', 'ada', 'allow');
    expect(redirect.hash).toBe('#_');
    const code = redirect.searchParams.get('code') ?? '';
    const short = await driver.post('/instagram/api/oauth/access_token', driver.exchange('instagram', code));
    expect(JSON.parse(short.text)).toEqual({
      data: [
        {
          access_token: expect.stringMatching(/^sbx_/),
          user_id: expect.stringMatching(/^\d+$/),
          permissions: 'instagram_business_basic,instagram_business_content_publish',
        },
      ],
    });
    const long = await driver.get(`${GRAPH}/access_token`, {
      grant_type: 'ig_exchange_token',
      client_secret: 'sbx_client-secret-instagram',
      access_token: String(short.get('data', 0, 'access_token')),
    });
    expect([long.get('token_type'), long.get('expires_in')]).toEqual(['bearer', 60 * DAY_SECONDS]);
    const token = String(long.get('access_token'));
    const profile = await me(token);
    expect(profile.get('username')).toBe('ada.bakery');
    const container = await driver.post(`${GRAPH}/v23.0/${String(profile.get('user_id'))}/media`, {
      access_token: token,
      image_url: 'https://example.org/1.png',
    });
    const published = await driver.post(`${GRAPH}/v23.0/me/media_publish`, {
      access_token: token,
      creation_id: String(container.get('id')),
    });
    expect(published.status).toBe(200);
  });

  it('knows each account by the id that Facebook uses, and by another of its own', async () => {
    const direct = await me(await driver.instagramToken('ada'));
    const facebook = await driver.get('/facebook/graph/v23.0/me/accounts', {
      access_token: await driver.facebookToken('ada'),
      fields: 'instagram_business_account{id,username}',
    });
    expect(direct.get('user_id')).toBe(facebook.get('data', 0, 'instagram_business_account', 'id'));
    expect(direct.get('id')).not.toBe(direct.get('user_id'));
    expect((await me(await driver.instagramToken('ben'))).get('username')).toBe('ben.bikes');
    expect((await me(await driver.instagramToken('cho'))).get('username')).toBe('cho.draws');
  });

  it('extends a token only when it is a day old and has not expired, 60 days each time', async () => {
    const token = await driver.instagramToken('ada');
    const early = await refresh(token);
    expect([early.status, early.get('error', 'code')]).toEqual([400, 100]);
    driver.advance(DAY_SECONDS + 1);
    const first = await refresh(token);
    expect(first.get('expires_in')).toBe(60 * DAY_SECONDS);
    const extended = String(first.get('access_token'));
    expect((await refresh(extended)).status).toBe(400);
    driver.advance(59 * DAY_SECONDS);
    expect((await me(token)).get('error', 'code')).toBe(190);
    expect((await me(extended)).status).toBe(200);
    driver.advance(DAY_SECONDS + 1);
    const late = await refresh(extended);
    expect([late.get('error', 'code'), late.get('error', 'error_subcode')]).toEqual([190, 463]);
  });

  it('lets the first token live an hour and exchanges it only while it does', async () => {
    const code = await driver.code('instagram', 'ada');
    const short = await driver.post('/instagram/api/oauth/access_token', driver.exchange('instagram', code));
    const token = String(short.get('data', 0, 'access_token'));
    expect((await refresh(token)).get('error', 'message')).toMatch(/long-lived/);
    driver.advance(3601);
    const late = await driver.get(`${GRAPH}/access_token`, {
      grant_type: 'ig_exchange_token',
      client_secret: 'sbx_client-secret-instagram',
      access_token: token,
    });
    expect(late.get('error', 'code')).toBe(190);
  });

  it('follows the lifetimes that were set', async () => {
    await driver.control({
      do: 'lifetimes',
      platform: 'instagram',
      accessSeconds: 5 * DAY_SECONDS,
      refreshSeconds: null,
    });
    const token = await driver.instagramToken('ada');
    driver.advance(5 * DAY_SECONDS + 1);
    expect((await me(token)).get('error', 'error_subcode')).toBe(463);
  });

  it('does not publish or show without the scope', async () => {
    const reader = await driver.instagramToken('ada', { sandbox_scopes: 'instagram_business_basic' });
    const refused = await driver.post(`${GRAPH}/me/media`, {
      access_token: reader,
      image_url: 'https://example.org/1.png',
    });
    expect([refused.status, refused.get('error', 'code')]).toEqual([403, 200]);
    const blind = await driver.instagramToken('ada', { sandbox_scopes: '' });
    expect((await me(blind)).get('error', 'code')).toBe(200);
  });

  it('tells a client about a wrong code in the words of api.instagram.com', async () => {
    const code = await driver.code('instagram', 'ada');
    await driver.post('/instagram/api/oauth/access_token', driver.exchange('instagram', code));
    const again = await driver.post('/instagram/api/oauth/access_token', driver.exchange('instagram', code));
    expect([again.status, JSON.parse(again.text)]).toEqual([
      400,
      {
        error_type: 'OAuthException',
        code: 400,
        error_message: 'Matching code was not found or was already used',
      },
    ]);
  });

  it('leaves other logins alone when a person takes the app away', async () => {
    const ada = await driver.instagramToken('ada');
    const ben = await driver.instagramToken('ben');
    const facebook = await driver.facebookToken('ada');
    await driver.control({ do: 'revoke-grant', platform: 'instagram', identity: 'ada' });
    expect((await me(ada)).get('error', 'error_subcode')).toBe(458);
    expect((await me(ben)).status).toBe(200);
    expect((await driver.get('/facebook/graph/v23.0/me', { access_token: facebook })).status).toBe(200);
    expect((await driver.get('/facebook/graph/v23.0/me', { access_token: ben })).status).toBe(400);
  });
});
