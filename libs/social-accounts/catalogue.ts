import type { AccountType, ConnectMethod, MethodId, PlatformId } from './platform.js';

/** A way to connect, as people choose it. */
export interface CatalogueMethod {
  readonly id: MethodId;
  readonly label: string;
  readonly kind: ConnectMethod['kind'];
}

/** What a platform offers, whether or not it is set up in this process (C1). */
export interface CataloguePlatform {
  readonly id: PlatformId;
  readonly name: string;
  readonly methods: readonly CatalogueMethod[];
  readonly accountTypes: readonly AccountType[];
  /** Types that people look for and that no platform's API can connect any more, with a sentence for them. */
  readonly unsupportedTypes: readonly { readonly type: AccountType; readonly why: string }[];
  readonly supports: {
    readonly location: boolean;
    readonly devices: boolean;
    /** Whether at least one of its methods is renewed without a person; each account says so for itself. */
    readonly automaticRenewal: boolean;
  };
}

const NOTHING_SPECIAL = { location: false, devices: false, automaticRenewal: false } as const;
const RENEWED = { ...NOTHING_SPECIAL, automaticRenewal: true } as const;

/** A platform with one method, `direct` by OAuth 2, which is most of them. */
function direct(
  id: PlatformId,
  name: string,
  accountTypes: readonly AccountType[],
  supports: CataloguePlatform['supports'],
): CataloguePlatform {
  return {
    id,
    name,
    methods: [{ id: 'direct', label: name, kind: 'oauth2' }],
    accountTypes,
    unsupportedTypes: [],
    supports,
  };
}

/** Every platform, in the order in which people are shown them. */
export const PLATFORM_CATALOGUE: readonly CataloguePlatform[] = [
  {
    ...direct('facebook', 'Facebook', ['page'], { ...NOTHING_SPECIAL, location: true }),
    unsupportedTypes: [
      {
        type: 'group',
        why: 'Facebook removed its API for groups on 22 April 2024, so a group cannot be connected any more.',
      },
      {
        type: 'profile',
        why: 'Facebook withdrew posting to personal profiles in 2018, so a profile cannot be connected any more.',
      },
    ],
  },
  {
    id: 'instagram',
    name: 'Instagram',
    methods: [
      { id: 'direct', label: 'Instagram', kind: 'oauth2' },
      { id: 'via-facebook', label: 'Instagram via Facebook', kind: 'oauth2' },
    ],
    accountTypes: ['professional'],
    unsupportedTypes: [],
    supports: { location: true, devices: true, automaticRenewal: true },
  },
  direct('threads', 'Threads', ['profile'], RENEWED),
  direct('linkedin', 'LinkedIn', ['profile', 'organization'], RENEWED),
  direct('x', 'X', ['profile'], RENEWED),
  direct('tiktok', 'TikTok', ['profile'], RENEWED),
  direct('youtube', 'YouTube', ['channel'], RENEWED),
  direct('pinterest', 'Pinterest', ['profile'], RENEWED),
  direct('google-business', 'Google Business Profile', ['location'], RENEWED),
  {
    ...direct('bluesky', 'Bluesky', ['profile'], RENEWED),
    methods: [{ id: 'app-password', label: 'Bluesky app password', kind: 'app-password' }],
  },
  {
    // Mastodon's tokens do not end by themselves, so there is nothing to renew.
    ...direct('mastodon', 'Mastodon', ['profile'], NOTHING_SPECIAL),
    methods: [{ id: 'direct', label: 'Mastodon', kind: 'instance-oauth2' }],
  },
];
