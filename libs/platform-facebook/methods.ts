import type { AccountType, ConnectMethod } from '#social-accounts';

/** Pages. Scopes: those a Page cannot work without, and those that only some features need. */
export const FACEBOOK_PAGE_METHOD: ConnectMethod = {
  platform: 'facebook',
  id: 'direct',
  label: 'Facebook',
  kind: 'oauth2',
  accountTypes: ['page'],
  requiredScopes: () => ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts'],
  optionalScopes: () => ['business_management', 'pages_manage_engagement', 'read_insights'],
  completesAlone: 'never',
};

/** Instagram professional accounts that are linked to Pages. */
export const INSTAGRAM_VIA_FACEBOOK_METHOD: ConnectMethod = {
  platform: 'instagram',
  id: 'via-facebook',
  label: 'Instagram via Facebook',
  kind: 'oauth2',
  accountTypes: ['professional'],
  requiredScopes: () => ['instagram_basic', 'instagram_content_publish', 'pages_show_list', 'pages_read_engagement'],
  optionalScopes: () => ['business_management', 'instagram_manage_comments', 'instagram_manage_insights'],
  completesAlone: 'never',
};

export const FACEBOOK_METHODS: readonly ConnectMethod[] = [FACEBOOK_PAGE_METHOD, INSTAGRAM_VIA_FACEBOOK_METHOD];

/**
 * What every consent asks for, whatever the attempt is for: the union of both methods' scopes. A consent replaces what the
 * person's earlier one granted, so asking for less would take the other accounts of the login away.
 */
export const FACEBOOK_SCOPES: readonly string[] = [
  ...new Set(
    FACEBOOK_METHODS.flatMap((method) =>
      method.accountTypes.flatMap((type: AccountType) => [
        ...method.requiredScopes(type),
        ...method.optionalScopes(type),
      ]),
    ),
  ),
];
