import type { Actor, JsonObject } from '#kernel';

/**
 * What a golden file is made from the first time. One story: a team in Berlin connects a Facebook Page, reconnects it by
 * another admin's login, and removes it. Each stream shows every type of its events once, in an order that its fold can take.
 */
export interface Sample {
  readonly type: string;
  readonly data: JsonObject;
  readonly personal?: JsonObject;
}

export const WORKSPACE = 'ws_01kp9x3jz7e3ra4dqw8n5c2m6t';
export const ACTOR: Actor = { type: 'user', id: '5f0c2a9e-7b1d-4a54-9c1b-3d6f0a8e2b47' };
const COLLEAGUE = 'a71be2c4-90f3-4b0e-8d55-6c2f1e9b7a03';

const CONNECTION = 'con_01kp9xa8m2f4tbw6y0r3s5v7hd';
const SECOND_CONNECTION = 'con_01kpha2c4e6g8j0k2m4n6p8q0r';
const GRANT = 'grt_01kp9xa8m2e9ssr4c7d1g0j5kx';
const SECOND_GRANT = 'grt_01kpha2c4eft2v4w6x8y0z1a3b';
const PAGE = 'acc_01kp9xa8m2f0e7t4n9q2w5z8bc';
const SECOND_PAGE = 'acc_01kp9xa8m2e5h1j3k6m8p0r2tv';

const lifetime = (issuedAt: string, expiresAt: string | null): JsonObject => ({
  issuedAt,
  expiresAt,
  accessExpiresAt: null,
  refreshExpiresAt: null,
  dataAccessExpiresAt: expiresAt,
  earliestRenewalAt: null,
  renewal: 'reconnect',
});
const SCOPES = ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts', 'business_management'];
const PERMISSIONS = { granted: SCOPES, missing: ['pages_manage_engagement', 'read_insights'] };
const profile = (name: string): JsonObject => ({
  externalId: '104872219345671',
  name,
  handle: 'nordwind.kaffee',
  pictureUrl: 'https://scontent.example/v/t39.30808-1/nordwind.jpg?stp=dst-jpg_p200x200',
  profileUrl: 'https://www.facebook.com/nordwind.kaffee',
});

const workspace: readonly Sample[] = [
  {
    type: 'WorkspaceCreated',
    data: {
      timezone: 'Europe/Berlin',
      expiringWindow: 'P30D',
      noticeSteps: ['P30D', 'P7D', 'P1D'],
      nameDigest: 'bq3m0VY4iXk5u5cWb2v8kY5yS1H0r7mTn9c2pQeL4xA',
      createdAt: '2029-03-01T08:12:44.031Z',
    },
    personal: { name: 'Nordwind Kaffeerösterei' },
  },
  {
    type: 'MemberAdded',
    data: {
      userId: COLLEAGUE,
      role: 'editor',
      access: 'listed',
      accountIds: [PAGE],
      count: 1,
      addedAt: '2029-03-01T08:15:10.500Z',
    },
  },
  { type: 'MemberRoleChanged', data: { userId: COLLEAGUE, role: 'publisher' } },
  {
    type: 'MemberAccountAccessChanged',
    data: { userId: COLLEAGUE, access: 'listed', added: [SECOND_PAGE], removed: [PAGE], count: 1 },
  },
  {
    type: 'WorkspaceRenamed',
    data: { nameDigest: 'k0T8yJc3sHq6w1zVb5n7mXr2dLf4gPa9eUi0oYtRjWs' },
    personal: { name: 'Nordwind Kaffee & Tee — Büro Süd ☕' },
  },
  { type: 'WorkspaceSettingsChanged', data: { expiringWindow: 'P14D', noticeSteps: ['P14D', 'P3D'] } },
  { type: 'MemberRemoved', data: { userId: COLLEAGUE } },
];

const connection: readonly Sample[] = [
  {
    type: 'ConnectionStarted',
    data: {
      workspaceId: WORKSPACE,
      platform: 'facebook',
      method: 'direct',
      login: 'facebook',
      accountType: 'page',
      purpose: 'connect',
      reconnectAccountId: null,
      startedBy: { ...ACTOR },
      startedAt: '2029-03-01T08:20:00.000Z',
      lapsesAt: '2029-03-01T08:35:00.000Z',
    },
  },
  {
    type: 'ConnectionAuthorized',
    data: {
      authorizedAt: '2029-03-01T08:21:17.208Z',
      candidateIds: ['N3pQk8sT1vXz5bD7fHj0Lm', 'c2E4g6I8k0M2o4Q6s8U0wA', 'yB1dF3hJ5lN7pR9tV1xZ3a'],
      count: 3,
      selectable: 2,
    },
  },
  {
    type: 'ConnectionSelected',
    data: {
      choices: [
        { candidateId: 'N3pQk8sT1vXz5bD7fHj0Lm', accountId: PAGE, outcome: 'connected' },
        { candidateId: 'c2E4g6I8k0M2o4Q6s8U0wA', accountId: SECOND_PAGE, outcome: 'reconnected' },
      ],
      count: 2,
      selectedAt: '2029-03-01T08:21:49.990Z',
    },
  },
  { type: 'ConnectionCompleted', data: { accountIds: [PAGE, SECOND_PAGE], count: 2, grantId: GRANT } },
  { type: 'ConnectionFailed', data: { code: 'missing-permissions' } },
  { type: 'ConnectionLapsed', data: {} },
];

