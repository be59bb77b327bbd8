import { describe, expect, it } from '@jest/globals';
import type { AccountType, Candidate, ConnectMethod, MethodId, PlatformId } from '../platform.js';
import { judgeConsent, offered, permissionsFor, type ConsentRequest, type JudgedCandidate } from './consent.js';

const method = (completesAlone: ConnectMethod['completesAlone'] = 'never'): ConnectMethod => ({
  platform: 'linkedin',
  id: 'direct',
  label: 'LinkedIn',
  kind: 'oauth2',
  accountTypes: ['profile', 'organization'],
  requiredScopes: (type) => (type === 'profile' ? ['post-self'] : ['post-organization', 'read']),
  optionalScopes: (type) => (type === 'profile' ? [] : ['read', 'insights']),
  completesAlone,
});
const EVERYTHING = ['post-self', 'post-organization', 'read', 'insights'];

const candidate = (externalId: string, more: Partial<Candidate> = {}): Candidate => ({
  platform: 'linkedin',
  method: 'direct',
  type: 'organization',
  externalId,
  name: externalId,
  handle: null,
  pictureUrl: null,
  profileUrl: null,
  notSelectable: null,
  ...more,
});
const judged = (
  name: string,
  more: {
    reason?: JudgedCandidate['reason'];
    accountId?: string;
    type?: AccountType;
    platform?: PlatformId;
    method?: MethodId;
  } = {},
): JudgedCandidate => {
  const { reason = null, accountId = null, type = 'organization', platform = 'linkedin', method: by = 'direct' } = more;
  return {
    candidateId: name,
    candidate: candidate(name, { type, platform, method: by }),
    reason,
    accountId,
    permissions: { granted: [], missing: [], lacking: [] },
  };
};
const connect: ConsentRequest = { platform: 'linkedin', method: 'direct', accountType: null, reconnect: null };
const judge = (
  request: ConsentRequest,
  candidates: readonly JudgedCandidate[],
  { grantedScopes = EVERYTHING, by = method() }: { grantedScopes?: readonly string[]; by?: ConnectMethod } = {},
) => judgeConsent(request, by, { grantedScopes }, candidates);

describe('what granted scopes mean', () => {
  it('tells scopes that an account works with, does without, and cannot do without', () => {
    expect(permissionsFor(method(), 'organization', ['read', 'other'])).toEqual({
      granted: ['read'],
      missing: ['insights'],
      lacking: ['post-organization'],
    });
    expect(permissionsFor(method(), 'organization', EVERYTHING)).toEqual({
      granted: ['post-organization', 'read', 'insights'],
      missing: [],
      lacking: [],
    });
    expect(permissionsFor(method(), 'profile', [])).toEqual({ granted: [], missing: [], lacking: ['post-self'] });
  });
});

describe('a consent to connect', () => {
  it('offers what is of its platform, method and type alone', () => {
    const [page, self, elsewhere, otherMethod] = [
      judged('page'),
      judged('self', { type: 'profile' }),
      judged('elsewhere', { platform: 'x' }),
      judged('other-method', { method: 'app-password' }),
    ];
    const all = [page, self, elsewhere, otherMethod];
    expect(offered(connect, all)).toEqual([page, self]);
    expect(offered({ ...connect, accountType: 'profile' }, all)).toEqual([self]);
  });

  it('lets the person pick, even where one alone can be picked (C2)', () => {
    expect(judge(connect, [judged('a'), judged('b')])).toEqual({ kind: 'pick' });
    expect(judge(connect, [judged('a')])).toEqual({ kind: 'pick' });
  });

  it('completes by itself where a login holds exactly one account', () => {
    expect(judge(connect, [judged('a')], { by: method('always') })).toEqual({
      kind: 'chosen',
      candidates: [judged('a')],
    });
  });

  it('completes by itself where only one was found, before any filter by type', () => {
    const by = method('when-only-one');
    const [a, self] = [judged('a'), judged('self', { type: 'profile' })];
    expect(judge(connect, [a], { by })).toEqual({ kind: 'chosen', candidates: [a] });
    expect(judge(connect, [a, judged('x', { platform: 'x' })], { by })).toEqual({ kind: 'chosen', candidates: [a] });
    expect(judge({ ...connect, accountType: 'organization' }, [a, self], { by })).toEqual({ kind: 'pick' });
    expect(judge(connect, [a, judged('b', { reason: 'not-allowed-to-post' })], { by })).toEqual({ kind: 'pick' });
  });

  it('fails where nothing can be picked', () => {
    const failed = { kind: 'failed', code: 'nothing-to-connect' };
    expect(judge(connect, [])).toEqual(failed);
    expect(judge(connect, [judged('x', { platform: 'x' })])).toEqual(failed);
    for (const reason of ['missing-permission', 'not-allowed-to-post', 'not-supported', 'no-access'] as const) {
      expect(judge(connect, [judged('a', { reason })])).toEqual(failed);
    }
    expect(judge({ ...connect, accountType: 'profile' }, [judged('a')])).toEqual(failed);
  });

  it('fails where the scopes are enough for no type that was asked for (C8)', () => {
    const failed = { kind: 'failed', code: 'missing-permissions' };
    expect(judge(connect, [judged('a')], { grantedScopes: ['read'] })).toEqual(failed);
    expect(judge({ ...connect, accountType: 'organization' }, [judged('a')], { grantedScopes: ['post-self'] })).toEqual(
      failed,
    );
    expect(judge(connect, [judged('self', { type: 'profile' })], { grantedScopes: ['post-self'] })).toEqual({
      kind: 'pick',
    });
  });
});

describe('a consent to reconnect (T7)', () => {
  const reconnect = (sameIdentity: boolean): ConsentRequest => ({
    ...connect,
    reconnect: { accountId: 'acc_1', sameIdentity },
  });
  const target = judged('a', { accountId: 'acc_1' });
  const others = [judged('b', { accountId: 'acc_2' }), judged('c')];

  it('completes by itself when its account is offered, whoever consents', () => {
    for (const sameIdentity of [true, false]) {
      expect(judge(reconnect(sameIdentity), [...others, target])).toEqual({ kind: 'chosen', candidates: [target] });
    }
  });

  it('fails as missing permissions when the account is listed and cannot be picked', () => {
    for (const reason of ['missing-permission', 'not-allowed-to-post', 'not-supported'] as const) {
      expect(judge(reconnect(true), [judged('a', { accountId: 'acc_1', reason })])).toEqual({
        kind: 'failed',
        code: 'missing-permissions',
      });
    }
  });

  it('says who consented when the account is not offered', () => {
    expect(judge(reconnect(false), others)).toEqual({ kind: 'failed', code: 'different-identity' });
    expect(judge(reconnect(true), others)).toEqual({ kind: 'failed', code: 'account-not-offered' });
    expect(judge(reconnect(true), others, { grantedScopes: [] })).toEqual({
      kind: 'failed',
      code: 'missing-permissions',
    });
  });

  it('takes no account of another platform or method for its own', () => {
    const elsewhere = judged('a', { accountId: 'acc_1', method: 'app-password' });
    expect(judge(reconnect(true), [elsewhere])).toEqual({ kind: 'failed', code: 'account-not-offered' });
  });
});
