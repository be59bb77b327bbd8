import type { ConnectMethod } from '#social-accounts';

/** One's own professional account, by Instagram's own login. */
export const INSTAGRAM_DIRECT_METHOD: ConnectMethod = {
  platform: 'instagram',
  id: 'direct',
  label: 'Instagram',
  kind: 'oauth2',
  accountTypes: ['professional'],
  requiredScopes: () => ['instagram_business_basic', 'instagram_business_content_publish'],
  optionalScopes: () => [
    'instagram_business_manage_comments',
    'instagram_business_manage_insights',
    'instagram_business_manage_messages',
  ],
  completesAlone: 'always',
};

export const INSTAGRAM_METHODS: readonly ConnectMethod[] = [INSTAGRAM_DIRECT_METHOD];

export const INSTAGRAM_SCOPES: readonly string[] = [
  ...INSTAGRAM_DIRECT_METHOD.requiredScopes('professional'),
  ...INSTAGRAM_DIRECT_METHOD.optionalScopes('professional'),
];
