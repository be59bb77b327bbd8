import { type Clock, Secret } from '#kernel';
import {
  AUTHORIZE_BUDGET_MS,
  classifyGraphTokenError,
  type HttpLimits,
  instantOfUnix,
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
  type ConnectMethod,
  type GrantLifetime,
  PlatformFailure,
  PlatformLogin,
} from '#social-accounts';
import { type InspectedToken, instagramAnswer, pageAnswer, personAnswer, userTokenAnswer } from './answers.js';
import { type FacebookBases, GRAPH_VERSION } from './bases.js';
import { candidatesOfPage, GrantedAccess } from './candidates.js';
import { FacebookGraph } from './graph.js';
import { listPages } from './listing.js';
import { FACEBOOK_METHODS, FACEBOOK_SCOPES } from './methods.js';

/** More candidates than these are cut, and the listing counts as incomplete. */
const CANDIDATES_LIMIT = 1_000;

export interface FacebookLoginOptions {
  readonly mode: 'live' | 'sandbox';
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly bases: FacebookBases;
  readonly clock: Clock;
  /** Time-outs and tries other than the usual ones. */
  readonly limits?: Partial<HttpLimits>;
}

/**
 * The login of Facebook, for Pages and for the Instagram accounts linked to them. One consent reaches both, so one grant feeds
 * both. Facebook has no refresh grant: a person is needed when the access to data ends.
 */
export class FacebookLogin extends PlatformLogin {
  override readonly id = 'facebook';
  override readonly mode: 'live' | 'sandbox';
  override readonly methods: readonly ConnectMethod[] = FACEBOOK_METHODS;
  /** `DELETE /me/permissions` takes the app away from the person, in every workspace. */
  override readonly revocation = 'whole-app';
  override readonly manageUrl: string;

  readonly #http: PlatformHttp;
  readonly #oauth: OAuthClient;
  readonly #graph: FacebookGraph;
  readonly #options: FacebookLoginOptions;

  constructor(options: FacebookLoginOptions) {
    super();
    const { mode, bases, clientId, clientSecret, limits } = options;
    this.#options = options;
    this.mode = mode;
    this.manageUrl = `${bases.www}/settings?tab=business_tools`;
    this.#http = new PlatformHttp('Facebook', limits);
    this.#oauth = new OAuthClient(this.#http, {
      issuer: bases.www,
      authorizationEndpoint: `${bases.www}/${GRAPH_VERSION}/dialog/oauth`,
      tokenEndpoint: `${bases.graph}/${GRAPH_VERSION}/oauth/access_token`,
      clientId,
      clientSecret,
      classify: classifyGraphTokenError,
    });
    this.#graph = new FacebookGraph(this.#http, bases.graph, { clientId, clientSecret });
  }

  override async authorizationUrl({ state, redirectUri }: { readonly state: string; readonly redirectUri: string }) {
    return this.#oauth.authorizationUrl({
      state,
      redirectUri,
      scope: FACEBOOK_SCOPES.join(','),
      // Without it, Facebook does not ask again for a permission that the person once declined.
      more: { auth_type: 'rerequest' },
    });
  }

  override async authorize(callback: Callback): Promise<Authorization | PlatformFailure> {
    const budget = new TimeBudget(AUTHORIZE_BUDGET_MS);
    const short = await this.#oauth.exchangeCode(callback, userTokenAnswer, budget);
    if (short instanceof PlatformFailure) return short;
    const grantType = 'fb_exchange_token';
    const shortToken = new Secret(short.access_token);
    const long = await this.#oauth.exchangeToken(grantType, grantType, shortToken, userTokenAnswer, budget);
    if (long instanceof PlatformFailure) return long;
    const answeredAt = this.#options.clock.now();
    const token = new Secret(long.access_token);

    const inspected = await this.#graph.inspect(token, budget);
    if (inspected instanceof PlatformFailure) return inspected;
    const person = await this.#graph.get('me', { fields: 'id' }, token, personAnswer, budget);
    if (person instanceof PlatformFailure) return person;
    if (person.id !== inspected.user_id) return this.#http.failure('other');

    const access = new GrantedAccess(inspected);
    const pages = await listPages(this.#graph, token, access, budget);
    if (pages instanceof PlatformFailure) return pages;
    const candidates = pages.items.flatMap((page) => candidatesOfPage(page, access, this.mode === 'sandbox'));
    return {
      subject: person.id,
      secrets: sealTokens({ accessToken: token, refreshToken: null }),
      grantedScopes: inspected.scopes,
      lifetime: lifetimeOf(inspected, long.expires_in, answeredAt),
      candidates: candidates.slice(0, CANDIDATES_LIMIT),
      listingComplete: pages.complete && candidates.length <= CANDIDATES_LIMIT,
    };
  }

  /** A token that Facebook no longer takes at all says nothing about the account: that is `unknown`. */
  override async checkAccess(
    secrets: Secret,
    account: { readonly type: AccountType; readonly externalId: string },
  ): Promise<'reachable' | 'refused' | 'unknown'> {
    const tokens = openTokens(secrets, this.#http);
    if (tokens instanceof PlatformFailure) return 'unknown';
    const { accessToken } = tokens;
    const path = encodeURIComponent(account.externalId);
    const found =
      account.type === 'page'
        ? await this.#graph.get(path, { fields: 'id,access_token' }, accessToken, pageAnswer)
        : await this.#graph.get(path, { fields: 'id' }, accessToken, instagramAnswer);
    if (found instanceof PlatformFailure) {
      return found.kind === 'access-lost' || found.kind === 'missing-permission' ? 'refused' : 'unknown';
    }
    if (found.id !== account.externalId) return 'unknown';
    // Anybody may look at a Page; who has no role on it any more gets no token of it.
    return 'access_token' in found && !found.access_token ? 'refused' : 'reachable';
  }

  /** Never: Facebook's user tokens come from a consent alone. */
  override async renew(): Promise<PlatformFailure> {
    return this.#http.failure('other');
  }

  /** Never called, because Facebook would take the whole app away. */
  override async revoke(): Promise<PlatformFailure> {
    return this.#http.failure('other');
  }
}

/**
 * Two clocks: the user token's, and that of the access to data, which is the day a person is needed. The tokens of Pages that
 * are made from a long-lived user token do not end by themselves.
 */
function lifetimeOf(inspected: InspectedToken, expiresInSeconds: number | undefined, answeredAt: Date): GrantLifetime {
  const ends = inspected.expires_at ?? null;
  const secondsLeft = expiresInSeconds === undefined ? null : secondsAfter(answeredAt, expiresInSeconds);
  const accessExpiresAt = ends === null ? secondsLeft : instantOfUnix(ends);
  const dataAccessEnds = inspected.data_access_expires_at ?? null;
  const dataAccessExpiresAt = dataAccessEnds === null ? null : instantOfUnix(dataAccessEnds);
  return {
    issuedAt: wholeSecond(answeredAt),
    expiresAt: dataAccessExpiresAt ?? accessExpiresAt,
    accessExpiresAt,
    refreshExpiresAt: null,
    dataAccessExpiresAt,
    earliestRenewalAt: null,
    renewal: 'reconnect',
  };
}
