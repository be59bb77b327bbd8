import { describe, it } from '@jest/globals';
import { specification } from '../../kernel/spec-decider.js';
import {
  connectAccount,
  healAccount,
  loseAccess,
  removeAccount,
  socialAccount,
  type ConsentedAccount,
  type SocialAccountEvent,
} from './social-account.js';

const AT = new Date('2029-03-05T09:00:00Z');
const T1 = '2029-03-01T09:00:00.000Z';
const T2 = '2029-03-02T09:00:00.000Z';
const T3 = '2029-03-03T09:00:00.000Z';
const { given } = specification(socialAccount);

const by = { type: 'user', id: 'ann' } as const;
const profile = { externalId: '178', name: 'Nordwind', handle: 'nordwind', pictureUrl: null, profileUrl: null };
const consented = (attemptId: string, consentAt: string, more: Partial<ConsentedAccount> = {}): ConsentedAccount => ({
  method: 'direct',
  grantId: 'grt_1',
  attemptId,
  consentAt,
  granted: ['read', 'post'],
  missing: [],
  profile,
  profileDigest: 'profile-1',
  ...more,
});
const asked = (attemptId: string, consentAt: string, more: Partial<ConsentedAccount> = {}) => ({
  ...consented(attemptId, consentAt, more),
  workspaceId: 'ws_1',
  platform: 'instagram' as const,
  type: 'professional' as const,
  by,
  at: AT,
});

const connected: SocialAccountEvent = {
  type: 'AccountConnected',
  data: {
    workspaceId: 'ws_1',
    platform: 'instagram',
    type: 'professional',
    method: 'direct',
    grantId: 'grt_1',
    attemptId: 'con_1',
    consentAt: T1,
    connectedAt: AT.toISOString(),
    connectedBy: by,
    easyConnectLinkId: null,
    profileDigest: 'profile-1',
    granted: ['read', 'post'],
    missing: [],
  },
  personal: profile,
};
const reconnected = (
  attemptId: string,
  consentAt: string,
  grantId = 'grt_1',
  more: { method?: 'direct' | 'via-facebook'; previousGrantId?: string } = {},
): SocialAccountEvent => ({
  type: 'AccountReconnected',
  data: {
    method: 'direct',
    grantId,
    previousGrantId: 'grt_1',
    attemptId,
    consentAt,
    reconnectedAt: AT.toISOString(),
    reconnectedBy: by,
    granted: ['read', 'post'],
    missing: [],
    ...more,
  },
});
const lost: SocialAccountEvent = { type: 'AccountAccessLost', data: { reason: 'not-listed' } };
const restored: SocialAccountEvent = { type: 'AccountAccessRestored', data: {} };
const updated: SocialAccountEvent = {
  type: 'AccountProfileUpdated',
  data: { profileDigest: 'profile-2' },
  personal: { ...profile, name: 'Südwind' },
};
const removed: SocialAccountEvent = {
  type: 'AccountRemoved',
  data: { removedAt: AT.toISOString(), removedBy: by, grantId: 'grt_1' },
};
const newProfile = { profile: { ...profile, name: 'Südwind' }, profileDigest: 'profile-2' };

describe('connecting an account', () => {
  it('connects what was never connected, once', () => {
    given()
      .when((state) => connectAccount(state, asked('con_1', T1)))
      .then(connected)
      .askedAgain.thenNothing();
  });

  it('reconnects in place what is connected (C5, T7), by another grant and method too, and says which grant it was', () => {
    given(connected)
      .when((state) => connectAccount(state, asked('con_2', T2)))
      .then(reconnected('con_2', T2))
      .askedAgain.thenNothing();
    given(connected)
      .when((state) => connectAccount(state, asked('con_2', T2, { grantId: 'grt_2', method: 'via-facebook' })))
      .then(reconnected('con_2', T2, 'grt_2', { method: 'via-facebook' }))
      .askedAgain.thenNothing();
    given(connected, reconnected('con_2', T2, 'grt_2'))
      .when((state) => connectAccount(state, asked('con_3', T3, { grantId: 'grt_3' })))
      .then(reconnected('con_3', T3, 'grt_3', { previousGrantId: 'grt_2' }));
  });

  it('brings back access that was lost, and a profile that has changed', () => {
    given(connected, lost)
      .when((state) => connectAccount(state, asked('con_2', T2, newProfile)))
      .then(reconnected('con_2', T2), updated)
      .askedAgain.thenNothing();
    given(connected, lost, reconnected('con_2', T2))
      .when((state) => loseAccess(state, { grantId: 'grt_1', consentAt: T3, reason: 'not-listed' }))
      .then(lost);
  });

  it('leaves an account to the newer consent that owns it', () => {
    given(connected, reconnected('con_3', T3, 'grt_3'))
      .when((state) => connectAccount(state, asked('con_2', T2, { grantId: 'grt_2', ...newProfile })))
      .thenNothing();
  });

  it('is refused once the account is removed', () => {
    given(connected, removed)
      .when((state) => connectAccount(state, asked('con_2', T2)))
      .thenRefused('account-removed');
  });
});

