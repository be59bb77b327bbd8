const DAY_MS = 86_400_000;

export const HEALTHS = ['ok', 'expiring', 'lapsed', 'rejected', 'access-lost', 'missing-permissions'] as const;
export type TokenHealth = (typeof HEALTHS)[number];

export const STATUSES = ['valid', 'expiring', 'expired'] as const;
export type TokenStatus = (typeof STATUSES)[number];

/** Everything that decides about a token's health but the time. */
export interface TokenFacts {
  /** When a person is needed; null when no end is known. */
  readonly expiresAt: string | null;
  readonly expired: 'lapsed' | 'rejected' | 'revoked' | null;
  readonly accessLost: boolean;
  readonly hasMissingPermissions: boolean;
  /** The workspace's window for "expiring soon", in days. */
  readonly windowDays: number;
}

/** Why a token is as it is, at this instant. Exactly at the window's edge it is expiring, exactly at its end it has lapsed. */
export function tokenHealth(facts: TokenFacts, now: Date): TokenHealth {
  if (facts.expired === 'rejected' || facts.expired === 'revoked') return 'rejected';
  const leftMs = facts.expiresAt === null ? Infinity : Date.parse(facts.expiresAt) - now.getTime();
  if (facts.expired === 'lapsed' || leftMs <= 0) return 'lapsed';
  if (facts.accessLost) return 'access-lost';
  if (leftMs <= facts.windowDays * DAY_MS) return 'expiring';
  return facts.hasMissingPermissions ? 'missing-permissions' : 'ok';
}

/** The three statuses that people filter by (T1). */
export function tokenStatus(health: TokenHealth): TokenStatus {
  switch (health) {
    case 'ok':
    case 'missing-permissions':
      return 'valid';
    case 'expiring':
      return 'expiring';
    case 'lapsed':
    case 'rejected':
    case 'access-lost':
      return 'expired';
  }
}

/** The next instant at which the health changes by the passing of time alone, or null. */
export function nextTokenChange(facts: TokenFacts, now: Date): string | null {
  if (facts.expiresAt === null || facts.expired !== null) return null;
  const end = Date.parse(facts.expiresAt);
  const windowStart = end - facts.windowDays * DAY_MS;
  const next = [windowStart, end].find((instant) => instant > now.getTime());
  return next === undefined ? null : new Date(next).toISOString();
}

/** Days left, rounded up; null without a known end, 0 once it is over. */
export function daysLeft(expiresAt: string | null, now: Date): number | null {
  if (expiresAt === null) return null;
  return Math.max(0, Math.ceil((Date.parse(expiresAt) - now.getTime()) / DAY_MS));
}

/** The sentence that a tooltip shows. */
export function tokenLabel(
  health: TokenHealth,
  expiresAt: string | null,
  now: Date,
  renewal: 'automatic' | 'reconnect',
): string {
  const day = expiresAt?.slice(0, 10) ?? '';
  const left = daysLeft(expiresAt, now);
  switch (health) {
    case 'lapsed':
      return `The connection expired on ${day}. Reconnect the account to go on posting.`;
    case 'rejected':
      return 'The platform no longer accepts the connection. Reconnect the account to go on posting.';
    case 'access-lost':
      return 'The login still works, but it no longer reaches this account. Reconnect with somebody who can manage it.';
    case 'expiring':
      return `The connection ends on ${day}, in ${left} ${left === 1 ? 'day' : 'days'}. Reconnect the account before then.`;
    case 'missing-permissions':
      return 'The connection works. Some permissions were not granted, so some features are off; reconnect to grant them.';
    case 'ok':
      if (expiresAt === null) return 'The connection works and has no expiry.';
      return renewal === 'automatic'
        ? `The connection works and renews itself; without renewal it would end on ${day}.`
        : `The connection works until ${day}.`;
  }
}
