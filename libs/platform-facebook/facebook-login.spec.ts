import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import type { Candidate, PlatformLogin } from '#social-accounts';
import { itMeetsEveryFault } from '../platform-http/spec-faults.js';
import { fuzzReplies } from '../platform-http/spec-fuzz.js';
import { ReplayServer } from '../platform-http/spec-replay.js';
import {
  callbackWith,
  expectCatalogued,
  expectNoSecret,
  failed,
  SandboxStage,
  SPEC_LIMITS,
} from '../platform-http/spec-support.js';
import { FACEBOOK_LIVE_BASES, FACEBOOK_METHODS, FacebookLogin, facebookSandboxBases } from './index.js';

const DAY_SECONDS = 24 * 60 * 60;

let stage: SandboxStage;
let login: FacebookLogin;

function loginAt(url: string): FacebookLogin {
  return new FacebookLogin({
    mode: 'sandbox',
    clientId: 'sandbox-facebook',
    clientSecret: new Secret('sbx_client-secret-facebook'),
    bases: facebookSandboxBases(url),
    clock: stage.clock,
    limits: SPEC_LIMITS,
  });
}

beforeAll(async () => {
  stage = await SandboxStage.start();
  login = loginAt(stage.sandbox.url);
});
beforeEach(() => stage.control({ do: 'reset' }));
afterAll(() => stage.stop());

const summary = (candidates: readonly Candidate[]) =>
  candidates.map(({ platform, method, type, name, notSelectable }) =>
    [platform, method, type, name, notSelectable ?? 'ok'].join(' '),
  );
const inSeconds = (seconds: number) => {
  const now = Math.floor(stage.clock.now().getTime() / 1_000);
  return new Date((now + seconds) * 1_000).toISOString();
};

describe('a Facebook consent', () => {
  it('asks for the scopes of Pages and of Instagram, whichever the attempt is for', async () => {
    const port: PlatformLogin = login;
    const urls = FACEBOOK_METHODS.map((method) =>
      port.authorizationUrl({
        method,
        state: 's',
        redirectUri: 'https://example.com/',
        codeVerifier: new Secret('v'),
      }),
    );
    const [page, instagram] = (await Promise.all(urls)).map((url) => new URL(url));
    expect(page?.href).toBe(instagram?.href);
    expect(page?.pathname).toBe('/facebook/www/v23.0/dialog/oauth');
    expect(page?.searchParams.get('scope')?.split(',').sort()).toEqual([
      'business_management',
      'instagram_basic',
      'instagram_content_publish',
      'instagram_manage_comments',
      'instagram_manage_insights',
      'pages_manage_engagement',
      'pages_manage_posts',
      'pages_read_engagement',
      'pages_show_list',
      'read_insights',
    ]);
    expect(page?.searchParams.has('code_challenge')).toBe(false);
  });

  it('reaches all Pages over several pages of the listing, business Pages, and the linked Instagram accounts (C2, C3)', async () => {
    const authorization = await stage.authorized(login);
    expect(summary(authorization.candidates)).toEqual([
      'facebook direct page Ada Bakery ok',
      'instagram via-facebook professional ada.bakery ok',
      'facebook direct page Ada Books ok',
      'instagram via-facebook professional ada.books ok',
      'facebook direct page Ada Travel ok',
    ]);
    expect(authorization.listingComplete).toBe(true);
    expect(authorization.subject).toBe('10158000000000001');
    expect((await stage.calls('/me/accounts')).length).toBeGreaterThan(1);
    expect(authorization.candidates[0]).toMatchObject({
      externalId: '100200300400001',
      handle: 'ada.bakery',
      pictureUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/pictures\//),
      profileUrl: 'https://www.facebook.com/100200300400001',
    });
  });

  it('takes the day a person is needed from the access to data, not from the token (T3)', async () => {
    const { lifetime } = await stage.authorized(login);
    expect(lifetime).toEqual({
      issuedAt: expect.stringMatching(/:\d\d\.000Z$/),
      expiresAt: lifetime.dataAccessExpiresAt,
      accessExpiresAt: expect.any(String),
      refreshExpiresAt: null,
      dataAccessExpiresAt: expect.any(String),
      earliestRenewalAt: null,
      renewal: 'reconnect',
    });
    expect(Date.parse(lifetime.accessExpiresAt ?? '')).toBeLessThanOrEqual(Date.parse(inSeconds(60 * DAY_SECONDS)));
    expect(Date.parse(lifetime.accessExpiresAt ?? '')).toBeGreaterThan(Date.parse(inSeconds(60 * DAY_SECONDS - 60)));
    expect(Date.parse(lifetime.expiresAt ?? '')).toBeGreaterThan(Date.parse(inSeconds(90 * DAY_SECONDS - 60)));

    await stage.control({ do: 'lifetimes', platform: 'facebook', accessSeconds: 1_000, refreshSeconds: null });
    const shorter = await stage.authorized(login);
    expect(Date.parse(shorter.lifetime.expiresAt ?? '')).toBeLessThanOrEqual(Date.parse(inSeconds(1_000)));
  });

  it('finds nothing for somebody without Pages', async () => {
    expect(await stage.authorized(login, { identity: 'cho' })).toMatchObject({ candidates: [], listingComplete: true });
  });

  it('keeps one token, and shows it to nobody', async () => {
    const authorization = await stage.authorized(login);
    expectNoSecret(authorization);
    const kept = authorization.secrets.use((text) => JSON.parse(text) as unknown);
    expect(kept).toEqual({ accessToken: expect.stringMatching(/^sbx_/) });
  });
});

