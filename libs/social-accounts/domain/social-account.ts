import { z } from 'zod';
import { notFound, Refusal, type Actor, type Decision, type EventOf, type StreamDefinition } from '#kernel';
import { ACCOUNT_TYPES, METHODS, PLATFORMS, type AccountType, type MethodId, type PlatformId } from '../platform.js';
import { actorSchema } from './connection.js';
import { isOlder } from './grant.js';

const permissions = { granted: z.array(z.string()).max(100), missing: z.array(z.string()).max(100) };
const profile = {
  externalId: z.string().max(500),
  name: z.string().max(500),
  handle: z.string().max(500).nullable(),
  pictureUrl: z.string().max(2_000).nullable(),
  profileUrl: z.string().max(2_000).nullable(),
};

export const socialAccountEvents = {
  AccountConnected: {
    version: 1,
    data: z.strictObject({
      workspaceId: z.string(),
      platform: z.enum(PLATFORMS),
      type: z.enum(ACCOUNT_TYPES),
      method: z.enum(METHODS),
      grantId: z.string(),
      attemptId: z.string(),
      consentAt: z.string(),
      connectedAt: z.string(),
      connectedBy: actorSchema,
      easyConnectLinkId: z.string().nullable(),
      profileDigest: z.string(),
      ...permissions,
    }),
    personal: z.strictObject(profile),
  },
  AccountReconnected: {
    version: 1,
    data: z.strictObject({
      method: z.enum(METHODS),
      grantId: z.string(),
      previousGrantId: z.string(),
      attemptId: z.string(),
      consentAt: z.string(),
      reconnectedAt: z.string(),
      reconnectedBy: actorSchema,
      ...permissions,
    }),
  },
  AccountProfileUpdated: {
    version: 1,
    data: z.strictObject({ profileDigest: z.string() }),
    personal: z.strictObject(profile),
  },
  AccountAccessLost: {
    version: 1,
    data: z.strictObject({ reason: z.enum(['not-listed', 'refused', 'missing-permissions']) }),
  },
  AccountAccessRestored: { version: 1, data: z.strictObject({}) },
  PermissionsChanged: { version: 1, data: z.strictObject(permissions) },
  AccountRemoved: {
    version: 1,
    data: z.strictObject({ removedAt: z.string(), removedBy: actorSchema, grantId: z.string() }),
  },
};
export type SocialAccountEvent = EventOf<typeof socialAccountEvents>;

export interface SocialAccountState {
  /** Null while it was never connected. */
  readonly workspaceId: string | null;
  readonly platform: PlatformId | null;
  readonly type: AccountType | null;
  readonly method: MethodId | null;
  readonly grantId: string | null;
  readonly attemptId: string | null;
  readonly consentAt: string | null;
  readonly profileDigest: string | null;
  readonly permissions: { readonly granted: readonly string[]; readonly missing: readonly string[] };
  readonly accessLost: boolean;
  readonly removed: boolean;
}

export const socialAccount: StreamDefinition<typeof socialAccountEvents, SocialAccountState> = {
  category: 'socialAccount',
  events: socialAccountEvents,
  initial: {
    workspaceId: null,
    platform: null,
    type: null,
    method: null,
    grantId: null,
    attemptId: null,
    consentAt: null,
    profileDigest: null,
    permissions: { granted: [], missing: [] },
    accessLost: false,
    removed: false,
  },
  evolve(state, event) {
    switch (event.type) {
      case 'AccountConnected': {
        const { workspaceId, platform, type, method, grantId, attemptId, consentAt, profileDigest } = event.data;
        const facts = { workspaceId, platform, type, method, grantId, attemptId, consentAt, profileDigest };
        return { ...state, ...facts, permissions: { granted: event.data.granted, missing: event.data.missing } };
      }
      case 'AccountReconnected': {
        const { method, grantId, attemptId, consentAt, granted, missing } = event.data;
        return {
          ...state,
          method,
          grantId,
          attemptId,
          consentAt,
          permissions: { granted, missing },
          accessLost: false,
        };
      }
      case 'AccountProfileUpdated':
        return { ...state, profileDigest: event.data.profileDigest };
      case 'AccountAccessLost':
        return { ...state, accessLost: true };
      case 'AccountAccessRestored':
        return { ...state, accessLost: false };
      case 'PermissionsChanged':
        return { ...state, permissions: event.data };
      case 'AccountRemoved':
        return { ...state, removed: true };
    }
  },
};

