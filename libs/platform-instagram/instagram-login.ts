import { type Clock, Secret } from '#kernel';
import {
  AUTHORIZE_BUDGET_MS,
  classifyGraphError,
  classifyGraphTokenError,
  type FailureKind,
  type HttpLimits,
  OAuthClient,
  openTokens,
  PlatformHttp,
  sealTokens,
  secondsAfter,
  shownUrl,
  TimeBudget,
  wholeSecond,
} from '#platform-http';
import {
  type AccountType,
  type Authorization,
  type Callback,
  type Candidate,
  type ConnectMethod,
  type GrantLifetime,
  PlatformFailure,
  PlatformLogin,
} from '#social-accounts';
import {
  type LongToken,
  longTokenAnswer,
  type Profile,
  profileAnswer,
  shortTokenAnswer,
  unwrapTokenAnswer,
} from './answers.js';
import { GRAPH_VERSION, type InstagramBases } from './bases.js';
import { INSTAGRAM_DIRECT_METHOD, INSTAGRAM_METHODS, INSTAGRAM_SCOPES } from './methods.js';

/** Source: Instagram's page on refresh_access_token; a younger token is not extended. */
const LEAST_AGE_TO_RENEW_SECONDS = 24 * 60 * 60;

export interface InstagramLoginOptions {
  readonly mode: 'live' | 'sandbox';
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly bases: InstagramBases;
  readonly clock: Clock;
  /** Time-outs and tries other than the usual ones. */
  readonly limits?: Partial<HttpLimits>;
}

/**
 * Instagram's own login: one consent, one professional account. The token is its own credential, and is extended by itself as
 * long as it lives; once expired, only a new consent helps.
 */
export class InstagramLogin extends PlatformLogin {
  override readonly id = 'instagram';
  override readonly mode: 'live' | 'sandbox';
  override readonly methods: readonly ConnectMethod[] = INSTAGRAM_METHODS;
  /** Instagram has no call that ends one token: people take the app away in their settings. */
  override readonly revocation = 'whole-app';
  override readonly manageUrl: string;

  readonly #http: PlatformHttp;
  readonly #oauth: OAuthClient;
  readonly #options: InstagramLoginOptions;

