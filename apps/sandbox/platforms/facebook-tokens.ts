import { createHmac } from 'node:crypto';
import type { FoundSecret, Grant } from '../grants.js';
import { bearerToken, type Call, type PlatformHost, type Reply, type Thing } from '../platform.js';
import { clientSecret } from '../platform-host.js';
import { deadToken, lostRole, missingPermission } from './graph-errors.js';
import { business, instagramOf, pages, portfolioPages } from './meta-things.js';

const MILLISECONDS_PER_SECOND = 1000;

/** Who asks: a person, or a Page by its own token. */
export interface Subject {
  readonly token: string;
  readonly found: FoundSecret;
  readonly page: Thing | null;
}

export type SubjectOrRefusal =
  { readonly ok: true; readonly subject: Subject } | { readonly ok: false; readonly reply: Reply };

/** Graph takes the token as a parameter or as a bearer. */
export function graphToken(call: Call): string {
  return call.input('access_token') || bearerToken(call);
}

/** Reads the token of a Graph call and says why it is refused. */
export function readSubject(host: PlatformHost, call: Call): SubjectOrRefusal {
  const token = graphToken(call);
  const found = host.grants.find(token);
  if (found?.grant.platform !== 'facebook' || found.kind === 'code')
    return { ok: false, reply: deadToken(token, undefined) };
  call.identify(found.grant.identity);
  if (found.standing !== 'live') return { ok: false, reply: deadToken(token, found) };
  if (found.kind !== 'page') return { ok: true, subject: { token, found, page: null } };
  const page = reachablePages(host, found.grant).find(({ id }) => id === found.data['pageId']);
  return page === undefined ? { ok: false, reply: lostRole() } : { ok: true, subject: { token, found, page } };
}

/** The Pages that a grant reaches: ticked at the consent, and still the person's. */
export function reachablePages(host: PlatformHost, grant: Grant): Thing[] {
  const ticked = grant.details['pages'];
  return pages.filter(
    (page) =>
      page.owner === grant.identity &&
      !host.world.isDropped(page) &&
      (ticked === undefined || ticked.includes(page.id)),
  );
}

/** Whether posting on this Page was ticked too. */
export function mayPostOn(grant: Grant, page: Thing): boolean {
  const ticked = grant.details['postingPages'];
  return grant.scopes.includes('pages_manage_posts') && (ticked === undefined || ticked.includes(page.id));
}

/**
 * The token of a Page. It is derived from the person's, so that asking twice gives the same one though only its hash is
 * kept; made from a long-lived token it has no end of its own.
 */
export function pageToken(host: PlatformHost, { token, found, page: own }: Subject, page: Thing): string | undefined {
  if (own !== null) return own.id === page.id ? token : undefined;
  const secret = `sbx_page-${createHmac('sha256', token).update(page.id).digest('base64url')}`;
  const expiresAt = found.kind === 'access' ? null : found.expiresAt;
  return host.grants.issue({ grantId: found.grant.id, kind: 'page', expiresAt, data: { pageId: page.id } }, secret);
}

/** What a token is worth, asked with the app's own token or a living one of the same app. */
export function debugToken(host: PlatformHost, call: Call): Reply {
  const asker = graphToken(call);
  const isApp = asker === `sandbox-facebook|${clientSecret('facebook')}`;
  if (!isApp) {
    const subject = readSubject(host, call);
    if (!subject.ok) return subject.reply;
  }
  const token = call.input('input_token');
  const found = host.grants.find(token);
  if (found?.grant.platform !== 'facebook' || found.kind === 'code') {
    const error = { code: 190, message: 'Invalid OAuth access token - Cannot parse access token' };
    return { status: 200, body: { data: { error, is_valid: false, scopes: [] } } };
  }
  if (isApp) call.identify(found.grant.identity);
  else if (host.grants.find(asker)?.grant.id !== found.grant.id) {
    return missingPermission('The access token must be an app token or belong to the same person.');
  }
  return { status: 200, body: { data: describe(host, found) } };
}

function describe(host: PlatformHost, found: FoundSecret): Record<string, unknown> {
  const { grant, kind, data, standing } = found;
  const page = reachablePages(host, grant).find(({ id }) => id === data['pageId']);
  const isDead = standing === 'revoked' || standing === 'expired' || (kind === 'page' && page === undefined);
  const user = host.world.user('facebook', grant.identity);
  return {
    app_id: grant.clientId,
    type: kind === 'page' ? 'PAGE' : 'USER',
    application: grant.clientId,
    data_access_expires_at: grant.endsAt === null ? 0 : seconds(grant.endsAt),
    ...(isDead
      ? {
          error: {
            code: 190,
            message: 'Error validating access token.',
            subcode: standing === 'revoked' ? 458 : standing === 'expired' ? 463 : 492,
          },
        }
      : {}),
    expires_at: found.expiresAt === null ? 0 : seconds(found.expiresAt),
    is_valid: !isDead,
    ...(kind === 'short-access' ? {} : { issued_at: seconds(found.issuedAt) }),
    ...(kind === 'page' ? { profile_id: data['pageId'] } : {}),
    scopes: grant.scopes,
    granular_scopes: grant.scopes.map((scope) => granular(host, grant, scope)).filter((entry) => entry !== undefined),
    user_id: user?.id,
  };
}

/** For scopes that are given Page by Page: for which. */
function granular(
  host: PlatformHost,
  grant: Grant,
  scope: string,
): { scope: string; target_ids: string[] } | undefined {
  const reachable = reachablePages(host, grant);
  if (scope === 'pages_manage_posts') {
    return { scope, target_ids: reachable.filter((page) => mayPostOn(grant, page)).map(({ id }) => id) };
  }
  if (scope.startsWith('pages_')) return { scope, target_ids: reachable.map(({ id }) => id) };
  if (scope.startsWith('instagram_')) {
    return { scope, target_ids: reachable.flatMap((page) => instagramOf(page)?.id ?? []) };
  }
  if (scope === 'business_management') {
    return { scope, target_ids: reachable.some((page) => portfolioPages.includes(page)) ? [business.id] : [] };
  }
  return undefined;
}

function seconds(instant: Date): number {
  return Math.floor(instant.getTime() / MILLISECONDS_PER_SECOND);
}
