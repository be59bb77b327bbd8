import type { FoundSecret } from '../grants.js';
import {
  bearerToken,
  type Call,
  type CodeExchange,
  type PlatformHost,
  type Reply,
  type SandboxPlatform,
  type Thing,
} from '../platform.js';
import { NonexistingField, parseFields, select } from './graph-fields.js';
import {
  clientError,
  deadToken,
  graphFault,
  invalidParameter,
  missingObject,
  missingPermission,
} from './graph-errors.js';
import { instagramNode, publishingRoutes } from './instagram-media.js';
import { instagramAccounts, instagramLogins } from './meta-things.js';

const WWW = '/instagram/www';
const API = '/instagram/api';
const GRAPH = '/instagram/graph';
const HOUR_SECONDS = 60 * 60;
const DAY_SECONDS = 24 * HOUR_SECONDS;
const CODE_SECONDS = HOUR_SECONDS;
const SHORT_TOKEN_SECONDS = HOUR_SECONDS;
/** Source: Instagram's refresh_access_token page; younger tokens are not extended. */
const LEAST_AGE_TO_REFRESH_MS = DAY_SECONDS * 1000;

const SCOPES = ['basic', 'content_publish', 'manage_comments', 'manage_insights', 'manage_messages'].map(
  (name) => `instagram_business_${name}`,
);

/** Instagram with its own login. The token is its own credential: it is extended by itself while it lives. */
export const instagram: SandboxPlatform = {
  id: 'instagram',
  label: 'Instagram',
  lifetimes: { accessSeconds: 60 * DAY_SECONDS, refreshSeconds: null },
  things: instagramAccounts,
  versionedBases: [GRAPH],
  user: (identity) => instagramLogins[identity],
  offers: () => [],
  fault: graphFault,
  routes: (host) => {
    host.authorization({
      path: `${WWW}/oauth/authorize`,
      codeLifetimeSeconds: CODE_SECONDS,
      scopes: SCOPES,
      denied: {
        error: 'access_denied',
        error_reason: 'user_denied',
        error_description: 'The user denied your request',
      },
      fragment: '_',
    });
    host.route('POST', `${API}/oauth/access_token`, 'token', (call) => shortToken(host, call));
    host.route('GET', `${GRAPH}/access_token`, 'token', (call) => longToken(host, call));
    host.route('GET', `${GRAPH}/refresh_access_token`, 'token', (call) => refresh(host, call));
    host.route('GET', `${GRAPH}/me`, 'profile', (call) => profile(host, call));
    host.route('GET', `${GRAPH}/:id`, 'profile', (call) => profile(host, call));
    publishingRoutes(host, GRAPH, (call, scope) => publisher(host, call, scope));
  },
};

/** The exchange at api.instagram.com: no `token_type`, no lifetime, and all of it wrapped in a list. */
function shortToken(host: PlatformHost, call: Call): Reply {
  if (call.input('grant_type') !== 'authorization_code') return apiError('Invalid grant_type');
  const exchange = host.exchangeCode(call);
  if (!exchange.ok) return apiError(exchangeMessage(exchange.fault));
  const { grant } = exchange.found;
  const token = host.grants.issue({
    grantId: grant.id,
    kind: 'short-access',
    expiresAt: host.after(SHORT_TOKEN_SECONDS),
  });
  const answer = {
    access_token: token,
    user_id: appScopedId(accountOf(exchange.found)),
    permissions: grant.scopes.join(','),
  };
  return { status: 200, body: { data: [answer] } };
}

function longToken(host: PlatformHost, call: Call): Reply {
  if (call.input('grant_type') !== 'ig_exchange_token') return invalidParameter('Invalid grant_type');
  // The exchange needs the secret alone; the token knows its app.
  const withClient: Call = {
    ...call,
    input: (name) => (name === 'client_id' ? 'sandbox-instagram' : call.input(name)),
  };
  const fault = host.clientFault(withClient);
  if (fault !== undefined) return clientError(fault);
  const found = findToken(host, call);
  if (found.reply !== undefined) return found.reply;
  if (found.secret.kind !== 'short-access') return invalidParameter('The access token is long-lived already');
  return issueLongToken(host, found.secret);
}

