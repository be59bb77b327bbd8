import { z } from 'zod';
import { notFound, type Actor, type Decision, type EventOf, type StreamDefinition } from '#kernel';
import { PLATFORMS, type GrantLifetime, type PlatformId } from '../platform.js';
import { actorSchema } from './connection.js';

const IDS_PER_EVENT = 200;
const DAY_MS = 86_400_000;

const instant = z.string();
const lifetime = z.strictObject({
  issuedAt: instant,
  expiresAt: instant.nullable(),
  accessExpiresAt: instant.nullable(),
  refreshExpiresAt: instant.nullable(),
  dataAccessExpiresAt: instant.nullable(),
  earliestRenewalAt: instant.nullable(),
  renewal: z.enum(['automatic', 'reconnect']),
});
const scopes = z.array(z.string().max(200)).max(100);
const accounts = { accountIds: z.array(z.string()).max(IDS_PER_EVENT), count: z.int() };

export const grantEvents = {
  GrantObtained: {
    version: 1,
    data: z.strictObject({
      workspaceId: z.string(),
      platform: z.enum(PLATFORMS),
      attemptId: z.string(),
      consentAt: instant,
      consentBy: actorSchema,
      lifetime,
      scopes,
    }),
    personal: z.strictObject({ subject: z.string().max(500) }),
  },
  GrantRenewed: {
    version: 1,
    data: z.strictObject({
      by: z.enum(['consent', 'automatic']),
      /** The attempt whose secrets count from now on; null for an automatic renewal. */
      attemptId: z.string().nullable(),
      consentAt: instant,
      lifetime,
      scopes,
      /** The accounts that were chosen with the consent, also those that were attached before. */
      accountIds: z.array(z.string()).optional(),
    }),
  },
  GrantAttached: {
    version: 1,
    data: z.strictObject({
      accountId: z.string(),
      /** The instant of the consent that the account was chosen with. */
      consentAt: instant.optional(),
    }),
  },
  GrantDetached: { version: 1, data: z.strictObject({ accountId: z.string() }) },
  TokenExpiringSoon: {
    version: 1,
    data: z.strictObject({ expiresAt: instant, daysLeft: z.int(), step: z.string(), ...accounts }),
  },
  TokenExpired: {
    version: 1,
    data: z.strictObject({
      cause: z.enum(['lapsed', 'rejected', 'revoked']),
      expiresAt: instant.nullable(),
      ...accounts,
    }),
  },
  GrantRevoked: {
    version: 1,
    data: z.strictObject({
      /** Whether the platform is told: not where that would end the whole app for that person (R7). */
      platformCall: z.enum(['this-token', 'not-revoked']),
    }),
  },
};
export type GrantEvent = EventOf<typeof grantEvents>;

export interface GrantState {
  readonly workspaceId: string | null;
  readonly platform: PlatformId | null;
  readonly revoked: boolean;
  /** The attempt whose secrets count. */
  readonly attemptId: string | null;
  /** The instant of the newest consent: the newest owns the accounts. */
  readonly consentAt: string | null;
  readonly lifetime: GrantLifetime | null;
  readonly scopes: readonly string[];
  /** By account, the instant of the newest consent that it was chosen with. */
  readonly attached: ReadonlyMap<string, string>;
  /** The smallest notice step announced in this lifetime, in days. */
  readonly announcedDays: number | null;
  readonly expired: 'lapsed' | 'rejected' | 'revoked' | null;
}

export const grant: StreamDefinition<typeof grantEvents, GrantState> = {
  category: 'grant',
  events: grantEvents,
  initial: {
    workspaceId: null,
    platform: null,
    revoked: false,
    attemptId: null,
    consentAt: null,
    lifetime: null,
    scopes: [],
    attached: new Map(),
    announcedDays: null,
    expired: null,
  },
  evolve(state, event) {
    switch (event.type) {
      case 'GrantObtained': {
        const { workspaceId, platform, attemptId, consentAt, lifetime, scopes } = event.data;
        return { ...state, workspaceId, platform, attemptId, consentAt, lifetime, scopes };
      }
      case 'GrantRenewed': {
        const { consentAt, lifetime, scopes, accountIds = [] } = event.data;
        const attemptId = event.data.attemptId ?? state.attemptId;
        const chosen = accountIds.filter((id) => state.attached.has(id));
        const attached = new Map([...state.attached, ...chosen.map((id) => [id, consentAt] as const)]);
        return { ...state, attemptId, consentAt, lifetime, scopes, attached, announcedDays: null, expired: null };
      }
      case 'GrantAttached': {
        const { accountId, consentAt = state.consentAt ?? '' } = event.data;
        return { ...state, attached: new Map([...state.attached, [accountId, consentAt]]) };
      }
      case 'GrantDetached':
        return { ...state, attached: new Map([...state.attached].filter(([id]) => id !== event.data.accountId)) };
      case 'TokenExpiringSoon':
        return { ...state, announcedDays: daysOf(event.data.step) };
      case 'TokenExpired':
        return { ...state, expired: event.data.cause };
      case 'GrantRevoked':
        return { ...state, revoked: true };
    }
  },
};

