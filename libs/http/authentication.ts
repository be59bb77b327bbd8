import type { Principal } from './access.js';

/** Turns a bearer token into who stands behind it. */
export abstract class TokenVerifier {
  /**
   * Null when the token is not good: forged, expired, meant for another audience, or without what we need.
   *
   * @throws StoreUnavailable when the keys cannot be had, so that nobody is sent to log in again for our trouble.
   */
  abstract verify(token: string): Promise<Principal | null>;
}

const BEARER = /^bearer +([\w\-.~+/]+=*)$/i;

/** The token of an `Authorization: Bearer` header, or null. */
export function bearerToken(header: string | undefined): string | null {
  return header === undefined ? null : (BEARER.exec(header)?.[1] ?? null);
}
