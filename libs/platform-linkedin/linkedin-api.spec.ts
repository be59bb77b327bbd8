import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { PlatformHttp, TimeBudget } from '#platform-http';
import { failed, servePlatform, SPEC_LIMITS, succeeded } from '../platform-http/spec-support.js';
import { classifyApiError, classifyOAuthError } from './errors.js';
import { LinkedInApi } from './linkedin-api.js';

const role = (id: number, name: string, state = 'APPROVED') => ({
  role: name,
  state,
  organization: `urn:li:organization:${String(id)}`,
});
const roles = (count: number) => Array.from({ length: count }, (_, index) => role(index + 1, 'ADMINISTRATOR'));

async function list(all: readonly object[], paging: (start: number) => object, budgetMs = 20_000) {
  const platform = await servePlatform((url) => {
    const start = Number(url.searchParams.get('start'));
    const elements = all.slice(start, start + Number(url.searchParams.get('count')));
    return { body: { elements, paging: paging(start) } };
  });
  const api = new LinkedInApi(new PlatformHttp('LinkedIn', SPEC_LIMITS), platform.url);
  const listed = await api.listRoles(new Secret('sbx_token'), new TimeBudget(budgetMs));
  await platform.stop();
  return listed;
}

describe('the roles of a LinkedIn member', () => {
  it('let post as administrator and as content administrator, whatever else they are', async () => {
    const all = [
      role(1, 'ADMINISTRATOR'),
      role(2, 'CONTENT_ADMINISTRATOR'),
      role(3, 'ANALYST'),
      role(4, 'ANALYST'),
      role(4, 'CONTENT_ADMIN'),
      role(1, 'ANALYST'),
      role(5, 'ADMINISTRATOR', 'REQUESTED'),
      { ...role(6, 'ADMINISTRATOR'), organization: 'urn:li:organizationBrand:6' },
    ];
    expect(succeeded(await list(all, () => ({ total: all.length })))).toEqual({
      complete: true,
      roles: [
        { organizationId: '1', mayPost: true },
        { organizationId: '2', mayPost: true },
        { organizationId: '3', mayPost: false },
        { organizationId: '4', mayPost: true },
      ],
    });
  });

  it('are read to the end, however LinkedIn tells where that is', async () => {
    const next = (start: number) => ({ links: start < 100 ? [{ rel: 'next' }] : [] });
    for (const paging of [() => ({ total: 150 }), next, () => ({})]) {
      const listed = succeeded(await list(roles(150), paging));
      expect({ count: listed.roles.length, complete: listed.complete }).toEqual({ count: 150, complete: true });
    }
  });

  it('are cut at a thousand, or when the time is over', async () => {
    const cut = succeeded(await list(roles(1_500), () => ({ total: 1_500 })));
    expect({ count: cut.roles.length, complete: cut.complete }).toEqual({ count: 1_000, complete: false });
    expect(succeeded(await list(roles(1), () => ({ total: 1 }), 0))).toEqual({ roles: [], complete: false });
  });

  it('are a failure when the answer is none', async () => {
    expect(failed(await list([{ role: 'ADMINISTRATOR' }], () => ({})))).toMatchObject({ code: 'platform-error' });
  });
});

describe('an error of LinkedIn', () => {
  it.each([
    [401, { serviceErrorCode: 65_601, code: 'REVOKED_ACCESS_TOKEN' }, 'rejected'],
    [401, { code: 'EXPIRED_ACCESS_TOKEN' }, 'rejected'],
    [401, undefined, 'other'],
    [403, { code: 'ACCESS_DENIED', serviceErrorCode: 100 }, 'missing-permission'],
    [404, {}, 'access-lost'],
    [426, { code: 'NONEXISTENT_VERSION' }, 'other'],
    [429, { code: 'TOO_MANY_REQUESTS' }, 'rate-limited'],
    [500, { code: 'REVOKED_ACCESS_TOKEN' }, 'transient'],
  ])('of status %d %j is %s', (status, body, kind) => {
    expect(classifyApiError(status, body)).toBe(kind);
  });

  it.each([
    [400, { error: 'invalid_grant' }, 'rejected'],
    [400, { error: 'invalid_request' }, 'other'],
    [401, { error: 'invalid_client' }, 'other'],
    [400, undefined, 'other'],
    [429, {}, 'rate-limited'],
    [503, { error: 'invalid_grant' }, 'transient'],
  ])('at the token endpoint of status %d %j is %s', (status, body, kind) => {
    expect(classifyOAuthError(status, body)).toBe(kind);
  });
});
