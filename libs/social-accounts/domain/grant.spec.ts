import { describe, it } from '@jest/globals';
import { specification } from '../../kernel/spec-decider.js';
import type { GrantLifetime } from '../platform.js';
import {
  checkExpiry,
  detachAccount,
  grant,
  revokeEmptyGrant,
  takeConsent,
  type Consent,
  type GrantEvent,
  type GrantState,
} from './grant.js';

const DAY_MS = 86_400_000;
const T1 = '2029-03-01T09:00:00.000Z';
const T2 = '2029-03-02T09:00:00.000Z';
const T3 = '2029-03-03T09:00:00.000Z';
const END = '2029-05-30T09:00:00.000Z';
const { given } = specification(grant);

const lifetime = (expiresAt: string | null): GrantLifetime => ({
  issuedAt: T1,
  expiresAt,
  accessExpiresAt: expiresAt,
  refreshExpiresAt: null,
  dataAccessExpiresAt: expiresAt,
  earliestRenewalAt: null,
  renewal: 'reconnect',
});
const consent = (
  attemptId: string,
  consentAt: string,
  accountIds: readonly string[],
  more: Partial<Consent> = {},
): Consent => ({
  workspaceId: 'ws_1',
  platform: 'facebook',
  subject: 'person-1',
  attemptId,
  consentAt,
  consentBy: { type: 'user', id: 'ann' },
  lifetime: lifetime(END),
  scopes: ['pages_show_list'],
  accountIds,
  ...more,
});
const obtainedUntil = (expiresAt: string | null): GrantEvent => ({
  type: 'GrantObtained',
  data: {
    workspaceId: 'ws_1',
    platform: 'facebook',
    attemptId: 'con_1',
    consentAt: T1,
    consentBy: { type: 'user', id: 'ann' },
    lifetime: lifetime(expiresAt),
    scopes: ['pages_show_list'],
  },
  personal: { subject: 'person-1' },
});
const obtained = obtainedUntil(END);
const renewed = (attemptId: string, consentAt: string, accountIds: string[] = []): GrantEvent => ({
  type: 'GrantRenewed',
  data: { by: 'consent', attemptId, consentAt, lifetime: lifetime(END), scopes: ['pages_show_list'], accountIds },
});
const attached = (accountId: string, consentAt = T1): GrantEvent => ({
  type: 'GrantAttached',
  data: { accountId, consentAt },
});
const detached = (accountId: string): GrantEvent => ({ type: 'GrantDetached', data: { accountId } });
const revoked: GrantEvent = { type: 'GrantRevoked', data: { platformCall: 'this-token' } };
const expired = (cause: 'lapsed' | 'rejected' | 'revoked', accountIds: string[] = []): GrantEvent => ({
  type: 'TokenExpired',
  data: { cause, expiresAt: END, accountIds, count: accountIds.length },
});
const soon = (step: string, daysLeft: number, accountIds: string[] = []): GrantEvent => ({
  type: 'TokenExpiringSoon',
  data: { expiresAt: END, daysLeft, step, accountIds, count: accountIds.length },
});
const before = (days: number, ms = 0): Date => new Date(Date.parse(END) - days * DAY_MS + ms);

describe('taking a consent', () => {
  it('obtains the grant with all its attachments in one append, once', () => {
    given()
      .when((state) => takeConsent(state, consent('con_1', T1, ['acc_1', 'acc_2', 'acc_3'])))
      .then(obtained, attached('acc_1'), attached('acc_2'), attached('acc_3'))
      .askedAgain.thenNothing();
  });

  it('renews it by a newer consent and attaches what is new (C6)', () => {
    given(obtained, attached('acc_1'))
      .when((state) => takeConsent(state, consent('con_2', T2, ['acc_1', 'acc_2'])))
      .then(renewed('con_2', T2, ['acc_1', 'acc_2']), attached('acc_2', T2))
      .askedAgain.thenNothing();
  });

  it('lets an older consent choose again what was attached by a still older one', () => {
    given(obtained, attached('acc_1'), renewed('con_3', T3, ['acc_2']))
      .when((state) => takeConsent(state, consent('con_2', T2, ['acc_1'])))
      .then(attached('acc_1', T2))
      .askedAgain.thenNothing();
  });

  it('lets an older consent attach, and nothing else', () => {
    given(obtained, attached('acc_1'), renewed('con_2', T2))
      .when((state) => takeConsent(state, consent('con_0', T1, ['acc_1', 'acc_3'])))
      .then(attached('acc_3'))
      .askedAgain.thenNothing();
  });

  it('attaches again what was detached since, for the same attempt asked again', () => {
    given(obtained, attached('acc_1'), detached('acc_1'))
      .when((state) => takeConsent(state, consent('con_1', T1, ['acc_1'])))
      .then(attached('acc_1'))
      .askedAgain.thenNothing();
  });

  it('never touches a grant that was revoked', () => {
    given(obtained, attached('acc_1'), detached('acc_1'), revoked)
      .when((state) => takeConsent(state, consent('con_2', T2, ['acc_1'])))
      .thenNothing();
  });
});

