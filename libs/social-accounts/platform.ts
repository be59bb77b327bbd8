import type { Secret } from '#kernel';

export const PLATFORMS = [
  'facebook',
  'instagram',
  'threads',
  'linkedin',
  'x',
  'tiktok',
  'youtube',
  'pinterest',
  'google-business',
  'bluesky',
  'mastodon',
] as const;
export type PlatformId = (typeof PLATFORMS)[number];

export const METHODS = ['direct', 'via-facebook', 'app-password'] as const;
export type MethodId = (typeof METHODS)[number];

export const ACCOUNT_TYPES = [
  'page',
  'group',
  'professional',
  'profile',
  'organization',
  'channel',
  'location',
] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** One way to connect accounts of one platform, and what a consent must hold for it. */
export interface ConnectMethod {
  readonly platform: PlatformId;
  readonly id: MethodId;
  readonly label: string;
  readonly kind: 'oauth2' | 'app-password' | 'instance-oauth2';
  /** The account types that it brings. */
  readonly accountTypes: readonly AccountType[];
  /** Scopes without which an account of this method cannot work. By account type where they differ. */
  requiredScopes(type: AccountType): readonly string[];
  /** Scopes that only some features need. */
  optionalScopes(type: AccountType): readonly string[];
  /**
   * Whether a consent completes without asking which accounts: `always` where it holds exactly one, `when-only-one` where one
   * is all that was found (before any filter by type), `never` where people are always asked.
   */
  readonly completesAlone: 'always' | 'when-only-one' | 'never';
}

/** The instants of a grant's life, each from the platform's own answer; null where the platform gave none. */
export interface GrantLifetime {
  readonly issuedAt: string;
  /** When a person is needed if no renewal succeeds any more: the end that counts. Null: no known end. */
  readonly expiresAt: string | null;
  readonly accessExpiresAt: string | null;
  readonly refreshExpiresAt: string | null;
  readonly dataAccessExpiresAt: string | null;
  /** Not before this instant may it be renewed. */
  readonly earliestRenewalAt: string | null;
  /** Whether the platform renews it without a person. */
  readonly renewal: 'automatic' | 'reconnect';
}

/** Why a candidate cannot be picked. */
export type NotSelectable = 'missing-permission' | 'not-allowed-to-post' | 'not-supported';

/** One account that a consent reaches. */
export interface Candidate {
  readonly platform: PlatformId;
  readonly method: MethodId;
  readonly type: AccountType;
  /** The platform's own id of the account: the same by every method. */
  readonly externalId: string;
  readonly name: string;
  readonly handle: string | null;
  readonly pictureUrl: string | null;
  readonly profileUrl: string | null;
  /** Null when it can be picked. */
  readonly notSelectable: NotSelectable | null;
}

/** What a platform's answer at the end of a consent amounts to. */
export interface Authorization {
  /** The person's id at the platform: with the platform it identifies the grant. */
  readonly subject: string;
  /** Everything that later calls need, as one JSON text. */
  readonly secrets: Secret;
  readonly grantedScopes: readonly string[];
  readonly lifetime: GrantLifetime;
  /** All accounts that the consent reaches, of every platform and type that this login serves. */
  readonly candidates: readonly Candidate[];
  /** Whether the listing was complete: every page was read, nothing was cut. */
  readonly listingComplete: boolean;
}

export type PlatformFailureCode = 'denied' | 'platform-unavailable' | 'platform-error' | 'missing-permissions';

/** An expected failure of a platform's call, without any of the platform's own words. */
export class PlatformFailure {
  constructor(
    readonly code: PlatformFailureCode,
    /** One sentence of ours. */
    readonly detail: string,
    /** `rejected`: the grant is dead. Everything else leaves the grant as it was. */
    readonly kind: 'rejected' | 'transient' | 'rate-limited' | 'access-lost' | 'missing-permission' | 'other' = 'other',
    readonly retryAfterSeconds: number | null = null,
  ) {}
}

/** What a callback brought, and what the attempt had begun with. */
export interface Callback {
  readonly method: ConnectMethod;
  /** The query of the callback, without `state` having been checked. */
  readonly parameters: URLSearchParams;
  readonly state: string;
  readonly redirectUri: string;
  /** PKCE verifier of the attempt; unused where the platform takes none. */
  readonly codeVerifier: Secret;
}

/**
 * One platform's login: what a person authorises at once, and everything that is asked with it.
 * Its id is the platform of the grants it makes and of its callback; one login may serve methods of several platforms
 * (Facebook's serves Pages and Instagram via Facebook).
 */
export abstract class PlatformLogin {
  abstract readonly id: PlatformId;
  abstract readonly mode: 'live' | 'sandbox';
  abstract readonly methods: readonly ConnectMethod[];
  /** Whether the platform's revocation ends this token alone, or the whole app for that person (then it is never called). */
  abstract readonly revocation: 'this-token' | 'whole-app' | 'none';
  /** Where the person can take the app away at the platform. */
  abstract readonly manageUrl: string;

  /** The URL to send the browser to. PKCE (S256) where the platform takes it. */
  abstract authorizationUrl(request: {
    readonly method: ConnectMethod;
    readonly state: string;
    readonly redirectUri: string;
    readonly codeVerifier: Secret;
  }): Promise<string>;

  /** Turns the callback's code into an authorisation with everything it reaches. Bounded in time, tries and size. */
  abstract authorize(callback: Callback): Promise<Authorization | PlatformFailure>;

  /** Whether this one account can still be reached with these secrets: `refused` only when the platform says so itself. */
  abstract checkAccess(
    secrets: Secret,
    account: { readonly type: AccountType; readonly externalId: string },
  ): Promise<'reachable' | 'refused' | 'unknown'>;

  /** Renews without a person. The new secrets must be durable before they are used. */
  abstract renew(
    secrets: Secret,
    lifetime: GrantLifetime,
  ): Promise<{ readonly secrets: Secret; readonly lifetime: GrantLifetime } | PlatformFailure>;

  /** Ends the token at the platform; called only where `revocation` is `this-token`. */
  abstract revoke(secrets: Secret): Promise<'revoked' | PlatformFailure>;
}

/** The logins that are set up in this process. */
export abstract class PlatformLogins {
  abstract find(
    platform: PlatformId,
    method: MethodId,
  ): { readonly login: PlatformLogin; readonly method: ConnectMethod } | null;
  abstract byId(login: PlatformId): PlatformLogin | null;
  abstract all(): readonly PlatformLogin[];
}
