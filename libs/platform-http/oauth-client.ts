import type { Secret } from '#kernel';
import { type Callback, PlatformFailure } from '#social-accounts';
import * as oauth from 'oauth4webapi';
import type { z } from 'zod';
import { deniedFailure } from './failure.js';
import type { TimeBudget } from './limits.js';
import { type Classify, parseJson, type PlatformHttp, type PlatformRequest } from './platform-http.js';
import { isLoopbackHttp, TOKEN_LIMIT_CHARACTERS } from './provider-values.js';

/** One platform's OAuth 2 server and our registration there. */
export interface OAuthSettings {
  /** What an `iss` parameter of the callback must equal (RFC 9207), where the platform sends one. */
  readonly issuer: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly revocationEndpoint?: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** What an error answer of the token and revocation endpoints amounts to. */
  readonly classify: Classify;
  /** Brings a token answer that deviates from the standard into its shape. It takes any JSON, and must not throw. */
  readonly normalize?: (body: unknown) => unknown;
  /** The `error` values of a callback that mean: the person said no. `access_denied` always does. */
  readonly deniedErrors?: readonly string[];
}

type Repeat = PlatformRequest['repeat'];

/** Stands for a call that ended as a `PlatformFailure`; it crosses oauth4webapi and says nothing else. */
class CallEnded extends Error {}

/**
 * The authorisation code flow and the grants after it. Checks and requests are oauth4webapi's; time-outs, tries, size limits and
 * the classification of errors are those of `PlatformHttp`.
 */
export class OAuthClient {
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;

