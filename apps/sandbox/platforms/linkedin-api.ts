import { randomInt } from 'node:crypto';
import type { FoundSecret } from '../grants.js';
import { bearerToken, type Call, type IdentityId, type PlatformHost, type Reply, type Thing } from '../platform.js';
import { pictureUrl } from '../world.js';

const DEFAULT_COUNT = 10;
const MAX_COUNT = 100;
const MAX_SHARE_NUMBER = 2 ** 47;
const ADMIN_SCOPES = ['rw_organization_admin', 'r_organization_admin'];

export interface LinkedinThings {
  readonly members: Readonly<Record<IdentityId, Thing>>;
  readonly organizations: readonly Thing[];
}

interface Asking {
  readonly host: PlatformHost;
  readonly call: Call;
  readonly found: FoundSecret;
  readonly things: LinkedinThings;
}

/** The resources of api.linkedin.com, under `/v2` and, with a version header, under `/rest`. */
export function linkedinApi(host: PlatformHost, base: string, things: LinkedinThings): void {
  const member =
    (handler: (asking: Asking) => Reply) =>
    (call: Call): Reply => {
      const found = readToken(host, call);
      if ('status' in found) return found;
      return handler({ host, call, found, things });
    };
  const versioned =
    (handler: (call: Call) => Reply) =>
    (call: Call): Reply =>
      /^\d{6}$/.test(String(call.headers['linkedin-version'] ?? ''))
        ? handler(call)
        : apiError(
            400,
            0,
            'VERSION_MISSING',
            'A version must be present. Please specify a version by adding the LinkedIn-Version header.',
          );
  host.route('GET', `${base}/v2/userinfo`, 'profile', member(userinfo));
  host.route('GET', `${base}/v2/me`, 'profile', member(me));
  host.route('GET', `${base}/v2/organizationAcls`, 'profile', member(organizationAcls));
  host.route('GET', `${base}/rest/organizationAcls`, 'profile', versioned(member(organizationAcls)));
  host.route('GET', `${base}/v2/organizations/:id`, 'profile', member(organization));
  host.route('GET', `${base}/rest/organizations/:id`, 'profile', versioned(member(organization)));
  host.route('POST', `${base}/v2/ugcPosts`, 'publish', member(post));
  host.route('POST', `${base}/rest/posts`, 'publish', versioned(member(post)));
}

/** The shape of every error of the API, `serviceErrorCode` included. */
export function apiError(status: number, serviceErrorCode: number, code: string, message: string): Reply {
  return { status, body: { status, serviceErrorCode, code, message } };
}

function readToken(host: PlatformHost, call: Call): FoundSecret | Reply {
  const found = host.grants.find(bearerToken(call));
  if (found?.grant.platform !== 'linkedin' || found.kind !== 'access') {
    return apiError(401, 65600, 'INVALID_ACCESS_TOKEN', 'Invalid access token');
  }
  call.identify(found.grant.identity);
  if (found.standing === 'live') return found;
  return found.standing === 'revoked'
    ? apiError(401, 65601, 'REVOKED_ACCESS_TOKEN', 'The token used in the request has been revoked by the user')
    : apiError(401, 65602, 'EXPIRED_ACCESS_TOKEN', 'The token used in the request has expired');
}

function denied(call: Call): Reply {
  const resource = call.path.replace(/^\/linkedin\/api\/(v2|rest)/, '').replace(/\/\d+$/, '');
  return apiError(403, 100, 'ACCESS_DENIED', `Not enough permissions to access: ${call.method} ${resource}`);
}

function has({ found }: Asking, ...scopes: readonly string[]): boolean {
  return scopes.some((scope) => found.grant.scopes.includes(scope));
}

/** First and last name, where a renamed member may have one word only. */
function namesOf({ host, found, things }: Asking): { member: Thing; name: string; first: string; last: string } {
  const member = things.members[found.grant.identity];
  const name = host.world.name(member);
  const [first = '', ...rest] = name.split(' ');
  return { member, name, first, last: rest.join(' ') };
}

/** OpenID Connect's userinfo. */
function userinfo(asking: Asking): Reply {
  if (!has(asking, 'openid') || !has(asking, 'profile')) return denied(asking.call);
  const { member, name, first, last } = namesOf(asking);
  return {
    status: 200,
    body: {
      sub: member.id,
      name,
      given_name: first,
      family_name: last,
      picture: pictureUrl(asking.call.pictureOrigin, member),
      locale: { country: 'US', language: 'en' },
      ...(has(asking, 'email') ? { email: `${member.owner}@sandbox.example`, email_verified: true } : {}),
    },
  };
}