describe('a Facebook consent given in part', () => {
  const withScopes = (...scopes: string[]) => stage.authorized(login, { more: { sandbox_scopes: scopes.join(',') } });

  it('says what was granted, and which candidates lack a permission', async () => {
    const authorization = await withScopes('pages_show_list', 'pages_read_engagement', 'pages_manage_posts');
    expect(authorization.grantedScopes).toEqual([
      'pages_manage_posts',
      'pages_read_engagement',
      'pages_show_list',
      'public_profile',
    ]);
    expect(summary(authorization.candidates)).toEqual([
      'facebook direct page Ada Bakery ok',
      'facebook direct page Ada Books ok',
    ]);
    // Without business_management nobody knows what Pages a business has.
    expect(authorization.listingComplete).toBe(false);
  });

  it('is no failure, whatever is missing', async () => {
    const none = await withScopes('read_insights');
    expect(none).toMatchObject({ candidates: [], listingComplete: false });
    const noPosting = await withScopes('pages_show_list', 'pages_read_engagement', 'business_management');
    expect(summary(noPosting.candidates)).toEqual([
      'facebook direct page Ada Bakery missing-permission',
      'facebook direct page Ada Books missing-permission',
      'facebook direct page Ada Travel missing-permission',
    ]);
  });

  it('marks a Page that was left out of a scope', async () => {
    const authorization = await stage.authorized(login, { more: { sandbox_posting_pages: 'Ada Books' } });
    expect(summary(authorization.candidates)).toEqual([
      'facebook direct page Ada Bakery missing-permission',
      'instagram via-facebook professional ada.bakery ok',
      'facebook direct page Ada Books ok',
      'instagram via-facebook professional ada.books ok',
      'facebook direct page Ada Travel missing-permission',
    ]);
  });

  it('marks a Page on which the person may not post, and the Instagram account behind it', async () => {
    await stage.control({ do: 'page-tasks', name: 'Ada Bakery', tasks: ['ANALYZE', 'MODERATE'] });
    const { candidates } = await stage.authorized(login);
    expect(summary(candidates).slice(0, 3)).toEqual([
      'facebook direct page Ada Bakery not-allowed-to-post',
      'instagram via-facebook professional ada.bakery not-allowed-to-post',
      'facebook direct page Ada Books ok',
    ]);
  });
});