/** What a consent says about one account. */
export interface ConsentedAccount {
  readonly method: MethodId;
  readonly grantId: string;
  readonly attemptId: string;
  readonly consentAt: string;
  readonly granted: readonly string[];
  readonly missing: readonly string[];
  readonly profile: {
    readonly externalId: string;
    readonly name: string;
    readonly handle: string | null;
    readonly pictureUrl: string | null;
    readonly profileUrl: string | null;
  };
  readonly profileDigest: string;
}

/** Connects an account, or reconnects it in place (T7). The newest consent owns it: an older one changes nothing. */
export function connectAccount(
  state: SocialAccountState,
  command: ConsentedAccount & {
    readonly workspaceId: string;
    readonly platform: PlatformId;
    readonly type: AccountType;
    readonly by: Actor;
    readonly at: Date;
  },
): Decision<SocialAccountEvent> {
  if (state.removed) return accountRemoved();
  const { method, grantId, attemptId, consentAt, profileDigest, by } = command;
  const permissions = { granted: [...command.granted], missing: [...command.missing] };
  const at = command.at.toISOString();
  if (state.workspaceId === null || state.grantId === null) {
    const { workspaceId, platform, type } = command;
    const facts = { workspaceId, platform, type, method, grantId, attemptId, consentAt, profileDigest, ...permissions };
    const data = { ...facts, connectedAt: at, connectedBy: by, easyConnectLinkId: null };
    return [{ type: 'AccountConnected', data, personal: command.profile }];
  }
  if (state.attemptId === attemptId || isOlder(consentAt, state.consentAt)) return [];
  const reconnected: SocialAccountEvent = {
    type: 'AccountReconnected',
    data: {
      method,
      grantId,
      previousGrantId: state.grantId,
      attemptId,
      consentAt,
      reconnectedAt: at,
      reconnectedBy: by,
      ...permissions,
    },
  };
  return [reconnected, ...updateProfile(state, command)];
}

/** Another consent of the same login reaches this account, too (C6). */
export function healAccount(state: SocialAccountState, command: ConsentedAccount): Decision<SocialAccountEvent> {
  if (!isFedBy(state, command)) return [];
  const events: SocialAccountEvent[] = state.accessLost ? [{ type: 'AccountAccessRestored', data: {} }] : [];
  const { granted, missing } = command;
  if (!sameSet(granted, state.permissions.granted) || !sameSet(missing, state.permissions.missing)) {
    events.push({ type: 'PermissionsChanged', data: { granted: [...granted], missing: [...missing] } });
  }
  return [...events, ...updateProfile(state, command)];
}

/** A newer consent of its login does not reach this account any more. */
export function loseAccess(
  state: SocialAccountState,
  command: {
    readonly grantId: string;
    readonly consentAt: string;
    readonly reason: 'not-listed' | 'refused' | 'missing-permissions';
  },
): Decision<SocialAccountEvent> {
  if (!isFedBy(state, command) || state.accessLost) return [];
  return [{ type: 'AccountAccessLost', data: { reason: command.reason } }];
}

export function removeAccount(
  state: SocialAccountState,
  command: { readonly by: Actor; readonly at: Date },
): Decision<SocialAccountEvent> {
  if (state.workspaceId === null || state.grantId === null) return notFound('account');
  if (state.removed) return [];
  const { by, at } = command;
  return [{ type: 'AccountRemoved', data: { removedAt: at.toISOString(), removedBy: by, grantId: state.grantId } }];
}

export const accountRemoved = (): Refusal =>
  new Refusal('account-removed', 'This account was removed from the workspace.');

/** Whether this grant is the account's own, and no newer consent owns it. */
const isFedBy = (state: SocialAccountState, by: { readonly grantId: string; readonly consentAt: string }): boolean =>
  !state.removed && state.grantId === by.grantId && !isOlder(by.consentAt, state.consentAt);

/** Profile data is an event only when something changed (D4). */
function updateProfile(state: SocialAccountState, command: ConsentedAccount): SocialAccountEvent[] {
  if (state.profileDigest === command.profileDigest) return [];
  const { profileDigest } = command;
  return [{ type: 'AccountProfileUpdated', data: { profileDigest }, personal: command.profile }];
}

const sameSet = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((item) => other.includes(item));
