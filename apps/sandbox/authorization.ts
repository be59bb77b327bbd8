import { consentPage, refusalPage } from './consent-page.js';
import {
  htmlReply,
  identityIds,
  words,
  type AuthorizationSettings,
  type Call,
  type IdentityId,
  type PlatformHost,
  type Reply,
  type SandboxPlatform,
} from './platform.js';
import { pictureUrl } from './world.js';

/** A request whose client and redirect URI are known to be good, so that answers may be sent there. */
interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: URL;
  readonly state: string | null;
  readonly scopes: readonly string[];
  readonly challenge: string;
}

/**
 * The authorisation endpoint (RFC 6749, 3.1): the consent page for a person, and for programs, with
 * `sandbox_identity` and `sandbox_decision`, the redirect at once.
 */
export function authorize(
  platform: SandboxPlatform,
  settings: AuthorizationSettings,
  host: PlatformHost,
  call: Call,
): Reply {
  const request = readRequest(platform, settings, call.query);
  if (typeof request === 'string') return htmlReply(400, refusalPage(platform.label, request));
  const identity = call.query.get('sandbox_identity');
  const decision = call.query.get('sandbox_decision');
  if (identity !== null && !isIdentity(identity)) {
    return htmlReply(400, refusalPage(platform.label, `The sandbox knows nobody called ${identity}.`));
  }
  if (identity !== null) call.identify(identity);
  if (identity === null || decision === null) return htmlReply(200, showPage(platform, host, request, call));
  if (decision === 'deny') return redirect(request, settings, settings.denied);
  if (decision !== 'allow') {
    return htmlReply(400, refusalPage(platform.label, 'The decision is either allow or deny.'));
  }
  return redirect(request, settings, { code: allow(platform, settings, host, request, identity, call.query) });
}

function allow(
  platform: SandboxPlatform,
  settings: AuthorizationSettings,
  host: PlatformHost,
  request: AuthorizationRequest,
  identity: IdentityId,
  query: URLSearchParams,
): string {
  const ticked = query.has('sandbox_scopes') ? words(query.getAll('sandbox_scopes').join(',')) : request.scopes;
  const always = settings.alwaysGranted ?? [];
  const grantId = host.grants.consent({
    platform: platform.id,
    identity,
    clientId: request.clientId,
    requestedScopes: [...new Set([...always, ...request.scopes])],
    scopes: [...new Set([...always, ...request.scopes.filter((scope) => ticked.includes(scope))])],
    details: settings.details?.(query, identity) ?? {},
    endsAt: settings.endsAt?.() ?? null,
    renewsEarlier: settings.renewsEarlier ?? false,
  });
  return host.grants.issue({
    grantId,
    kind: 'code',
    expiresAt: host.after(settings.codeLifetimeSeconds),
    data: { redirectUri: query.get('redirect_uri') ?? '', challenge: request.challenge },
  });
}

function readRequest(
  platform: SandboxPlatform,
  settings: AuthorizationSettings,
  query: URLSearchParams,
): AuthorizationRequest | string {
  const clientId = query.get('client_id') ?? '';
  if (clientId !== `sandbox-${platform.id}`) return 'No app is registered under this client_id.';
  const redirectUri = readRedirectUri(query.get('redirect_uri') ?? '');
  if (redirectUri === undefined) {
    return 'The redirect_uri must be an https address, or an http address of this machine, without a fragment.';
  }
  if ((query.get('response_type') ?? 'code') !== 'code') return 'The response_type must be code.';
  const challenge = query.get('code_challenge') ?? '';
  if (challenge !== '' && query.get('code_challenge_method') !== 'S256') {
    return 'The code_challenge_method must be S256.';
  }
  const scopes = words(query.get('scope') ?? '');
  const unknown = scopes.filter((scope) => !settings.scopes.includes(scope));
  if (unknown.length > 0) return `Invalid scopes: ${unknown.join(', ')}.`;
  return { clientId, redirectUri, state: query.get('state'), scopes, challenge };
}

function readRedirectUri(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const uri = new URL(text);
  if (uri.hash !== '' || uri.username !== '' || uri.password !== '') return undefined;
  if (uri.protocol === 'https:') return uri;
  return uri.protocol === 'http:' && isLoopbackHost(uri.hostname) ? uri : undefined;
}

/** Whether a host name or address can only be this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host);
}

function redirect(
  { redirectUri, state }: AuthorizationRequest,
  { fragment }: AuthorizationSettings,
  parameters: Readonly<Record<string, string>>,
): Reply {
  const location = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) location.searchParams.set(name, value);
  if (state !== null) location.searchParams.set('state', state);
  return {
    status: 302,
    headers: {
      location: `${location.href}${fragment === undefined ? '' : `#${fragment}`}`,
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
    body: '',
  };
}

function showPage(platform: SandboxPlatform, host: PlatformHost, request: AuthorizationRequest, call: Call): string {
  return consentPage({
    platform: platform.label,
    client: request.clientId,
    destination: request.redirectUri.host,
    choices: identityIds.map((id) => ({
      id,
      name: host.world.name(platform.user(id)),
      picture: pictureUrl(call.pictureOrigin, platform.user(id)),
      offers: platform
        .offers(id)
        .filter((thing) => !host.world.isDropped(thing))
        .map((thing) => host.world.name(thing)),
    })),
    chosen: call.query.get('sandbox_identity'),
    scopes: request.scopes,
    parameters: [...call.query].filter(
      ([name]) => !['sandbox_identity', 'sandbox_decision', 'sandbox_scopes'].includes(name),
    ),
  });
}

export function isIdentity(text: unknown): text is IdentityId {
  return identityIds.some((id) => id === text);
}
