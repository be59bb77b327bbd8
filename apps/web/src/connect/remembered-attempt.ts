/** What the way back from a platform does not tell: it lives in this tab, is no secret, and is only a convenience. */
export interface RememberedAttempt {
  readonly id: string;
  readonly workspaceId: string;
  /** The account that is reconnected; null for a new connection. */
  readonly accountId: string | null;
}

const ATTEMPT_KEY = 'social-accounts.attempt';

export function rememberAttempt(attempt: RememberedAttempt): void {
  sessionStorage.setItem(ATTEMPT_KEY, JSON.stringify(attempt));
}

/** The attempt that this tab began last, if it is the one with this id. */
export function rememberedAttempt(connectionId: string | null): RememberedAttempt | null {
  const text = sessionStorage.getItem(ATTEMPT_KEY);
  if (text === null || connectionId === null) {
    return null;
  }
  // Only this file writes the entry, so it has the shape that was written.
  const attempt = JSON.parse(text) as RememberedAttempt;
  return attempt.id === connectionId ? attempt : null;
}
