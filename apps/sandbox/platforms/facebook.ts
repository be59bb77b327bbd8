import type { FoundSecret } from '../grants.js';
import {
  identityIds,
  words,
  type Call,
  type IdentityId,
  type PlatformHost,
  type Reply,
  type SandboxPlatform,
} from '../platform.js';
import { graphRoutes } from './facebook-graph.js';
import { debugToken, graphToken } from './facebook-tokens.js';
import { clientError, codeError, deadToken, graphFault, invalidParameter } from './graph-errors.js';
import { business, facebookUsers, pages } from './meta-things.js';

const WWW = '/facebook/www';
const GRAPH = '/facebook/graph';
const DAY_SECONDS = 24 * 60 * 60;
const CODE_SECONDS = 10 * 60;
const SHORT_TOKEN_SECONDS = 60 * 60;
const LONG_TOKEN_SECONDS = 60 * DAY_SECONDS;
const DATA_ACCESS_SECONDS = 90 * DAY_SECONDS;

const SCOPES = [
  'public_profile',
  'email',
  'pages_show_list',
  'pages_read_engagement',
  'pages_read_user_content',
  'pages_manage_posts',
  'pages_manage_engagement',
  'pages_manage_metadata',
  'pages_messaging',
  'business_management',
  'read_insights',
  'instagram_basic',
  'instagram_content_publish',
  'instagram_manage_comments',
  'instagram_manage_insights',
  'instagram_manage_messages',
];

/** Facebook: one grant per person and app, and two clocks, the token's and that of data access. */
export const facebook: SandboxPlatform = {
  id: 'facebook',
  label: 'Facebook',
  // The date on which a person is needed is that of data access; the tokens' own lifetimes are fixed.
  lifetimes: { accessSeconds: DATA_ACCESS_SECONDS, refreshSeconds: null },
  things: [...identityIds.map((id) => facebookUsers[id]), ...pages, business],
  versionedBases: [WWW, GRAPH],
  user: (identity) => facebookUsers[identity],
  offers: (identity) => pages.filter(({ owner }) => owner === identity),
  fault: graphFault,
  routes: (host) => {
    host.authorization({
      path: `${WWW}/dialog/oauth`,
      codeLifetimeSeconds: CODE_SECONDS,
      scopes: SCOPES,
      alwaysGranted: ['public_profile'],
      denied: {
        error: 'access_denied',
        error_code: '200',
        error_description: 'Permissions error',
        error_reason: 'user_denied',
      },
      fragment: '_=_',
      renewsEarlier: true,
      endsAt: () => host.after(host.lifetimes().accessSeconds),
      details: (query, identity) => tickedPages(host, query, identity),
    });
    for (const method of ['GET', 'POST'] as const) {
      host.route(method, `${GRAPH}/oauth/access_token`, 'token', (call) => accessToken(host, call));
    }
    host.route('GET', `${GRAPH}/debug_token`, 'profile', (call) => debugToken(host, call));
    host.route('DELETE', `${GRAPH}/me/permissions`, 'revoke', (call) => removeApp(host, call));
    graphRoutes(host, GRAPH);
  },
};

/** Which Pages the person ticked: all, or those named; and of these, where posting was allowed too. */
function tickedPages(host: PlatformHost, query: URLSearchParams, identity: IdentityId): Record<string, string[]> {
  const chosen = (parameter: string): string[] | undefined => {
    if (!query.has(parameter)) return undefined;
    const names = query.getAll(parameter).flatMap((list) => list.split(',').map((name) => name.trim()));
    return pages
      .filter(
        (page) => page.owner === identity && names.some((name) => [page.name, host.world.name(page)].includes(name)),
      )
      .map(({ id }) => id);
  };
  const ticked = chosen('sandbox_pages');
  const posting = chosen('sandbox_posting_pages');
  return { ...(ticked && { pages: ticked }), ...(posting && { postingPages: posting }) };
}

function accessToken(host: PlatformHost, call: Call): Reply {
  const grantType = call.input('grant_type');
  if (grantType === 'fb_exchange_token') return exchangeForLongLived(host, call);
  if (grantType !== '' && grantType !== 'authorization_code') {
    return invalidParameter(`Invalid grant_type: ${words(grantType).join(' ').slice(0, 50)}`);
  }
  const exchange = host.exchangeCode(call);
  if (!exchange.ok) return codeError(exchange.fault);
  return issueUserToken(host, exchange.found, 'short-access', SHORT_TOKEN_SECONDS);
}

/** A token that has expired cannot be exchanged; the date of data access stays where the consent put it. */
function exchangeForLongLived(host: PlatformHost, call: Call): Reply {
  const fault = host.clientFault(call);
  if (fault !== undefined) return clientError(fault);
  const token = call.input('fb_exchange_token');
  const found = host.grants.find(token);
  if (found !== undefined) call.identify(found.grant.identity);
  const isUserToken = found?.grant.platform === 'facebook' && ['access', 'short-access'].includes(found.kind);
  if (!isUserToken || found.standing !== 'live') return deadToken(token, isUserToken ? found : undefined);
  return issueUserToken(host, found, 'access', LONG_TOKEN_SECONDS);
}

function issueUserToken(
  host: PlatformHost,
  { grant }: FoundSecret,
  kind: 'access' | 'short-access',
  seconds: number,
): Reply {
  const token = host.grants.issue({ grantId: grant.id, kind, expiresAt: host.after(seconds) });
  return { status: 200, body: { access_token: token, token_type: 'bearer', expires_in: seconds } };
}

/** Takes the whole app away for this person: every token, whoever was given it. */
function removeApp(host: PlatformHost, call: Call): Reply {
  const token = graphToken(call);
  const found = host.grants.find(token);
  if (found?.grant.platform !== 'facebook' || found.standing !== 'live') return deadToken(token, found);
  call.identify(found.grant.identity);
  host.grants.revokeGrant(found.grant.id);
  return { status: 200, body: { success: true } };
}
