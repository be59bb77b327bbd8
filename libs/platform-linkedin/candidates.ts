import { shownUrl } from '#platform-http';
import type { Candidate, ConnectMethod } from '#social-accounts';
import type { MemberAnswer, OrganizationAnswer } from './answers.js';
import type { OrganizationRole } from './linkedin-api.js';

export interface Presentation {
  readonly method: ConnectMethod;
  readonly grantedScopes: readonly string[];
  readonly sandbox: boolean;
}

export function profileCandidate(
  member: MemberAnswer,
  vanityName: string | null,
  { method, grantedScopes, sandbox }: Presentation,
): Candidate {
  const isComplete = method.requiredScopes('profile').every((scope) => grantedScopes.includes(scope));
  return {
    platform: 'linkedin',
    method: 'direct',
    type: 'profile',
    externalId: member.sub,
    name: member.name ?? vanityName ?? member.sub,
    handle: vanityName,
    pictureUrl: shownUrl(member.picture, sandbox),
    profileUrl: vanityName === null ? null : `https://www.linkedin.com/in/${encodeURIComponent(vanityName)}/`,
    notSelectable: isComplete ? null : 'missing-permission',
  };
}

export function organizationCandidate(
  role: OrganizationRole,
  organization: OrganizationAnswer,
  { method, grantedScopes, sandbox }: Presentation,
): Candidate {
  const handle = organization.vanityName;
  const isComplete = method.requiredScopes('organization').every((scope) => grantedScopes.includes(scope));
  const logo = organization.logoV2?.['original~']?.elements[0]?.identifiers[0]?.identifier;
  return {
    platform: 'linkedin',
    method: 'direct',
    type: 'organization',
    externalId: role.organizationId,
    name: organization.localizedName ?? handle ?? role.organizationId,
    handle,
    pictureUrl: shownUrl(logo, sandbox),
    profileUrl: `https://www.linkedin.com/company/${encodeURIComponent(handle ?? role.organizationId)}/`,
    notSelectable: !isComplete ? 'missing-permission' : role.mayPost ? null : 'not-allowed-to-post',
  };
}
