import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyGetKey,
} from 'jose';
import { StoreUnavailable } from '#kernel';
import { type Principal, type Scope, SCOPES } from './access.js';
import { TokenVerifier } from './authentication.js';

/** Signatures that only the holder of a private key can make: a public key must never serve as a shared secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const CLOCK_TOLERANCE_SECONDS = 5;
const SUBJECT_LENGTH_LIMIT = 200;
const NAME_LENGTH_LIMIT = 200;
/** The key set is fetched again after this, so a key that is withdrawn stops working within it. */
const KEY_SET_CACHE_MS = 60_000;
const KEY_SET_TIMEOUT_MS = 5_000;
/** A token that was found good is believed for this long, and never beyond its own end. */
const TOKEN_CACHE_MS = 30_000;
const TOKEN_CACHE_LIMIT = 10_000;

/** Where the keys are, and for whom a token must be made. */
export type JwksOptions = {
  readonly issuer: string;
  readonly audience: string;
} & ({ readonly jwksUrl: string } | { readonly keySet: JSONWebKeySet });

/** What a token can bring about that names no key of the set. Anything else says that the set cannot be had. */
const isFaultOfToken = (error: unknown): boolean =>
  error instanceof errors.JWKSNoMatchingKey ||
  error instanceof errors.JWKSMultipleMatchingKeys ||
  error instanceof errors.JOSENotSupported;

/** A key set that says so when it is away, instead of letting every token look bad. */
function keySource(keys: JWTVerifyGetKey): JWTVerifyGetKey {
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (isFaultOfToken(error)) throw error;
      throw new StoreUnavailable('The key set cannot be had.', { cause: error });
    }
  };
}

/** Verifies JWTs against a key set, by asymmetric algorithms only. */
export class JwksTokenVerifier extends TokenVerifier {
  private readonly keys: JWTVerifyGetKey;
  /** By hash, so that no token is kept; oldest first. */
  private readonly verified = new Map<string, { readonly principal: Principal; readonly until: number }>();

  constructor(private readonly options: JwksOptions) {
    super();
    this.keys = keySource(
      'keySet' in options
        ? createLocalJWKSet(options.keySet)
        : createRemoteJWKSet(new URL(options.jwksUrl), {
            cacheMaxAge: KEY_SET_CACHE_MS,
            timeoutDuration: KEY_SET_TIMEOUT_MS,
          }),
    );
  }

  override async verify(token: string): Promise<Principal | null> {
    const hash = createHash('sha256').update(token).digest('base64url');
    const known = this.verified.get(hash);
    if (known !== undefined && known.until > Date.now()) return known.principal;
    this.verified.delete(hash);
    const payload = await this.payload(token);
    const principal = payload === null ? null : principalOf(payload);
    if (payload !== null && principal !== null) this.remember(hash, principal, payload.exp);
    return principal;
  }

  private async payload(token: string): Promise<JWTPayload | null> {
    try {
      const { payload } = await jwtVerify(token, this.keys, {
        issuer: this.options.issuer,
        audience: this.options.audience,
        algorithms: ALGORITHMS,
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        requiredClaims: ['sub', 'exp'],
      });
      return payload;
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      return null;
    }
  }

  private remember(hash: string, principal: Principal, expiresAtSeconds: number | undefined): void {
    const now = Date.now();
    const end = expiresAtSeconds === undefined ? now : expiresAtSeconds * 1000;
    this.verified.set(hash, { principal, until: Math.min(end, now + TOKEN_CACHE_MS) });
    if (this.verified.size <= TOKEN_CACHE_LIMIT) return;
    const oldest = this.verified.keys().next();
    if (oldest.done !== true) this.verified.delete(oldest.value);
  }
}

/** The principal that a verified payload names, or null when a claim of ours has a form that it cannot have. */
export function principalOf(payload: JWTPayload): Principal | null {
  const { sub, name, scope, workspaces } = payload;
  if (typeof sub !== 'string' || sub.length < 1 || sub.length > SUBJECT_LENGTH_LIMIT) return null;
  if (scope !== undefined && typeof scope !== 'string') return null;
  if (workspaces !== undefined && !isTextList(workspaces)) return null;
  const words = new Set(scope?.split(' '));
  const scopes: readonly Scope[] = SCOPES.filter((known) => words.has(known));
  return {
    kind: scopes.length > 0 ? 'service' : 'user',
    id: sub,
    name: typeof name === 'string' && name !== '' ? name.slice(0, NAME_LENGTH_LIMIT) : null,
    scopes,
    workspaces: workspaces ?? null,
  };
}

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