const grant: readonly Sample[] = [
  {
    type: 'GrantObtained',
    data: {
      workspaceId: WORKSPACE,
      platform: 'facebook',
      attemptId: CONNECTION,
      consentAt: '2029-03-01T08:21:17.208Z',
      consentBy: { ...ACTOR },
      lifetime: lifetime('2029-03-01T08:21:16.000Z', '2029-05-30T08:21:16.000Z'),
      scopes: SCOPES,
    },
    personal: { subject: '10227744118825930' },
  },
  { type: 'GrantAttached', data: { accountId: PAGE } },
  {
    type: 'TokenExpiringSoon',
    data: { expiresAt: '2029-05-30T08:21:16.000Z', daysLeft: 30, step: 'P30D', accountIds: [PAGE], count: 1 },
  },
  {
    type: 'TokenExpired',
    data: { cause: 'rejected', expiresAt: '2029-05-30T08:21:16.000Z', accountIds: [PAGE], count: 1 },
  },
  {
    type: 'GrantRenewed',
    data: {
      by: 'consent',
      attemptId: SECOND_CONNECTION,
      consentAt: '2029-05-12T14:03:59.001Z',
      lifetime: lifetime('2029-05-12T14:03:58.000Z', null),
      scopes: [...SCOPES, 'read_insights'],
    },
  },
  {
    type: 'GrantRenewed',
    data: {
      by: 'consent',
      attemptId: SECOND_CONNECTION,
      consentAt: '2029-05-13T14:03:59.001Z',
      lifetime: lifetime('2029-05-13T14:03:58.000Z', null),
      scopes: SCOPES,
      accountIds: [PAGE],
    },
  },
  { type: 'GrantAttached', data: { accountId: SECOND_PAGE, consentAt: '2029-05-13T14:03:59.001Z' } },
  { type: 'GrantDetached', data: { accountId: PAGE } },
  { type: 'GrantRevoked', data: { platformCall: 'not-revoked' } },
];

const socialAccount: readonly Sample[] = [
  {
    type: 'AccountConnected',
    data: {
      workspaceId: WORKSPACE,
      platform: 'facebook',
      type: 'page',
      method: 'direct',
      grantId: GRANT,
      attemptId: CONNECTION,
      consentAt: '2029-03-01T08:21:17.208Z',
      connectedAt: '2029-03-01T08:21:50.112Z',
      connectedBy: { ...ACTOR },
      easyConnectLinkId: null,
      profileDigest: 'Zt5wQ9xK1mB7vR3cL8nD2sH6jF0gY4aPeUiOoTyXkWq',
      ...PERMISSIONS,
    },
    personal: profile('Nordwind Kaffee'),
  },
  { type: 'AccountAccessLost', data: { reason: 'not-listed' } },
  { type: 'AccountAccessRestored', data: {} },
  { type: 'PermissionsChanged', data: { granted: [...SCOPES, 'read_insights'], missing: ['pages_manage_engagement'] } },
  {
    type: 'AccountReconnected',
    data: {
      method: 'direct',
      grantId: SECOND_GRANT,
      previousGrantId: GRANT,
      attemptId: SECOND_CONNECTION,
      consentAt: '2029-05-12T14:03:59.001Z',
      reconnectedAt: '2029-05-12T14:04:02.733Z',
      reconnectedBy: { type: 'user', id: COLLEAGUE },
      ...PERMISSIONS,
    },
  },
  {
    type: 'AccountProfileUpdated',
    data: { profileDigest: 'p1Lm3Nb5Vc7Xz9As2Df4Gh6Jk8Qw0ErTyUiOpPoIuYt' },
    personal: profile('Nordwind Kaffee & Tee'),
  },
  {
    type: 'AccountRemoved',
    data: {
      removedAt: '2029-06-01T10:00:00.000Z',
      removedBy: { type: 'service', id: 'billing' },
      grantId: SECOND_GRANT,
    },
  },
];

/** By category: the stream's id and its events. */
export const SAMPLES: Readonly<Record<string, { readonly id: string; readonly events: readonly Sample[] }>> = {
  workspace: { id: WORKSPACE, events: workspace },
  connection: { id: CONNECTION, events: connection },
  grant: { id: GRANT, events: grant },
  socialAccount: { id: PAGE, events: socialAccount },
};