describe('detaching and revoking', () => {
  it('detaches an account that is attached, once', () => {
    given(obtained, attached('acc_1'), attached('acc_2'))
      .when((state) => detachAccount(state, { accountId: 'acc_1', ownedSince: null }))
      .then(detached('acc_1'))
      .askedAgain.thenNothing();
    for (const past of [[], [obtained], [obtained, attached('acc_2')]]) {
      given(...past)
        .when((state) => detachAccount(state, { accountId: 'acc_1', ownedSince: null }))
        .thenNothing();
    }
  });

  it.each<[string, GrantEvent[]]>([
    ['attached it', [attached('acc_1', T2)]],
    ['renewed the grant and chose it again', [attached('acc_1'), renewed('con_2', T2, ['acc_1'])]],
    ['is older than the grant, and chose it again', [attached('acc_1'), attached('acc_1', T2)]],
  ])('leaves an account that another grant has by an older consent than the one that %s', (_what, past) => {
    const detachOwnedSince = (ownedSince: string | null) => (state: GrantState) =>
      detachAccount(state, { accountId: 'acc_1', ownedSince });
    given(obtained, ...past)
      .when(detachOwnedSince(T1))
      .thenNothing();
    for (const ownedSince of [T2, T3, null])
      given(obtained, ...past)
        .when(detachOwnedSince(ownedSince))
        .then(detached('acc_1'));
  });

  it('detaches an account that a newer consent gave to another grant, whatever else the grant was renewed for', () => {
    given(obtained, attached('acc_1'), renewed('con_3', T3, ['acc_2']))
      .when((state) => detachAccount(state, { accountId: 'acc_1', ownedSince: T2 }))
      .then(detached('acc_1'));
  });

  it('revokes a grant that feeds no account, once, and says whether the platform is told (R7)', () => {
    for (const platformCall of ['this-token', 'not-revoked'] as const) {
      given(obtained, attached('acc_1'), detached('acc_1'))
        .when((state) => revokeEmptyGrant(state, { platformCall }))
        .then({ type: 'GrantRevoked', data: { platformCall } })
        .askedAgain.thenNothing();
    }
  });

  it('leaves a grant that feeds an account, and knows none that was never obtained', () => {
    given(obtained, attached('acc_1'), attached('acc_2'), detached('acc_1'))
      .when((state) => revokeEmptyGrant(state, { platformCall: 'this-token' }))
      .thenNothing();
    given()
      .when((state) => revokeEmptyGrant(state, { platformCall: 'this-token' }))
      .thenRefused('not-found');
  });
});

describe('watching the end (T6)', () => {
  const noticeSteps = ['P30D', 'P7D', 'P1D'];
  const check = (at: Date, steps = noticeSteps) => ({ at, noticeSteps: steps });

  it('announces each step exactly when it comes, once', () => {
    given(obtained, attached('acc_1'))
      .when((state) => checkExpiry(state, check(before(30, -1))))
      .thenNothing();
    given(obtained, attached('acc_1'))
      .when((state) => checkExpiry(state, check(before(30))))
      .then(soon('P30D', 30, ['acc_1']))
      .askedAgain.thenNothing();
    given(obtained, soon('P30D', 30))
      .when((state) => checkExpiry(state, check(before(7, -1))))
      .thenNothing();
    given(obtained, soon('P30D', 30))
      .when((state) => checkExpiry(state, check(before(7))))
      .then(soon('P7D', 7))
      .askedAgain.thenNothing();
    given(obtained, soon('P7D', 7))
      .when((state) => checkExpiry(state, check(before(1))))
      .then(soon('P1D', 1))
      .askedAgain.thenNothing();
  });

  it('announces the smallest step that is due alone: missed ones are not made up for', () => {
    given(obtained)
      .when((state) => checkExpiry(state, check(before(3))))
      .then(soon('P7D', 3))
      .askedAgain.thenNothing();
    given(obtained)
      .when((state) => checkExpiry(state, check(before(0, -1), ['P1D', 'P30D'])))
      .then(soon('P1D', 1));
    given(obtained, soon('P1D', 1))
      .when((state) => checkExpiry(state, check(before(0, -1), ['P14D', 'P2D', 'P1D'])))
      .thenNothing();
  });

  it('rounds the days up', () => {
    given(obtained)
      .when((state) => checkExpiry(state, check(before(7, 1))))
      .then(soon('P7D', 7));
    given(obtained)
      .when((state) => checkExpiry(state, check(before(7, DAY_MS + 1))))
      .then(soon('P7D', 6));
  });

  it('ends exactly at the end, once, with no step after it', () => {
    for (const at of [before(0), before(-10)]) {
      given(obtained, attached('acc_1'), soon('P1D', 1))
        .when((state) => checkExpiry(state, check(at)))
        .then(expired('lapsed', ['acc_1']))
        .askedAgain.thenNothing();
    }
    given(obtained, expired('rejected'))
      .when((state) => checkExpiry(state, check(before(1))))
      .thenNothing();
  });

  it('starts anew with each consent', () => {
    for (const past of [soon('P1D', 1), expired('lapsed'), expired('rejected')]) {
      given(obtained, past, renewed('con_2', T2))
        .when((state) => checkExpiry(state, check(before(30))))
        .then(soon('P30D', 30));
    }
  });

  it('has nothing to say without a known end, before the grant, after its end, and without steps', () => {
    for (const past of [[], [obtainedUntil(null)], [obtained, revoked]]) {
      given(...past)
        .when((state) => checkExpiry(state, check(before(-1))))
        .thenNothing();
    }
    given(obtained)
      .when((state) => checkExpiry(state, check(before(1), [])))
      .thenNothing();
  });

  it('names at most 200 accounts and counts them all', () => {
    const ids = Array.from({ length: 205 }, (_, index) => `acc_${index}`);
    given(obtained, ...ids.map((id) => attached(id)))
      .when((state) => checkExpiry(state, check(before(0))))
      .then({
        type: 'TokenExpired',
        data: { cause: 'lapsed', expiresAt: END, accountIds: ids.slice(0, 200), count: 205 },
      });
  });
});