describe("a consent that reaches the login's other accounts (C6)", () => {
  it('restores lost access, once', () => {
    given(connected, lost)
      .when((state) => healAccount(state, consented('con_2', T2)))
      .then(restored)
      .askedAgain.thenNothing();
  });

  it('notes changed permissions and profile, in any order of scopes, once', () => {
    given(connected)
      .when((state) =>
        healAccount(state, consented('con_2', T2, { granted: ['post'], missing: ['insights'], ...newProfile })),
      )
      .then({ type: 'PermissionsChanged', data: { granted: ['post'], missing: ['insights'] } }, updated)
      .askedAgain.thenNothing();
    given(connected)
      .when((state) => healAccount(state, consented('con_2', T2, { granted: ['post', 'read'] })))
      .thenNothing();
  });

  it('changes no account of another grant, of a newer consent, removed, or never connected', () => {
    const changed = { granted: [] };
    given(connected, lost)
      .when((state) => healAccount(state, consented('con_2', T2, { ...changed, grantId: 'grt_2' })))
      .thenNothing();
    given(connected, reconnected('con_3', T3), lost)
      .when((state) => healAccount(state, consented('con_2', T2, changed)))
      .thenNothing();
    for (const past of [[], [connected, removed]]) {
      given(...past)
        .when((state) => healAccount(state, consented('con_2', T2, changed)))
        .thenNothing();
    }
  });
});

describe('losing access', () => {
  const loss = (grantId: string, consentAt: string) => ({ grantId, consentAt, reason: 'refused' as const });

  it('is noted once, with its reason', () => {
    for (const reason of ['not-listed', 'refused', 'missing-permissions'] as const) {
      given(connected)
        .when((state) => loseAccess(state, { grantId: 'grt_1', consentAt: T2, reason }))
        .then({ type: 'AccountAccessLost', data: { reason } })
        .askedAgain.thenNothing();
    }
    given(connected, lost, restored)
      .when((state) => loseAccess(state, loss('grt_1', T2)))
      .then({ type: 'AccountAccessLost', data: { reason: 'refused' } });
  });

  it('is not for another grant, an older consent, an account removed or never connected to say', () => {
    for (const past of [[connected, reconnected('con_3', T3, 'grt_3')], [connected, removed], []]) {
      given(...past)
        .when((state) => loseAccess(state, loss('grt_1', T3)))
        .thenNothing();
    }
    given(connected, reconnected('con_3', T3))
      .when((state) => loseAccess(state, loss('grt_1', T2)))
      .thenNothing();
  });
});

describe('removing an account', () => {
  it('ends it once, and names the grant that fed it', () => {
    given(connected)
      .when((state) => removeAccount(state, { by, at: AT }))
      .then(removed)
      .askedAgain.thenNothing();
    given(connected, reconnected('con_2', T2, 'grt_2'))
      .when((state) => removeAccount(state, { by, at: AT }))
      .then({ type: 'AccountRemoved', data: { removedAt: AT.toISOString(), removedBy: by, grantId: 'grt_2' } });
  });

  it('knows no account that was never connected', () => {
    given()
      .when((state) => removeAccount(state, { by, at: AT }))
      .thenRefused('not-found');
  });
});