  constructor(
    private readonly http: PlatformHttp,
    private readonly settings: OAuthSettings,
  ) {
    const { issuer, authorizationEndpoint, tokenEndpoint, revocationEndpoint } = settings;
    this.#server = {
      issuer,
      authorization_endpoint: authorizationEndpoint,
      token_endpoint: tokenEndpoint,
      ...(revocationEndpoint === undefined ? {} : { revocation_endpoint: revocationEndpoint }),
    };
    this.#client = { client_id: settings.clientId };
  }

  /** The URL that asks a person for these scopes. */
  authorizationUrl(request: {
    readonly state: string;
    readonly redirectUri: string;
    readonly scope: string;
    readonly more?: Readonly<Record<string, string>>;
  }): string {
    const url = new URL(this.settings.authorizationEndpoint);
    const parameters = {
      client_id: this.settings.clientId,
      redirect_uri: request.redirectUri,
      response_type: 'code',
      scope: request.scope,
      state: request.state,
      ...request.more,
    };
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url.href;
  }

  /**
   * Checks the callback (state, `iss`, error) and exchanges its code, without PKCE: none of the platforms that come here takes it.
   * Nothing is sent for a callback that does not pass. The code is sent again only when the platform itself answered 429 or 5xx.
   */
  async exchangeCode<Shape extends z.ZodType>(
    callback: Callback,
    shape: Shape,
    budget?: TimeBudget,
  ): Promise<z.output<Shape> | PlatformFailure> {
    const parameters = this.#checkCallback(callback);
    if (parameters instanceof PlatformFailure) return parameters;
    return this.#tokens('after-refusal', shape, budget, async (options) => {
      const response = await oauth.authorizationCodeGrantRequest(
        this.#server,
        this.#client,
        this.#authentication(),
        parameters,
        callback.redirectUri,
        oauth.nopkce,
        options,
      );
      return oauth.processAuthorizationCodeResponse(this.#server, this.#client, response);
    });
  }

  /** A grant of the platform's own at the token endpoint, such as Facebook's `fb_exchange_token`; it may be repeated. */
  async exchangeToken<Shape extends z.ZodType>(
    grantType: string,
    parameterName: string,
    token: Secret,
    shape: Shape,
    budget?: TimeBudget,
  ): Promise<z.output<Shape> | PlatformFailure> {
    return this.#tokens('always', shape, budget, async (options) => {
      const response = await token.use((text) =>
        oauth.genericTokenEndpointRequest(
          this.#server,
          this.#client,
          this.#authentication(),
          grantType,
          { [parameterName]: text },
          options,
        ),
      );
      return oauth.processGenericTokenEndpointResponse(this.#server, this.#client, response);
    });
  }

  /** The refresh token grant. `repeat` is `after-refusal` where the platform rotates refresh tokens. */
  async refresh<Shape extends z.ZodType>(
    refreshToken: Secret,
    repeat: Repeat,
    shape: Shape,
  ): Promise<z.output<Shape> | PlatformFailure> {
    return this.#tokens(repeat, shape, undefined, async (options) => {
      const response = await refreshToken.use((text) =>
        oauth.refreshTokenGrantRequest(this.#server, this.#client, this.#authentication(), text, options),
      );
      return oauth.processRefreshTokenResponse(this.#server, this.#client, response);
    });
  }

  /** Token revocation (RFC 7009). */
  async revoke(token: Secret): Promise<'revoked' | PlatformFailure> {
    return this.#call('always', undefined, async (options) => {
      const response = await token.use((text) =>
        oauth.revocationRequest(this.#server, this.#client, this.#authentication(), text, options),
      );
      await oauth.processRevocationResponse(response);
      return 'revoked' as const;
    });
  }

  #checkCallback({ parameters, state }: Callback): URLSearchParams | PlatformFailure {
    // Some platforms say no with an `error` of their own; which one it is counts only once state and issuer are right.
    try {
      const checked = oauth.validateAuthResponse(this.#server, this.#client, parameters, state);
      const code = checked.get('code') ?? '';
      return code === '' || code.length > TOKEN_LIMIT_CHARACTERS ? this.http.failure('other') : checked;
    } catch (error) {
      if (error instanceof oauth.AuthorizationResponseError) {
        const denied = ['access_denied', ...(this.settings.deniedErrors ?? [])].includes(error.error);
        return denied ? deniedFailure(this.http.platformName) : this.http.failure('other');
      }
      return this.#unusable(error);
    }
  }

  #authentication(): oauth.ClientAuth {
    return this.settings.clientSecret.use((text) => oauth.ClientSecretPost(text));
  }

  async #tokens<Shape extends z.ZodType>(
    repeat: Repeat,
    shape: Shape,
    budget: TimeBudget | undefined,
    call: (options: oauth.TokenEndpointRequestOptions) => Promise<oauth.TokenEndpointResponse>,
  ): Promise<z.output<Shape> | PlatformFailure> {
    const answer = await this.#call(repeat, budget, call);
    if (answer instanceof PlatformFailure) return answer;
    const parsed = shape.safeParse(answer);
    return parsed.success ? parsed.data : this.http.failure('other');
  }

  /** Runs one call of oauth4webapi with our transport below it. */
  async #call<Result>(
    repeat: Repeat,
    budget: TimeBudget | undefined,
    call: (options: oauth.TokenEndpointRequestOptions) => Promise<Result>,
  ): Promise<Result | PlatformFailure> {
    let failure: PlatformFailure | null = null;
    const transport = async (
      url: string,
      { body, headers }: oauth.CustomFetchOptions<'POST', URLSearchParams>,
    ): Promise<Response> => {
      const { classify } = this.settings;
      const request = { url: new URL(url), method: 'POST', headers, body, repeat, classify, budget } as const;
      const answer = await this.http.send(request);
      if (answer instanceof PlatformFailure) {
        failure = answer;
        throw new CallEnded();
      }
      return new Response(JSON.stringify(this.#standardBody(answer.text)), {
        headers: { 'content-type': 'application/json' },
      });
    };
    try {
      return await call({
        [oauth.customFetch]: transport,
        [oauth.allowInsecureRequests]: isLoopbackHttp(new URL(this.settings.tokenEndpoint)),
      });
    } catch (error) {
      return failure ?? this.#unusable(error);
    }
  }

  /** The body as oauth4webapi is to see it; `null`, which it refuses, for one that is no JSON. */
  #standardBody(text: string): unknown {
    const body = parseJson(text) ?? null;
    const normalized = this.settings.normalize === undefined ? body : this.settings.normalize(body);
    return standardTokenAnswer(normalized);
  }

  /** oauth4webapi refused an answer. Anything else that was thrown is a bug, and goes on as one. */
  #unusable(error: unknown): PlatformFailure {
    const refused =
      error instanceof oauth.OperationProcessingError ||
      error instanceof oauth.UnsupportedOperationError ||
      error instanceof oauth.ResponseBodyError ||
      error instanceof oauth.WWWAuthenticateChallengeError;
    if (!refused) throw error;
    return this.http.failure('other');
  }
}

/**
 * What all platforms here deviate in: some leave `token_type` out although every token is a bearer token, an empty refresh token
 * means none, and an `id_token` is not used, because what it says is asked at the platform with the access token.
 */
function standardTokenAnswer(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const fields = Object.entries(body).filter(
    ([name, value]) => name !== 'id_token' && !(name === 'refresh_token' && (value === '' || value === null)),
  );
  return { token_type: 'bearer', ...Object.fromEntries(fields) };
}