/** Not for the self-serve scopes: `openid profile` reach `userinfo` alone. */
function me(asking: Asking): Reply {
  if (!has(asking, 'r_basicprofile', 'r_liteprofile')) return denied(asking.call);
  const { member, first, last } = namesOf(asking);
  return {
    status: 200,
    body: {
      id: member.id,
      localizedFirstName: first,
      localizedLastName: last,
      firstName: localized(first),
      lastName: localized(last),
      ...(has(asking, 'r_basicprofile')
        ? { vanityName: `${member.owner}-sandbox`, localizedHeadline: 'In the sandbox' }
        : {}),
    },
  };
}

function localized(text: string): Record<string, unknown> {
  return { localized: { en_US: text }, preferredLocale: { country: 'US', language: 'en' } };
}

/** The organisations in which the member has a role; filtered by `role` and `state` when asked. */
function organizationAcls(asking: Asking): Reply {
  const { call, found, things } = asking;
  if (!has(asking, ...ADMIN_SCOPES)) return denied(call);
  if (call.query.get('q') !== 'roleAssignee') {
    return apiError(400, 0, 'ILLEGAL_ARGUMENT', 'The finder must be roleAssignee');
  }
  const start = whole(call.query.get('start'), 0);
  const count = Math.min(whole(call.query.get('count'), DEFAULT_COUNT), MAX_COUNT);
  const fits = (name: string, value: string): boolean => [value, null, ''].includes(call.query.get(name));
  const all = fits('role', 'ADMINISTRATOR') && fits('state', 'APPROVED') ? administered(asking) : [];
  const elements = all.slice(start, start + count).map((one) => ({
    roleAssignee: `urn:li:person:${things.members[found.grant.identity].id}`,
    role: 'ADMINISTRATOR',
    state: 'APPROVED',
    organization: `urn:li:organization:${one.id}`,
    ...(call.query.get('projection')?.includes('organization~') ? { 'organization~': describe(asking, one) } : {}),
  }));
  return { status: 200, body: { paging: { start, count, links: [], total: all.length }, elements } };
}

function administered({ host, found, things }: Asking): Thing[] {
  return things.organizations.filter((one) => one.owner === found.grant.identity && !host.world.isDropped(one));
}

function organization(asking: Asking): Reply {
  const { call } = asking;
  if (!has(asking, ...ADMIN_SCOPES)) return denied(call);
  const found = administered(asking).find(({ id }) => id === call.params['id']);
  return found === undefined ? denied(call) : { status: 200, body: describe(asking, found) };
}

function describe({ host, call }: Asking, one: Thing): Record<string, unknown> {
  const name = host.world.name(one);
  const logo = `urn:li:digitalmediaAsset:SBX${one.id}`;
  return {
    id: Number(one.id),
    localizedName: name,
    name: localized(name),
    vanityName: one.name.toLowerCase().replace(/ /g, '-'),
    logoV2: {
      original: logo,
      cropped: logo,
      // The decoration that clients ask for by a projection, given unasked.
      'original~': {
        elements: [
          { identifiers: [{ identifier: pictureUrl(call.pictureOrigin, one), identifierType: 'EXTERNAL_URL' }] },
        ],
      },
    },
  };
}

/** A share of the member or of an organisation; which scope it needs depends on the author. */
function post(asking: Asking): Reply {
  const { call, found, things } = asking;
  const author = call.input('author');
  const organizationId = /^urn:li:organization:(\d+)$/.exec(author)?.[1];
  const isOwn = author === `urn:li:person:${things.members[found.grant.identity].id}`;
  const isAdministered = administered(asking).some(({ id }) => id === organizationId);
  const allowed = (isOwn && has(asking, 'w_member_social')) || (isAdministered && has(asking, 'w_organization_social'));
  if (!allowed) return denied(call);
  const urn = `urn:li:share:7${String(randomInt(MAX_SHARE_NUMBER))}`;
  return { status: 201, headers: { 'x-restli-id': urn }, body: call.path.endsWith('/ugcPosts') ? { id: urn } : '' };
}

function whole(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : otherwise;
}
