/** The token lives as long as the tab does, and nowhere else: no local storage, no cookie, no URL. */
const TOKEN_KEY = 'social-accounts.token';

/** The person in front of the page, as the token tells it. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** The token of this tab, null when nobody is signed in. */
export function readToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY);
}

export function keepToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(TOKEN_KEY);
}

/**
 * Who the token says it is, for display only: the service alone judges tokens.
 *
 * A token that cannot be read has no person, and is used all the same.
 */
export function personOf(token: string): Person {
  const unknown = { id: '', name: 'Signed in' };
  try {
    const payload = token.split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
      letter.charCodeAt(0),
    );
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; name?: unknown };
    if (typeof claims.sub !== 'string') {
      return unknown;
    }
    return { id: claims.sub, name: typeof claims.name === 'string' && claims.name !== '' ? claims.name : claims.sub };
  } catch {
    return unknown;
  }
}
