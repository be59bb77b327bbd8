import { type Clock, Secret } from '#kernel';
import {
  AUTHORIZE_BUDGET_MS,
  earlierInstant,
  type HttpLimits,
  OAuthClient,
  openTokens,
  PlatformHttp,
  sealTokens,
  secondsAfter,
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
import { type TokenAnswer, tokenAnswer } from './answers.js';
import type { LinkedInBases } from './bases.js';
import { organizationCandidate, type Presentation, profileCandidate } from './candidates.js';
import { classifyOAuthError } from './errors.js';
import { LinkedInApi } from './linkedin-api.js';
import { LINKEDIN_ACCOUNT_TYPES, type LinkedInAccountType, linkedinMethod, linkedinScopes } from './methods.js';

/** Each organisation is one more call; who administers more finds the rest by the time they are needed. */
const ORGANIZATIONS_LIMIT = 200;
const ORGANIZATIONS_AT_ONCE = 5;

export interface LinkedInLoginOptions {
  readonly mode: 'live' | 'sandbox';
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly bases: LinkedInBases;
  readonly clock: Clock;
  /** Time-outs and tries other than the usual ones. */
  readonly limits?: Partial<HttpLimits>;
  /** What the app is approved for; `profile` alone for a self-serve app. */
  readonly accountTypes?: readonly LinkedInAccountType[];
}

/**
 * LinkedIn's login: one grant serves the member and every organisation that the member administers. Renewal exists for approved
 * partners only, which is seen by whether a refresh token comes; its end is fixed at the consent.
 */
export class LinkedInLogin extends PlatformLogin {
  override readonly id = 'linkedin';
  override readonly mode: 'live' | 'sandbox';
  override readonly methods: readonly ConnectMethod[];
  override readonly revocation = 'this-token';
  override readonly manageUrl: string;

  readonly #method: ConnectMethod;
  readonly #scopes: readonly string[];
  readonly #http: PlatformHttp;
  readonly #oauth: OAuthClient;
  readonly #api: LinkedInApi;
  readonly #options: LinkedInLoginOptions;

  constructor(options: LinkedInLoginOptions) {
    super();
    const { mode, bases, clientId, clientSecret, limits, accountTypes = LINKEDIN_ACCOUNT_TYPES } = options;
    this.#options = options;
    this.mode = mode;
    this.manageUrl = `${bases.www}/mypreferences/d/data-sharing-for-permitted-services`;
    this.#method = linkedinMethod(accountTypes);
    this.methods = [this.#method];
    this.#scopes = linkedinScopes(this.#method);
    this.#http = new PlatformHttp('LinkedIn', limits);
    this.#oauth = new OAuthClient(this.#http, {
      issuer: `${bases.www}/oauth`,
      authorizationEndpoint: `${bases.www}/oauth/v2/authorization`,
      tokenEndpoint: `${bases.www}/oauth/v2/accessToken`,
      revocationEndpoint: `${bases.www}/oauth/v2/revoke`,
      clientId,
      clientSecret,
      classify: classifyOAuthError,
      deniedErrors: ['user_cancelled_login', 'user_cancelled_authorize'],
    });
    this.#api = new LinkedInApi(this.#http, bases.api);
  }

  override async authorizationUrl({ state, redirectUri }: { readonly state: string; readonly redirectUri: string }) {
    return this.#oauth.authorizationUrl({ state, redirectUri, scope: this.#scopes.join(' ') });
  }

  override async authorize(callback: Callback): Promise<Authorization | PlatformFailure> {
    const budget = new TimeBudget(AUTHORIZE_BUDGET_MS);
    const tokens = await this.#oauth.exchangeCode(callback, tokenAnswer, budget);
    if (tokens instanceof PlatformFailure) return tokens;
    const answeredAt = this.#options.clock.now();
    const accessToken = new Secret(tokens.access_token);
    // Without a list, all that was asked for was granted (RFC 6749, 5.1).
    const grantedScopes = tokens.scope ?? [...this.#scopes].sort();
    const member = await this.#api.readMember(accessToken, budget);
    if (member instanceof PlatformFailure) return member;
    const presentation: Presentation = {
      method: this.#method,
      grantedScopes,
      sandbox: this.mode === 'sandbox',
    };
    const hasVanityName = grantedScopes.includes('r_basicprofile');
    const vanityName = hasVanityName ? await this.#api.readVanityName(accessToken, budget) : null;
    if (vanityName instanceof PlatformFailure) return vanityName;
    const organizations = await this.#listOrganizations(accessToken, presentation, budget);
    if (organizations instanceof PlatformFailure) return organizations;
    const refreshToken = tokens.refresh_token === undefined ? null : new Secret(tokens.refresh_token);
    return {
      subject: member.sub,
      secrets: sealTokens({ accessToken, refreshToken }),
      grantedScopes,
      lifetime: lifetimeOf(tokens, refreshToken !== null, null, answeredAt),
      candidates: [profileCandidate(member, vanityName, presentation), ...organizations.candidates],
      listingComplete: organizations.complete,
    };
  }

  /** A token that LinkedIn no longer takes at all says nothing about the account: that is `unknown`. */
  override async checkAccess(
    secrets: Secret,
    account: { readonly type: AccountType; readonly externalId: string },
  ): Promise<'reachable' | 'refused' | 'unknown'> {
    const tokens = openTokens(secrets, this.#http);
    if (tokens instanceof PlatformFailure) return 'unknown';
    const answer =
      account.type === 'organization'
        ? await this.#api.listRoles(tokens.accessToken)
        : await this.#api.readMember(tokens.accessToken);
    if (answer instanceof PlatformFailure) {
      return answer.kind === 'access-lost' || answer.kind === 'missing-permission' ? 'refused' : 'unknown';
    }
    if ('sub' in answer) return answer.sub === account.externalId ? 'reachable' : 'refused';
    const role = answer.roles.find(({ organizationId }) => organizationId === account.externalId);
    if (role !== undefined) return role.mayPost ? 'reachable' : 'refused';
    return answer.complete ? 'refused' : 'unknown';
  }

  override async renew(
    secrets: Secret,
    lifetime: GrantLifetime,
  ): Promise<{ readonly secrets: Secret; readonly lifetime: GrantLifetime } | PlatformFailure> {
    const kept = openTokens(secrets, this.#http);
    if (kept instanceof PlatformFailure) return kept;
    if (kept.refreshToken === null) return this.#http.failure('other');
    const tokens = await this.#oauth.refresh(kept.refreshToken, 'always', tokenAnswer);
    if (tokens instanceof PlatformFailure) return tokens;
    const refreshToken = tokens.refresh_token === undefined ? kept.refreshToken : new Secret(tokens.refresh_token);
    return {
      secrets: sealTokens({ accessToken: new Secret(tokens.access_token), refreshToken }),
      lifetime: lifetimeOf(tokens, true, lifetime.refreshExpiresAt, this.#options.clock.now()),
    };
  }

  /** Revokes the refresh token where there is one, and with it what was made from it (RFC 7009, 2.1). */
  override async revoke(secrets: Secret): Promise<'revoked' | PlatformFailure> {
    const tokens = openTokens(secrets, this.#http);
    if (tokens instanceof PlatformFailure) return tokens;
    return this.#oauth.revoke(tokens.refreshToken ?? tokens.accessToken);
  }

  async #listOrganizations(
    token: Secret,
    presentation: Presentation,
    budget: TimeBudget,
  ): Promise<{ readonly candidates: Candidate[]; readonly complete: boolean } | PlatformFailure> {
    const candidates: Candidate[] = [];
    if (!this.#method.accountTypes.includes('organization')) return { candidates, complete: true };
    if (!presentation.grantedScopes.includes('rw_organization_admin')) return { candidates, complete: false };
    const listed = await this.#api.listRoles(token, budget);
    if (listed instanceof PlatformFailure) {
      return listed.kind === 'missing-permission' ? { candidates, complete: false } : listed;
    }
    const roles = listed.roles.slice(0, ORGANIZATIONS_LIMIT);
    let complete = listed.complete && roles.length === listed.roles.length;
    for (let first = 0; first < roles.length; first += ORGANIZATIONS_AT_ONCE) {
      if (budget.isSpent()) return { candidates, complete: false };
      const found = await Promise.all(
        roles.slice(first, first + ORGANIZATIONS_AT_ONCE).map(async (role) => {
          const organization = await this.#api.readOrganization(role.organizationId, token, budget);
          return organization instanceof PlatformFailure
            ? organization
            : organizationCandidate(role, organization, presentation);
        }),
      );
      for (const one of found) {
        if (!(one instanceof PlatformFailure)) candidates.push(one);
        // One that LinkedIn does not show to this member is left out; anything else fails the whole.
        else if (one.kind === 'missing-permission' || one.kind === 'access-lost') complete = false;
        else return one;
      }
    }
    return { candidates, complete };
  }
}

/**
 * With a refresh token, a person is needed when that ends, and no renewal ever moves that end later. Without one, when the
 * access token ends.
 */
function lifetimeOf(
  tokens: TokenAnswer,
  isRenewable: boolean,
  outerLimit: string | null,
  answeredAt: Date,
): GrantLifetime {
  const instant = (seconds: number | undefined): string | null =>
    seconds === undefined ? null : secondsAfter(answeredAt, seconds);
  const accessExpiresAt = instant(tokens.expires_in);
  const refreshExpiresAt = isRenewable ? earlierInstant(outerLimit, instant(tokens.refresh_token_expires_in)) : null;
  return {
    issuedAt: wholeSecond(answeredAt),
    expiresAt: isRenewable ? refreshExpiresAt : accessExpiresAt,
    accessExpiresAt,
    refreshExpiresAt,
    dataAccessExpiresAt: null,
    earliestRenewalAt: null,
    renewal: isRenewable ? 'automatic' : 'reconnect',
  };
}
