import type { FoundSecret } from '../grants.js';
import {
  identityIds,
  type Call,
  type CodeExchange,
  type IdentityId,
  type PlatformHost,
  type Reply,
  type SandboxPlatform,
  type Thing,
} from '../platform.js';
import { apiError, linkedinApi } from './linkedin-api.js';

const WWW = '/linkedin/www';
const DAY_SECONDS = 24 * 60 * 60;
const CODE_SECONDS = 30 * 60;
const MILLISECONDS_PER_SECOND = 1000;

const SCOPES = [
  'openid',
  'profile',
  'email',
  'r_liteprofile',
  'r_basicprofile',
  'r_emailaddress',
  'w_member_social',
  'r_member_social',
  'r_organization_social',
  'w_organization_social',
  'r_organization_admin',
  'rw_organization_admin',
];

const member = (id: string, owner: IdentityId, name: string): Thing => ({
  platform: 'linkedin',
  id,
  kind: 'user',
  owner,
  name,
});

const members: Readonly<Record<IdentityId, Thing>> = {
  ada: member('aDa7Qx01mB', 'ada', 'Ada Adams'),
  ben: member('bEn7Qx02mB', 'ben', 'Ben Brooks'),
  cho: member('cHo7Qx03mB', 'cho', 'Cho Chen'),
};

const organizations: readonly Thing[] = [
  { platform: 'linkedin', id: '90000001', kind: 'organization', owner: 'ada', name: 'Ada Group' },
];

/** LinkedIn: refresh tokens for approved partners only, and then under an outer limit that no refresh lengthens. */
export const linkedin: SandboxPlatform = {
  id: 'linkedin',
  label: 'LinkedIn',
  lifetimes: { accessSeconds: 60 * DAY_SECONDS, refreshSeconds: null },
  things: [...identityIds.map((id) => members[id]), ...organizations],
  user: (identity) => members[identity],
  offers: (identity) => organizations.filter(({ owner }) => owner === identity),
  fault: (fault, endpoint) => {
    if (fault === '429') {
      return apiError(
        429,
        101,
        'TOO_MANY_REQUESTS',
        'Resource level throttle APPLICATION DAY limit for calls to this resource is reached.',
      );
    }
    if (fault === '500') return apiError(500, 0, 'INTERNAL_SERVER_ERROR', 'Internal Server Error');
    return endpoint === 'token' || endpoint === 'revoke'
      ? oauthError(
          400,
          'invalid_grant',
          'The provided authorization grant or refresh token is invalid, expired or revoked.',
        )
      : apiError(401, 65601, 'REVOKED_ACCESS_TOKEN', 'The token used in the request has been revoked by the user');
  },
  routes: (host) => {
    host.authorization({
      path: `${WWW}/oauth/v2/authorization`,
      codeLifetimeSeconds: CODE_SECONDS,
      scopes: SCOPES,
      denied: {
        error: 'user_cancelled_authorize',
        error_description: 'The user cancelled the authorization',
      },
    });
    host.route('POST', `${WWW}/oauth/v2/accessToken`, 'token', (call) => accessToken(host, call));
    host.route('POST', `${WWW}/oauth/v2/revoke`, 'revoke', (call) => revoke(host, call));
    linkedinApi(host, '/linkedin/api', { members, organizations });
  },
};

function accessToken(host: PlatformHost, call: Call): Reply {
  switch (call.form.get('grant_type')) {
    case 'authorization_code': {
      const exchange = host.exchangeCode(call);
      return exchange.ok ? firstTokens(host, exchange.found) : codeError(exchange.fault);
    }
    case 'refresh_token':
      return refresh(host, call);
    default:
      return oauthError(400, 'invalid_request', 'A required parameter "grant_type" is missing or invalid');
  }
}

function firstTokens(host: PlatformHost, { grant }: FoundSecret): Reply {
  const { refreshSeconds } = host.lifetimes();
  if (refreshSeconds === null) return tokens(host, grant.id, grant.scopes, undefined);
  // The outer limit counts from the consent, not from the exchange or any refresh.
  const expiresAt = new Date(grant.consentedAt.getTime() + refreshSeconds * MILLISECONDS_PER_SECOND);
  const token = host.grants.issue({ grantId: grant.id, kind: 'refresh', expiresAt });
  return tokens(host, grant.id, grant.scopes, { token, expiresAt });
}

function refresh(host: PlatformHost, call: Call): Reply {
  const fault = host.clientFault(call);
  if (fault !== undefined) return codeError(fault);
  const token = call.form.get('refresh_token') ?? '';
  const found = host.grants.find(token);
  const isRefresh = found?.grant.platform === 'linkedin' && found.kind === 'refresh';
  if (isRefresh) call.identify(found.grant.identity);
  if (!isRefresh || found.standing !== 'live' || found.expiresAt === null) {
    return oauthError(
      400,
      'invalid_grant',
      'The provided authorization grant or refresh token is invalid, expired or revoked.',
    );
  }
  return tokens(host, found.grant.id, found.grant.scopes, { token, expiresAt: found.expiresAt });
}

/** No access token outlives the refresh token that it comes from. */
function tokens(
  host: PlatformHost,
  grantId: number,
  scopes: readonly string[],
  outer: { readonly token: string; readonly expiresAt: Date } | undefined,
): Reply {
  const outerSeconds =
    outer && Math.floor((outer.expiresAt.getTime() - host.clock.now().getTime()) / MILLISECONDS_PER_SECOND);
  const seconds = Math.min(host.lifetimes().accessSeconds, outerSeconds ?? Infinity);
  return {
    status: 200,
    body: {
      access_token: host.grants.issue({ grantId, kind: 'access', expiresAt: host.after(seconds) }),
      expires_in: seconds,
      ...(outer && { refresh_token: outer.token, refresh_token_expires_in: outerSeconds }),
      scope: scopes.join(','),
      token_type: 'Bearer',
    },
  };
}

/** Ends an access token alone, or with a refresh token all that came from the same consent (RFC 7009). */
function revoke(host: PlatformHost, call: Call): Reply {
  const fault = host.clientFault(call);
  if (fault !== undefined) return codeError(fault);
  const token = call.form.get('token') ?? '';
  const found = host.grants.find(token);
  if (found?.grant.platform === 'linkedin') {
    call.identify(found.grant.identity);
    if (found.kind === 'refresh') host.grants.revokeGrant(found.grant.id);
    else host.grants.revokeSecret(token);
  }
  return { status: 200, body: '' };
}

function codeError(fault: Extract<CodeExchange, { ok: false }>['fault']): Reply {
  if (fault === 'client' || fault === 'secret') {
    return oauthError(401, 'invalid_client', 'Client authentication failed');
  }
  return oauthError(
    400,
    'invalid_request',
    'Unable to retrieve access token: appid/redirect uri/code verifier does not match authorization code. Or authorization code expired. Or external member binding exists',
  );
}

function oauthError(status: number, error: string, description: string): Reply {
  return { status, body: { error, error_description: description } };
}
