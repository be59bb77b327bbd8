export const PLATFORM_IDS = [
  'facebook',
  'instagram',
  'threads',
  'linkedin',
  'x',
  'tiktok',
  'youtube',
  'pinterest',
  'google-business',
  'bluesky',
  'mastodon',
] as const;
export type PlatformId = (typeof PLATFORM_IDS)[number];

/** A way to connect: `via-facebook` exists on Instagram only, `app-password` on Bluesky only. */
export type MethodId = 'direct' | 'via-facebook' | 'app-password';
export type MethodKind = 'oauth2' | 'app-password' | 'instance-oauth2';
export type AccountType = 'page' | 'professional' | 'profile' | 'organization' | 'channel' | 'location';

export interface PlatformMethod {
  readonly id: MethodId;
  readonly label: string;
  readonly kind: MethodKind;
}

/** What a platform offers here (C1). `mode` says whether it is real, played by the sandbox, or not set up. */
export interface Platform {
  readonly id: PlatformId;
  readonly name: string;
  readonly methods: readonly PlatformMethod[];
  readonly accountTypes: readonly AccountType[];
  readonly supports: { readonly location: boolean; readonly devices: boolean; readonly automaticRenewal: boolean };
  readonly configured: boolean;
  readonly mode: 'live' | 'sandbox' | 'off';
}