describe('a Facebook callback that leads to nothing', () => {
  it('says so when the person denied', async () => {
    const failure = failed(await stage.authorize(login, { decision: 'deny' }));
    expect(failure).toMatchObject({ code: 'denied', kind: 'other' });
    expect(await stage.calls('access_token')).toEqual([]);
  });

  it('sends nothing for a wrong state, a wrong issuer, no code, or an error that is not a denial', async () => {
    const [method] = FACEBOOK_METHODS;
    if (method === undefined) throw new Error('There is a method.');
    for (const parameters of [
      { code: 'sbx_code', state: 'another' },
      { code: 'sbx_code', iss: 'https://attacker.example' },
      { code: 'sbx_code', response: 'sbx_jwt' },
      { code: '' },
      { code: `sbx_${'x'.repeat(10_000)}` },
      { error: 'server_error' },
      { error_code: '1349126', error_message: 'App not set up' },
      { error: 'access_denied', state: 'another' },
    ]) {
      expect(failed(await login.authorize(callbackWith(method, parameters)))).toMatchObject({ code: 'platform-error' });
    }
    expect(await stage.calls('access_token')).toEqual([]);
  });

  it('fails for a code that was used before', async () => {
    const callback = await stage.consent(login);
    await login.authorize(callback);
    expect(failed(await login.authorize(callback))).toMatchObject({ code: 'platform-error', kind: 'other' });
  });

  itMeetsEveryFault('facebook', '/oauth/access_token', { token: 'other', profile: 'rejected' }, () => ({
    stage,
    login,
  }));
});

describe('the access to one account by a Facebook grant', () => {
  const page = { type: 'page', externalId: '100200300400001' } as const;
  const businessPage = { type: 'page', externalId: '100200300400003' } as const;
  const linked = { type: 'professional', externalId: '17841400000000001' } as const;

  it('is there until Facebook itself refuses the account', async () => {
    const { secrets } = await stage.authorized(login);
    for (const account of [page, businessPage, linked])
      expect(await login.checkAccess(secrets, account)).toBe('reachable');
    await stage.control({ do: 'drop-page', name: 'Ada Bakery' });
    expect(await login.checkAccess(secrets, page)).toBe('refused');
    expect(await login.checkAccess(secrets, linked)).toBe('refused');
    expect(await login.checkAccess(secrets, businessPage)).toBe('reachable');
    expect(await login.checkAccess(secrets, { type: 'page', externalId: '100200300400004' })).toBe('refused');
  });

  it('is unknown while Facebook does not answer, and once the whole grant is dead', async () => {
    const { secrets } = await stage.authorized(login);
    for (const answer of ['429', '500', 'reset', 'bad-json', 'empty', 'invalid_grant']) {
      await stage.control({ do: 'next', platform: 'facebook', endpoint: 'profile', times: 3, answer });
      expect(await login.checkAccess(secrets, page)).toBe('unknown');
      await stage.control({ do: 'reset' });
    }
    await stage.control({ do: 'revoke-grant', platform: 'facebook', identity: 'ada' });
    expect(await login.checkAccess(secrets, page)).toBe('unknown');
    expect(await login.checkAccess(new Secret('no json'), page)).toBe('unknown');
  });
});

describe('the Facebook login', () => {
  it('renews and revokes nothing', async () => {
    expect(failed(await login.renew())).toMatchObject({ kind: 'other' });
    expect(failed(await login.revoke())).toMatchObject({ kind: 'other' });
    expect(login.revocation).toBe('whole-app');
  });

  it('is what the catalogue says of it (C1)', () => {
    expectCatalogued(login);
  });

  it('stands for the real hosts when live', () => {
    expect(Object.values(FACEBOOK_LIVE_BASES)).toEqual(['https://www.facebook.com', 'https://graph.facebook.com']);
  });

  it('turns every malformed reply into a failure or a sound authorisation (T30)', async () => {
    const replay = await ReplayServer.start(stage.sandbox.url);
    await fuzzReplies(loginAt(replay.url), await stage.consent(login), replay);
    await replay.stop();
  }, 120_000);
});
