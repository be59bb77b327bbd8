import type { SandboxClock } from './clock.js';
import type { FoundSecret, Grants } from './grants.js';
import type { World } from './world.js';

/** The people on every platform of the sandbox. */
export const identityIds = ['ada', 'ben', 'cho'] as const;
export type IdentityId = (typeof identityIds)[number];

/** Something that a platform knows by an id of its own: a person's user, a Page, an organisation. */
export interface Thing {
  readonly platform: string;
  readonly id: string;
  readonly kind: 'user' | 'page' | 'professional' | 'organization' | 'business';
  readonly owner: IdentityId;
  /** The name it starts with; `World.name` knows the current one. */
  readonly name: string;
}

/** The kinds of calls that faults can be ordered for. The consent page is for people and never faulty. */
export const endpoints = ['token', 'profile', 'publish', 'revoke'] as const;
export type Endpoint = (typeof endpoints)[number];

/** The faults that a platform says in words of its own; the others are the same for all. */
export type FaultInOwnWords = '429' | '500' | 'invalid_grant';

/** How long what the platform hands out lives, in seconds; without `refreshSeconds` there are no refresh tokens. */
export interface Lifetimes {
  readonly accessSeconds: number;
  readonly refreshSeconds: number | null;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, or as it is when it is a string. */
  readonly body: unknown;
}

/** One call as a platform's handler sees it. */
export interface Call {
  readonly method: string;
  readonly path: string;
  /** Scheme, host and port that the caller used, so that links in answers lead back the same way. */
  readonly origin: string;
  /** The same for pictures, which browsers fetch: they may reach the sandbox at another address than the service does. */
  readonly pictureOrigin: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly query: URLSearchParams;
  /** The body of a form; empty for any other call. */
  readonly form: URLSearchParams;
  /** The body of a JSON call, else `undefined`. */
  readonly json: unknown;
  /** A parameter wherever it stands: query, form or top level of the JSON. Empty when it is missing. */
  input(name: string): string;
  /** Tells the log whose call this turned out to be. */
  identify(identity: IdentityId): void;
}

export type Handler = (call: Call) => Reply;

/** What a platform builds its endpoints with. */
export interface PlatformHost {
  readonly clock: SandboxClock;
  readonly grants: Grants;
  readonly world: World;
  /** As the platform has them, or as `lifetimes` of the control has set them. */
  lifetimes(): Lifetimes;
  /** Seconds from the sandbox's now. */
  after(seconds: number): Date;
  /** An endpoint of the API; it is logged, and faulty on order. */
  route(method: 'GET' | 'POST' | 'DELETE', path: string, endpoint: Endpoint, handler: Handler): void;
  /** The endpoint where a person consents. */
  authorization(settings: AuthorizationSettings): void;
  /** Checks client, redirect URI, PKCE and age of an authorisation code, and spends it: one exchange ever succeeds. */
  exchangeCode(call: Call): CodeExchange;
  /** Whether the call brings this platform's client id and secret. */
  clientFault(call: Call): 'client' | 'secret' | undefined;
}

/** The faults of an exchange are told apart because platforms have different words for them. */
export type CodeExchange =
  | { readonly ok: true; readonly found: FoundSecret }
  | { readonly ok: false; readonly fault: 'client' | 'secret' | 'unknown' | 'used' | 'expired' | 'mismatch' };

export interface AuthorizationSettings {
  readonly path: string;
  readonly codeLifetimeSeconds: number;
  /** Every scope that this platform knows; asking for another is refused. */
  readonly scopes: readonly string[];
  /** Granted without being asked for or ticked. */
  readonly alwaysGranted?: readonly string[];
  /** The parameters that tell the client of a denial, beside `state`. */
  readonly denied: Readonly<Record<string, string>>;
  /** What the platform appends to the redirect URI behind a `#`. */
  readonly fragment?: string;
  /** See `Consent.renewsEarlier`. */
  readonly renewsEarlier?: boolean;
  /** The last instant of the grant as a whole, where the platform has one. */
  readonly endsAt?: () => Date;
  /** Reads the platform's own choices from the parameters of the consent. */
  readonly details?: (query: URLSearchParams, identity: IdentityId) => Record<string, string[]>;
}

/** One platform. Adding one is a file that exports this and a line in `platforms/all.ts`. */
export interface SandboxPlatform {
  /** As in the control, the log, and `sandbox-<id>`. */
  readonly id: string;
  readonly label: string;
  readonly lifetimes: Lifetimes;
  readonly things: readonly Thing[];
  /** Bases on which a version such as `/v23.0` may stand before the path. */
  readonly versionedBases?: readonly string[];
  /** Who signs in there as this identity. */
  user(identity: IdentityId): Thing;
  /** What else the identity has there to connect, for the consent page. */
  offers(identity: IdentityId): readonly Thing[];
  routes(host: PlatformHost): void;
  /** How this platform says that a fault was ordered. */
  fault(fault: FaultInOwnWords, endpoint: Endpoint): Reply;
}

/** A page for a person. Nothing in it is fetched from elsewhere and nothing of it is kept. */
export function htmlReply(status: number, body: string): Reply {
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'",
    },
    body,
  };
}

/** A word list as platforms take it: separated by commas, spaces or both. */
export function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** The token of an `Authorization: Bearer` header, or empty. */
export function bearerToken(call: Call): string {
  const header = call.headers['authorization'];
  return (typeof header === 'string' && /^bearer (.+)$/i.exec(header)?.[1]?.trim()) || '';
}
