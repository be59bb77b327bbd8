import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import type { Candidate } from '#social-accounts';
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
import {
  LINKEDIN_LIVE_BASES,
  LINKEDIN_METHODS,
  type LinkedInAccountType,
  LinkedInLogin,
  linkedinSandboxBases,
} from './index.js';

const DAY_SECONDS = 24 * 60 * 60;
const profile = { type: 'profile', externalId: 'aDa7Qx01mB' } as const;
const organization = { type: 'organization', externalId: '90000001' } as const;

let stage: SandboxStage;
let login: LinkedInLogin;

function loginAt(url: string, accountTypes?: readonly LinkedInAccountType[]): LinkedInLogin {
  return new LinkedInLogin({
    mode: 'sandbox',
    clientId: 'sandbox-linkedin',
    clientSecret: new Secret('sbx_client-secret-linkedin'),
    bases: linkedinSandboxBases(url),
    clock: stage.clock,
    limits: SPEC_LIMITS,
    ...(accountTypes === undefined ? {} : { accountTypes }),
  });
}

beforeAll(async () => {
  stage = await SandboxStage.start();
  login = loginAt(stage.sandbox.url);
});
beforeEach(() => stage.control({ do: 'reset' }));
afterAll(() => stage.stop());

const summary = (candidates: readonly Candidate[]) =>
  candidates.map(
    ({ type, name, handle, notSelectable }) => `${type} ${name} ${String(handle)} ${notSelectable ?? 'ok'}`,
  );
const secondsBetween = (from: string, to: string | null) => (Date.parse(to ?? '') - Date.parse(from)) / 1_000;
const withRefreshTokens = (accessSeconds = 60 * DAY_SECONDS, refreshSeconds = 365 * DAY_SECONDS) =>
  stage.control({ do: 'lifetimes', platform: 'linkedin', accessSeconds, refreshSeconds });

describe('a LinkedIn consent', () => {
  it('reaches the member and the organisations that the member administers', async () => {
    const authorization = await stage.authorized(login);
    expect(summary(authorization.candidates)).toEqual([
      'profile Ada Adams ada-sandbox ok',
      'organization Ada Group ada-group ok',
    ]);
    expect(authorization).toMatchObject({ subject: profile.externalId, listingComplete: true });
    expect(authorization.candidates.map(({ externalId }) => externalId)).toEqual(['aDa7Qx01mB', '90000001']);
    expect(authorization.candidates[1]?.pictureUrl).toMatch(/^http:\/\/127\.0\.0\.1:/);
    expectNoSecret(authorization);
  });

  it('reaches the member alone who administers nothing', async () => {
    const authorization = await stage.authorized(login, { identity: 'ben' });
    expect(summary(authorization.candidates)).toEqual(['profile Ben Brooks ben-sandbox ok']);
    expect(authorization.listingComplete).toBe(true);
  });

  it('asks for both account types at once, and for the self-serve scopes alone where the app has no more', async () => {
    const request = { state: 's', redirectUri: 'https://example.com/' };
    const scopesOf = async (one: LinkedInLogin) =>
      new URL(await one.authorizationUrl(request)).searchParams.get('scope')?.split(' ');
    expect(await scopesOf(login)).toEqual([
      'openid',
      'profile',
      'w_member_social',
      'r_basicprofile',
      'w_organization_social',
      'r_organization_social',
      'rw_organization_admin',
    ]);
    const selfServe = loginAt(stage.sandbox.url, ['profile']);
    expect(await scopesOf(selfServe)).toEqual(['openid', 'profile', 'w_member_social']);
    expect(selfServe.methods.map(({ accountTypes }) => accountTypes)).toEqual([['profile']]);
    const authorization = await stage.authorized(selfServe);
    expect(summary(authorization.candidates)).toEqual(['profile Ada Adams null ok']);
    expect(authorization.listingComplete).toBe(true);
  });

  it('says what was granted, and lists what it can', async () => {
    const withScopes = (scopes: string) => stage.authorized(login, { more: { sandbox_scopes: scopes } });
    const member = await withScopes('openid,profile,w_member_social');
    expect(member.grantedScopes).toEqual(['openid', 'profile', 'w_member_social']);
    expect(summary(member.candidates)).toEqual(['profile Ada Adams null ok']);
    expect(member.listingComplete).toBe(false);
    const noPosting = await withScopes('openid,profile,rw_organization_admin');
    expect(summary(noPosting.candidates)).toEqual([
      'profile Ada Adams null missing-permission',
      'organization Ada Group ada-group missing-permission',
    ]);
    const nobody = await stage.authorize(login, { more: { sandbox_scopes: 'w_member_social' } });
    expect(failed(nobody)).toMatchObject({ code: 'missing-permissions', kind: 'missing-permission' });
  });

  it('says so when the person denied, and exchanges nothing', async () => {
    expect(failed(await stage.authorize(login, { decision: 'deny' }))).toMatchObject({ code: 'denied' });
    const [method] = LINKEDIN_METHODS;
    if (method === undefined) throw new Error('There is a method.');
    const login1 = callbackWith(method, { error: 'user_cancelled_login' });
    expect(failed(await login.authorize(login1))).toMatchObject({ code: 'denied' });
    const unapproved = callbackWith(method, { error: 'unauthorized_scope_error' });
    expect(failed(await login.authorize(unapproved))).toMatchObject({ code: 'platform-error' });
    const mixedUp = callbackWith(method, { code: 'sbx_code', iss: 'https://attacker.example' });
    expect(failed(await login.authorize(mixedUp))).toMatchObject({ code: 'platform-error' });
    expect(await stage.calls('/accessToken')).toEqual([]);
  });

  itMeetsEveryFault('linkedin', '/oauth/v2/accessToken', { token: 'rejected', profile: 'rejected' }, () => ({
    stage,
    login,
  }));
});

