import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { FacebookLogin, facebookSandboxBases } from '#platform-facebook';
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
  succeeded,
} from '../platform-http/spec-support.js';
import { unwrapTokenAnswer } from './answers.js';
import { INSTAGRAM_LIVE_BASES, INSTAGRAM_METHODS, InstagramLogin, instagramSandboxBases } from './index.js';

const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const account = { type: 'professional', externalId: '17841400000000001' } as const;

let stage: SandboxStage;
let login: InstagramLogin;

function loginAt(url: string): InstagramLogin {
  return new InstagramLogin({
    mode: 'sandbox',
    clientId: 'sandbox-instagram',
    clientSecret: new Secret('sbx_client-secret-instagram'),
    bases: instagramSandboxBases(url),
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

const secondsBetween = (from: string, to: string | null) => (Date.parse(to ?? '') - Date.parse(from)) / 1_000;

describe('an Instagram consent', () => {
  it('asks for the business scopes, without PKCE', async () => {
    const { parameters } = await stage.consent(login);
    expect(parameters.get('code')).toMatch(/^sbx_/);
    const [method] = INSTAGRAM_METHODS;
    if (method === undefined) throw new Error('There is a method.');
    const url = await login.authorizationUrl({ state: 's', redirectUri: 'https://example.com/' });
    expect(Object.fromEntries(new URL(url).searchParams)).toEqual({
      client_id: 'sandbox-instagram',
      redirect_uri: 'https://example.com/',
      response_type: 'code',
      state: 's',
      scope: [...method.requiredScopes('professional'), ...method.optionalScopes('professional')].join(','),
    });
  });

  it('brings the one account, under its professional id and not the one that only this app knows', async () => {
    const authorization = await stage.authorized(login);
    expect(authorization).toMatchObject({
      subject: account.externalId,
      listingComplete: true,
      grantedScopes: expect.arrayContaining(['instagram_business_basic', 'instagram_business_content_publish']),
      candidates: [
        {
          platform: 'instagram',
          method: 'direct',
          type: 'professional',
          externalId: account.externalId,
          name: 'ada.bakery',
          handle: 'ada.bakery',
          profileUrl: 'https://www.instagram.com/ada.bakery/',
          notSelectable: null,
        },
      ],
    });
    expectNoSecret(authorization);
    expect(await stage.calls('/oauth/access_token')).toHaveLength(1);
  });

  it('brings the same account as the login by Facebook does (C3)', async () => {
    const facebook = new FacebookLogin({
      mode: 'sandbox',
      clientId: 'sandbox-facebook',
      clientSecret: new Secret('sbx_client-secret-facebook'),
      bases: facebookSandboxBases(stage.sandbox.url),
      clock: stage.clock,
      limits: SPEC_LIMITS,
    });
    const linked = (await stage.authorized(facebook)).candidates.find(({ platform }) => platform === 'instagram');
    const [own] = (await stage.authorized(login)).candidates;
    expect({ ...linked, method: 'direct' }).toEqual(own);
  });

  it('takes the lifetime from the answer: weeks for the token, and no renewal before it is a day old (T3)', async () => {
    const { lifetime } = await stage.authorized(login);
    expect(secondsBetween(lifetime.issuedAt, lifetime.expiresAt)).toBe(60 * DAY_SECONDS);
    expect(secondsBetween(lifetime.issuedAt, lifetime.earliestRenewalAt)).toBe(DAY_SECONDS);
    expect(lifetime).toMatchObject({
      accessExpiresAt: lifetime.expiresAt,
      refreshExpiresAt: null,
      dataAccessExpiresAt: null,
      renewal: 'automatic',
    });
    await stage.control({ do: 'lifetimes', platform: 'instagram', accessSeconds: 12_345, refreshSeconds: null });
    const shorter = (await stage.authorized(login)).lifetime;
    expect(secondsBetween(shorter.issuedAt, shorter.expiresAt)).toBe(12_345);
  });

  it('says which scopes were granted, and cannot go on without the one that says whose it is', async () => {
    const part = await stage.authorized(login, { more: { sandbox_scopes: 'instagram_business_basic' } });
    expect(part.grantedScopes).toEqual(['instagram_business_basic']);
    expect(part.candidates[0]?.notSelectable).toBe('missing-permission');
    const nobody = await stage.authorize(login, { more: { sandbox_scopes: 'instagram_business_content_publish' } });
    expect(failed(nobody)).toMatchObject({ code: 'missing-permissions', kind: 'missing-permission' });
  });

  it('says so when the person denied, and exchanges nothing', async () => {
    expect(failed(await stage.authorize(login, { decision: 'deny' }))).toMatchObject({ code: 'denied' });
    const [method] = INSTAGRAM_METHODS;
    if (method === undefined) throw new Error('There is a method.');
    const other = callbackWith(method, { code: 'sbx_code', state: 'another' });
    expect(failed(await login.authorize(other))).toMatchObject({ code: 'platform-error' });
    expect(await stage.calls('access_token')).toEqual([]);
  });

  it('reads the token answer in both of its forms', () => {
    const answer = { access_token: 'a', permissions: 'one,two' };
    expect(unwrapTokenAnswer({ data: [answer] })).toEqual(answer);
    for (const other of [answer, { data: [] }, { data: [answer, answer] }, { data: ['a'] }, null, 'text']) {
      expect(unwrapTokenAnswer(other)).toBe(other);
    }
  });

  itMeetsEveryFault('instagram', '/oauth/access_token', { token: 'other', profile: 'rejected' }, () => ({
    stage,
    login,
  }));
});

describe('the renewal of an Instagram grant', () => {
  it('works after a day, as often as needed, and each time for the whole term', async () => {
    let { secrets, lifetime } = await stage.authorized(login);
    for (let month = 0; month < 3; month += 1) {
      stage.advance(30 * DAY_SECONDS);
      const renewed = succeeded(await login.renew(secrets));
      expect(Date.parse(renewed.lifetime.expiresAt ?? '')).toBeGreaterThan(Date.parse(lifetime.expiresAt ?? ''));
      expect(secondsBetween(renewed.lifetime.issuedAt, renewed.lifetime.expiresAt)).toBe(60 * DAY_SECONDS);
      ({ secrets, lifetime } = renewed);
    }
    expect(await login.checkAccess(secrets, account)).toBe('reachable');
  });

  it('is refused too early, which does not make the grant a dead one', async () => {
    const { secrets } = await stage.authorized(login);
    stage.advance(DAY_SECONDS - HOUR_SECONDS);
    expect(failed(await login.renew(secrets))).toMatchObject({ kind: 'other' });
    expect(await login.checkAccess(secrets, account)).toBe('reachable');
  });

  it('is rejected once the token has expired or was taken away (T5)', async () => {
    const expired = await stage.authorized(login);
    stage.advance(61 * DAY_SECONDS);
    expect(failed(await login.renew(expired.secrets))).toMatchObject({ kind: 'rejected', code: 'platform-error' });
    const revoked = await stage.authorized(login);
    stage.advance(2 * DAY_SECONDS);
    await stage.control({ do: 'revoke-grant', platform: 'instagram', identity: 'ada' });
    expect(failed(await login.renew(revoked.secrets))).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    ['429', 'rate-limited'],
    ['500', 'transient'],
    ['timeout', 'transient'],
    ['reset', 'transient'],
    ['bad-json', 'other'],
    ['empty', 'other'],
    ['invalid_grant', 'rejected'],
  ])('takes %s for %s', async (answer, kind) => {
    const { secrets } = await stage.authorized(login);
    stage.advance(2 * DAY_SECONDS);
    await stage.control({ do: 'next', platform: 'instagram', endpoint: 'token', times: 3, answer });
    expect(failed(await login.renew(secrets))).toMatchObject({ kind });
    await stage.control({ do: 'reset' });
    succeeded(await login.renew(secrets));
  });

  it('sends nothing for secrets that are none', async () => {
    expect(failed(await login.renew(new Secret('sbx_no json')))).toMatchObject({ kind: 'other' });
    expect(await stage.calls('/refresh_access_token')).toEqual([]);
  });
});

describe('the access to an Instagram account', () => {
  it('is refused by Instagram alone, and otherwise there or unknown', async () => {
    const { secrets } = await stage.authorized(login);
    expect(await login.checkAccess(secrets, account)).toBe('reachable');
    expect(await login.checkAccess(secrets, { ...account, externalId: '17841400000000003' })).toBe('refused');
    for (const answer of ['429', '500', 'reset', 'bad-json', 'empty', 'invalid_grant']) {
      await stage.control({ do: 'next', platform: 'instagram', endpoint: 'profile', times: 3, answer });
      expect(await login.checkAccess(secrets, account)).toBe('unknown');
      await stage.control({ do: 'reset' });
    }
    await stage.control({ do: 'revoke-grant', platform: 'instagram', identity: 'ada' });
    expect(await login.checkAccess(secrets, account)).toBe('unknown');
  });
});

describe('the Instagram login', () => {
  it('revokes nothing, because that would end the whole app for the person', async () => {
    expect(login.revocation).toBe('whole-app');
    expect(failed(await login.revoke())).toMatchObject({ kind: 'other' });
  });

  it('is what the catalogue says of it (C1)', () => {
    expectCatalogued(login);
  });

  it('stands for the real hosts when live', () => {
    expect(Object.values(INSTAGRAM_LIVE_BASES)).toEqual([
      'https://www.instagram.com',
      'https://api.instagram.com',
      'https://graph.instagram.com',
    ]);
  });

  it('turns every malformed reply into a failure or a sound authorisation (T30)', async () => {
    const replay = await ReplayServer.start(stage.sandbox.url);
    await fuzzReplies(loginAt(replay.url), await stage.consent(login), replay);
    await replay.stop();
  }, 120_000);
});