function refresh(host: PlatformHost, call: Call): Reply {
  if (call.input('grant_type') !== 'ig_refresh_token') return invalidParameter('Invalid grant_type');
  const found = findToken(host, call);
  if (found.reply !== undefined) return found.reply;
  if (found.secret.kind !== 'access') return invalidParameter('Only a long-lived access token can be refreshed');
  const ageMs = host.clock.now().getTime() - found.secret.issuedAt.getTime();
  if (ageMs < LEAST_AGE_TO_REFRESH_MS) {
    return invalidParameter('The access token must be at least 24 hours old to be refreshed');
  }
  return issueLongToken(host, found.secret);
}

function issueLongToken(host: PlatformHost, { grant }: FoundSecret): Reply {
  const { accessSeconds } = host.lifetimes();
  const token = host.grants.issue({ grantId: grant.id, kind: 'access', expiresAt: host.after(accessSeconds) });
  return {
    status: 200,
    body: { access_token: token, token_type: 'bearer', expires_in: accessSeconds, permissions: grant.scopes.join(',') },
  };
}

type Found =
  { readonly secret: FoundSecret; readonly reply?: undefined } | { readonly secret?: undefined; readonly reply: Reply };

function findToken(host: PlatformHost, call: Call): Found {
  const token = call.input('access_token') || bearerToken(call);
  const secret = host.grants.find(token);
  if (secret?.grant.platform !== 'instagram' || secret.kind === 'code') return { reply: deadToken(token, undefined) };
  call.identify(secret.grant.identity);
  return secret.standing === 'live' ? { secret } : { reply: deadToken(token, secret) };
}

function profile(host: PlatformHost, call: Call): Reply {
  const found = findToken(host, call);
  if (found.reply !== undefined) return found.reply;
  const account = accountOf(found.secret);
  const id = call.params['id'];
  if (id !== undefined && id !== account.id && id !== appScopedId(account)) return missingObject(id);
  if (!found.secret.grant.scopes.includes('instagram_business_basic')) {
    return missingPermission('Requires instagram_business_basic permission');
  }
  const fields = parseFields(call.input('fields'));
  if (fields === undefined) return invalidParameter('Syntax error in fields');
  const node = instagramNode(host, call.pictureOrigin, account);
  const own = { id: () => appScopedId(account), user_id: () => account.id, account_type: () => 'BUSINESS' };
  const selected = select({ ...node, fields: { ...node.fields, ...own } }, fields);
  return selected instanceof NonexistingField
    ? invalidParameter(`Tried accessing nonexisting field (${selected.field}) on node type (IGUser)`)
    : { status: 200, body: selected };
}

function publisher(host: PlatformHost, call: Call, scope: 'basic' | 'content_publish'): Thing | Reply {
  const found = findToken(host, call);
  if (found.reply !== undefined) return found.reply;
  const account = accountOf(found.secret);
  const id = call.params['id'] ?? '';
  if (![account.id, appScopedId(account), 'me'].includes(id)) return missingObject(id);
  return found.secret.grant.scopes.includes(`instagram_business_${scope}`)
    ? account
    : missingPermission(`Requires instagram_business_${scope} permission`);
}

function accountOf({ grant }: FoundSecret): Thing {
  return instagramLogins[grant.identity];
}

/** The id that this app alone knows the account by. It is not the professional account's id. */
function appScopedId({ id }: Thing): string {
  return id.replace(/^17841/, '24801');
}

/** The shape of errors at api.instagram.com, unlike that of the Graph. */
function apiError(message: string): Reply {
  return { status: 400, body: { error_type: 'OAuthException', code: 400, error_message: message } };
}

function exchangeMessage(fault: Extract<CodeExchange, { ok: false }>['fault']): string {
  switch (fault) {
    case 'client':
      return 'Invalid platform app';
    case 'secret':
      return 'Error validating client secret.';
    case 'mismatch':
      return 'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request';
    case 'used':
    case 'unknown':
      return 'Matching code was not found or was already used';
    case 'expired':
      return 'This authorization code has expired.';
  }
}