describe('the lifetime of a LinkedIn grant', () => {
  it('ends with the access token where no refresh token comes (T3)', async () => {
    const { lifetime, secrets } = await stage.authorized(login);
    expect(secondsBetween(lifetime.issuedAt, lifetime.expiresAt)).toBe(60 * DAY_SECONDS);
    expect(lifetime).toMatchObject({
      accessExpiresAt: lifetime.expiresAt,
      refreshExpiresAt: null,
      earliestRenewalAt: null,
      renewal: 'reconnect',
    });
    expect(failed(await login.renew(secrets, lifetime))).toMatchObject({ kind: 'other' });
    expect(await stage.calls('/accessToken')).toHaveLength(1);
  });

  it('ends with the refresh token where one comes, and no renewal moves that end', async () => {
    await withRefreshTokens();
    const first = await stage.authorized(login);
    expect(first.lifetime).toMatchObject({ expiresAt: first.lifetime.refreshExpiresAt, renewal: 'automatic' });
    const term = secondsBetween(first.lifetime.issuedAt, first.lifetime.expiresAt);
    expect(365 * DAY_SECONDS - term).toBeLessThanOrEqual(2);
    let { secrets, lifetime } = first;
    for (let renewals = 0; renewals < 3; renewals += 1) {
      stage.advance(100 * DAY_SECONDS);
      const before = lifetime.expiresAt ?? '';
      ({ secrets, lifetime } = succeeded(await login.renew(secrets, lifetime)));
      expect(Date.parse(lifetime.expiresAt ?? '')).toBeLessThanOrEqual(Date.parse(before));
      expect(Date.parse(before) - Date.parse(lifetime.expiresAt ?? '')).toBeLessThanOrEqual(2_000);
    }
    expect(secondsBetween(lifetime.issuedAt, lifetime.accessExpiresAt)).toBe(60 * DAY_SECONDS);
    stage.advance(62 * DAY_SECONDS);
    const last = succeeded(await login.renew(secrets, lifetime));
    expect(secondsBetween(last.lifetime.issuedAt, last.lifetime.accessExpiresAt)).toBeLessThan(4 * DAY_SECONDS);
    stage.advance(4 * DAY_SECONDS);
    expect(failed(await login.renew(last.secrets, last.lifetime))).toMatchObject({ kind: 'rejected' });
  });

  it.each([
    ['429', 'rate-limited'],
    ['500', 'transient'],
    ['timeout', 'transient'],
    ['reset', 'transient'],
    ['bad-json', 'other'],
    ['empty', 'other'],
    ['invalid_grant', 'rejected'],
  ])('meets %s at a renewal as %s', async (answer, kind) => {
    await withRefreshTokens();
    const { secrets, lifetime } = await stage.authorized(login);
    await stage.control({ do: 'next', platform: 'linkedin', endpoint: 'token', times: 3, answer });
    expect(failed(await login.renew(secrets, lifetime))).toMatchObject({ kind });
    await stage.control({ do: 'reset' });
    await withRefreshTokens();
    succeeded(await login.renew(secrets, lifetime));
  });
});

