import type { AccountType, ConnectMethod } from '#social-accounts';

const MEMBER_SCOPES = ['openid', 'profile', 'w_member_social'];
const ORGANIZATION_SCOPES = ['w_organization_social', 'r_organization_social', 'rw_organization_admin'];

export type LinkedInAccountType = Extract<AccountType, 'profile' | 'organization'>;
export const LINKEDIN_ACCOUNT_TYPES: readonly LinkedInAccountType[] = ['profile', 'organization'];

/**
 * The member's profile and the organisations that the member administers, by one consent. LinkedIn refuses a consent that asks
 * for a scope which the app was not approved for, so an app without Community Management asks for what is self-serve alone.
 */
export function linkedinMethod(accountTypes: readonly LinkedInAccountType[]): ConnectMethod {
  const isFull = accountTypes.includes('organization');
  return {
    platform: 'linkedin',
    id: 'direct',
    label: 'LinkedIn',
    kind: 'oauth2',
    accountTypes,
    requiredScopes: (type) => (type === 'organization' ? ORGANIZATION_SCOPES : MEMBER_SCOPES),
    optionalScopes: (type) => (isFull && type === 'profile' ? ['r_basicprofile'] : []),
    completesAlone: 'when-only-one',
  };
}

export const LINKEDIN_METHODS: readonly ConnectMethod[] = [linkedinMethod(LINKEDIN_ACCOUNT_TYPES)];

/** What a consent asks for: the member's scopes always, because they tell who it is. */
export function linkedinScopes(method: ConnectMethod): readonly string[] {
  const types = new Set<AccountType>(['profile', ...method.accountTypes]);
  return [...types].flatMap((type) => [...method.requiredScopes(type), ...method.optionalScopes(type)]);
}