/** One consent as it reaches a grant. */
export interface Consent {
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly subject: string;
  readonly attemptId: string;
  readonly consentAt: string;
  readonly consentBy: Actor;
  readonly lifetime: GrantLifetime;
  readonly scopes: readonly string[];
  /** The accounts that were chosen with it. */
  readonly accountIds: readonly string[];
}

/** Whether a newer consent than this one already counts. */
export const isOlder = (consentAt: string, than: string | null): boolean => than !== null && consentAt < than;

/** Takes a consent with all its attachments in one append. An older one only attaches. A grant that was revoked takes none: the caller makes another. */
export function takeConsent(state: GrantState, consent: Consent): Decision<GrantEvent> {
  if (state.revoked) return [];
  const { attemptId, consentAt, lifetime, accountIds } = consent;
  const scopes = [...consent.scopes];
  const events: GrantEvent[] = [];
  if (state.consentAt === null) {
    const { workspaceId, platform, consentBy, subject } = consent;
    const data = { workspaceId, platform, attemptId, consentAt, consentBy, lifetime: { ...lifetime }, scopes };
    events.push({ type: 'GrantObtained', data, personal: { subject } });
  } else if (state.attemptId !== attemptId && !isOlder(consentAt, state.consentAt)) {
    events.push({
      type: 'GrantRenewed',
      data: { by: 'consent', attemptId, consentAt, lifetime: { ...lifetime }, scopes, accountIds: [...accountIds] },
    });
  }
  const renews = events.some(({ type }) => type === 'GrantRenewed');
  const isToAttach = (id: string): boolean => {
    const attachedBy = state.attached.get(id);
    return attachedBy === undefined || (!renews && isOlder(attachedBy, consentAt));
  };
  const attach = accountIds.filter(isToAttach);
  return [
    ...events,
    ...attach.map((accountId): GrantEvent => ({ type: 'GrantAttached', data: { accountId, consentAt } })),
  ];
}

/**
 * Detaches an account that another grant feeds by the consent of `ownedSince`, or that was removed (null). A newer consent that
 * chose it for this grant keeps it: that one's completion may just be about to take the account over.
 */
export function detachAccount(
  state: GrantState,
  command: { readonly accountId: string; readonly ownedSince: string | null },
): Decision<GrantEvent> {
  const attachedBy = state.attached.get(command.accountId);
  if (attachedBy === undefined) return [];
  if (command.ownedSince !== null && isOlder(command.ownedSince, attachedBy)) return [];
  return [{ type: 'GrantDetached', data: { accountId: command.accountId } }];
}

/** Ends a grant that feeds no account any more. */
export function revokeEmptyGrant(
  state: GrantState,
  command: { readonly platformCall: 'this-token' | 'not-revoked' },
): Decision<GrantEvent> {
  if (state.consentAt === null) return notFound('grant');
  if (state.revoked || state.attached.size > 0) return [];
  return [{ type: 'GrantRevoked', data: { platformCall: command.platformCall } }];
}

/**
 * Announces what is due (T6): the end, or the smallest notice step that has come and was not announced in this lifetime.
 * Steps that were missed meanwhile are not made up for, and none is announced once the token is expired.
 */
export function checkExpiry(
  state: GrantState,
  command: { readonly at: Date; readonly noticeSteps: readonly string[] },
): Decision<GrantEvent> {
  const expiresAt = state.lifetime?.expiresAt;
  if (!expiresAt || state.revoked || state.expired) return [];
  const leftMs = Date.parse(expiresAt) - command.at.getTime();
  const attached = [...state.attached.keys()];
  const accountList = { accountIds: attached.slice(0, IDS_PER_EVENT), count: attached.length };
  if (leftMs <= 0) return [{ type: 'TokenExpired', data: { cause: 'lapsed', expiresAt, ...accountList } }];
  const step = dueStep(leftMs, command.noticeSteps);
  if (step === null || (state.announcedDays !== null && state.announcedDays <= daysOf(step))) return [];
  return [
    { type: 'TokenExpiringSoon', data: { expiresAt, daysLeft: Math.ceil(leftMs / DAY_MS), step, ...accountList } },
  ];
}

function dueStep(leftMs: number, noticeSteps: readonly string[]): string | null {
  const due = noticeSteps.filter((step) => leftMs <= daysOf(step) * DAY_MS);
  return due.sort((a, b) => daysOf(a) - daysOf(b))[0] ?? null;
}

/** Days of an ISO 8601 duration such as `P30D`. */
export const daysOf = (duration: string): number => Number(duration.slice(1, -1));