  constructor(options: InstagramLoginOptions) {
    super();
    const { mode, bases, clientId, clientSecret, limits } = options;
    this.#options = options;
    this.mode = mode;
    this.manageUrl = `${bases.www}/accounts/manage_access/`;
    this.#http = new PlatformHttp('Instagram', limits);
    this.#oauth = new OAuthClient(this.#http, {
      issuer: bases.www,
      authorizationEndpoint: `${bases.www}/oauth/authorize`,
      tokenEndpoint: `${bases.api}/oauth/access_token`,
      clientId,
      clientSecret,
      classify: classifyGraphTokenError,
      normalize: unwrapTokenAnswer,
    });
  }

  override async authorizationUrl({ state, redirectUri }: { readonly state: string; readonly redirectUri: string }) {
    return this.#oauth.authorizationUrl({ state, redirectUri, scope: INSTAGRAM_SCOPES.join(',') });
  }

  override async authorize(callback: Callback): Promise<Authorization | PlatformFailure> {
    const budget = new TimeBudget(AUTHORIZE_BUDGET_MS);
    const short = await this.#oauth.exchangeCode(callback, shortTokenAnswer, budget);
    if (short instanceof PlatformFailure) return short;
    const long = await this.#exchangeForLongLived(new Secret(short.access_token), budget);
    if (long instanceof PlatformFailure) return long;
    const answeredAt = this.#options.clock.now();
    const accessToken = new Secret(long.access_token);
    const profile = await this.#readProfile(accessToken, budget);
    if (profile instanceof PlatformFailure) return profile;
    // Without a list, all that was asked for was granted (RFC 6749, 5.1).
    const grantedScopes = short.permissions ?? [...INSTAGRAM_SCOPES].sort();
    return {
      subject: profile.user_id,
      secrets: sealTokens({ accessToken, refreshToken: null }),
      grantedScopes,
      lifetime: lifetimeOf(long, answeredAt),
      candidates: [this.#candidate(profile, grantedScopes)],
      listingComplete: true,
    };
  }

  /** A token that Instagram no longer takes at all says nothing about the account: that is `unknown`. */
  override async checkAccess(
    secrets: Secret,
    account: { readonly type: AccountType; readonly externalId: string },
  ): Promise<'reachable' | 'refused' | 'unknown'> {
    const tokens = openTokens(secrets, this.#http);
    if (tokens instanceof PlatformFailure) return 'unknown';
    const profile = await this.#readProfile(tokens.accessToken);
    if (profile instanceof PlatformFailure) {
      return profile.kind === 'access-lost' || profile.kind === 'missing-permission' ? 'refused' : 'unknown';
    }
    return profile.user_id === account.externalId ? 'reachable' : 'refused';
  }

  override async renew(
    secrets: Secret,
  ): Promise<{ readonly secrets: Secret; readonly lifetime: GrantLifetime } | PlatformFailure> {
    const tokens = openTokens(secrets, this.#http);
    if (tokens instanceof PlatformFailure) return tokens;
    const url = new URL(`${this.#options.bases.graph}/refresh_access_token`);
    url.searchParams.set('grant_type', 'ig_refresh_token');
    tokens.accessToken.use((text) => url.searchParams.set('access_token', text));
    const request = { url, repeat: 'always', classify: classifyRenewalError } as const;
    const long = await this.#http.sendForJson(request, longTokenAnswer);
    if (long instanceof PlatformFailure) return long;
    return {
      secrets: sealTokens({ accessToken: new Secret(long.access_token), refreshToken: null }),
      lifetime: lifetimeOf(long, this.#options.clock.now()),
    };
  }

  /** Never called, because there is no such call at Instagram. */
  override async revoke(): Promise<PlatformFailure> {
    return this.#http.failure('other');
  }

  /** Instagram takes this grant by GET alone, with the secret and the token in the query. */
  #exchangeForLongLived(token: Secret, budget: TimeBudget): Promise<LongToken | PlatformFailure> {
    const url = new URL(`${this.#options.bases.graph}/access_token`);
    url.searchParams.set('grant_type', 'ig_exchange_token');
    this.#options.clientSecret.use((text) => url.searchParams.set('client_secret', text));
    token.use((text) => url.searchParams.set('access_token', text));
    const request = { url, repeat: 'always', classify: classifyGraphTokenError, budget } as const;
    return this.#http.sendForJson(request, longTokenAnswer);
  }

  #readProfile(token: Secret, budget?: TimeBudget): Promise<Profile | PlatformFailure> {
    const url = new URL(`${this.#options.bases.graph}/${GRAPH_VERSION}/me`);
    url.searchParams.set('fields', 'user_id,username,name,account_type,profile_picture_url');
    const headers = token.use((text) => ({ authorization: `Bearer ${text}` }));
    const request = { url, headers, repeat: 'always', classify: classifyGraphError, budget } as const;
    return this.#http.sendForJson(request, profileAnswer);
  }

  #candidate(profile: Profile, grantedScopes: readonly string[]): Candidate {
    const sandbox = this.mode === 'sandbox';
    const handle = profile.username;
    const required = INSTAGRAM_DIRECT_METHOD.requiredScopes('professional');
    const isComplete = required.every((scope) => grantedScopes.includes(scope));
    const isPersonal = profile.account_type?.toUpperCase() === 'PERSONAL';
    return {
      platform: 'instagram',
      method: 'direct',
      type: 'professional',
      externalId: profile.user_id,
      name: profile.name ?? handle ?? profile.user_id,
      handle,
      pictureUrl: shownUrl(profile.profile_picture_url, sandbox),
      profileUrl: handle === null ? null : `https://www.instagram.com/${encodeURIComponent(handle)}/`,
      notSelectable: isPersonal ? 'not-supported' : isComplete ? null : 'missing-permission',
    };
  }
}

/** Only a token that Instagram no longer knows is a dead grant; one that is too young, for instance, is not. */
function classifyRenewalError(status: number, body: unknown): FailureKind {
  const kind = classifyGraphError(status, body);
  return kind === 'access-lost' || kind === 'missing-permission' ? 'other' : kind;
}

function lifetimeOf(token: LongToken, answeredAt: Date): GrantLifetime {
  const endsAt = secondsAfter(answeredAt, token.expires_in);
  return {
    issuedAt: wholeSecond(answeredAt),
    expiresAt: endsAt,
    accessExpiresAt: endsAt,
    refreshExpiresAt: null,
    dataAccessExpiresAt: null,
    earliestRenewalAt: secondsAfter(answeredAt, LEAST_AGE_TO_RENEW_SECONDS),
    renewal: 'automatic',
  };
}
