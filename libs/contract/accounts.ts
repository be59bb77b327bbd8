import type { Actor, Page } from './answers.js';
import type { AccountType, MethodId, PlatformId } from './platforms.js';

/** What a person sees (T1): it is about when a human is needed, not about a short-lived access token. */
export type TokenStatus = 'valid' | 'expiring' | 'expired';

/** Why the token status is what it is. */
export type TokenHealth = 'ok' | 'expiring' | 'lapsed' | 'rejected' | 'access-lost' | 'missing-permissions';

export interface AccountToken {
  readonly status: TokenStatus;
  readonly health: TokenHealth;
  /** Null means no expiry (T3). */
  readonly expiresAt: string | null;
  /** Whole days, rounded up; null without an expiry. */
  readonly daysLeft: number | null;
  readonly renewal: 'automatic' | 'reconnect';
  readonly lastRenewedAt: string | null;
  /** The sentence that a tooltip shows. */
  readonly label: string;
}

export interface AccountLocation {
  readonly name: string;
  readonly externalPlaceId?: string | null;
  readonly latitude?: number | null;
  readonly longitude?: number | null;
}

export interface QueueSummary {
  readonly paused: boolean;
  readonly postsPerWeek: number;
  readonly queued: number;
  readonly nextSlotAt: string | null;
}

/** Everything that the account's page tells (D1). */
export interface Account {
  readonly id: string;
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly type: AccountType;
  readonly method: MethodId;
  readonly externalId: string;
  readonly name: string;
  readonly handle: string | null;
  readonly pictureUrl: string | null;
  readonly profileUrl: string | null;
  readonly token: AccountToken;
  readonly permissions: { readonly granted: readonly string[]; readonly missing: readonly string[] };
  readonly grantId: string;
  readonly connectedAt: string;
  readonly connectedBy: Actor;
  readonly reconnectedAt: string | null;
  readonly reconnectedBy: Actor | null;
  readonly easyConnectLinkId: string | null;
  readonly location: AccountLocation | null;
  readonly devices: { readonly active: number; readonly expired: number };
  readonly queue: QueueSummary;
  readonly counts: {
    readonly scheduledPosts: number;
    readonly drafts: number;
    readonly failedPosts: number;
    readonly automations: number;
  };
  readonly revision: number;
}

export const STATUS_FILTERS = ['all', 'valid', 'expiring', 'expired'] as const;
export type StatusFilter = (typeof STATUS_FILTERS)[number];

export const ACCOUNT_SORTS = ['name', '-connectedAt', 'tokenExpiresAt'] as const;
export type AccountSort = (typeof ACCOUNT_SORTS)[number];

/** Filters work together (T2). `q` matches the beginning of any word of name or handle. */
export interface AccountQuery {
  readonly status?: StatusFilter;
  readonly platform?: PlatformId;
  readonly health?: TokenHealth;
  readonly q?: string;
  readonly sort?: AccountSort;
  readonly limit?: number;
  readonly cursor?: string;
}

/** `counts` are under the other filters than status, `platforms` under the other filters than platform. */
export interface AccountPage extends Page<Account> {
  readonly counts: Readonly<Record<StatusFilter, number>>;
  readonly platforms: Readonly<Partial<Record<PlatformId, number>>>;
}

/** What a removal would delete (R1). */
export interface RemovalImpact {
  readonly scheduledPosts: number;
  readonly queuedPosts: number;
  readonly drafts: number;
  readonly publishedPosts: number;
  readonly queueSlots: number;
  readonly automationsRemoved: number;
  readonly automationsUnlinked: number;
  readonly analyticsPoints: number;
  readonly devices: number;
  readonly grantRevoked: boolean;
}