describe('the access to one account by a LinkedIn grant', () => {
  it('is there until LinkedIn itself refuses the account', async () => {
    const { secrets } = await stage.authorized(login);
    expect(await login.checkAccess(secrets, profile)).toBe('reachable');
    expect(await login.checkAccess(secrets, organization)).toBe('reachable');
    await stage.control({ do: 'drop-page', name: 'Ada Group' });
    expect(await login.checkAccess(secrets, organization)).toBe('refused');
    expect(await login.checkAccess(secrets, profile)).toBe('reachable');
  });

  it('is unknown while LinkedIn does not answer, and once the whole grant is dead', async () => {
    const { secrets } = await stage.authorized(login);
    for (const account of [profile, organization]) {
      for (const answer of ['429', '500', 'reset', 'bad-json', 'empty', 'invalid_grant']) {
        await stage.control({ do: 'next', platform: 'linkedin', endpoint: 'profile', times: 3, answer });
        expect(await login.checkAccess(secrets, account)).toBe('unknown');
        await stage.control({ do: 'reset' });
      }
    }
    await stage.control({ do: 'revoke-grant', platform: 'linkedin', identity: 'ada' });
    expect(await login.checkAccess(secrets, profile)).toBe('unknown');
    expect(await login.checkAccess(secrets, organization)).toBe('unknown');
  });
});

describe('the revocation of a LinkedIn grant (R7)', () => {
  it('ends this grant and no other of the same person', async () => {
    await withRefreshTokens();
    const [first, second] = [await stage.authorized(login), await stage.authorized(login)];
    expect(await login.revoke(first.secrets)).toBe('revoked');
    expect(failed(await login.renew(first.secrets, first.lifetime))).toMatchObject({ kind: 'rejected' });
    succeeded(await login.renew(second.secrets, second.lifetime));
    expect(await login.revoke(first.secrets)).toBe('revoked');
  });

  it('ends the access token where there is no other', async () => {
    const { secrets } = await stage.authorized(login);
    expect(await login.revoke(secrets)).toBe('revoked');
    expect(await login.checkAccess(secrets, profile)).toBe('unknown');
  });

  it.each([
    ['429', 'rate-limited'],
    ['500', 'transient'],
    ['timeout', 'transient'],
    ['reset', 'transient'],
  ])('meets %s as %s, and works the next time', async (answer, kind) => {
    const { secrets } = await stage.authorized(login);
    await stage.control({ do: 'next', platform: 'linkedin', endpoint: 'revoke', times: 3, answer });
    expect(failed(await login.revoke(secrets))).toMatchObject({ kind });
    expect(await login.revoke(secrets)).toBe('revoked');
  });
});

describe('the LinkedIn login', () => {
  it('is what the catalogue says of it (C1)', () => {
    expectCatalogued(login);
  });

  it('stands for the real hosts when live', () => {
    expect(Object.values(LINKEDIN_LIVE_BASES)).toEqual(['https://www.linkedin.com', 'https://api.linkedin.com']);
  });

  it('turns every malformed reply into a failure or a sound authorisation (T30)', async () => {
    const replay = await ReplayServer.start(stage.sandbox.url);
    await fuzzReplies(loginAt(replay.url), await stage.consent(login), replay);
    await replay.stop();
  }, 120_000);
});
