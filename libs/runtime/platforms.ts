import { Secret, type Clock } from '#kernel';
import { FACEBOOK_LIVE_BASES, FacebookLogin, facebookSandboxBases } from '#platform-facebook';
import { INSTAGRAM_LIVE_BASES, InstagramLogin, instagramSandboxBases } from '#platform-instagram';
import { LINKEDIN_LIVE_BASES, LinkedInLogin, linkedinSandboxBases, type LinkedInAccountType } from '#platform-linkedin';
import { ConfiguredLogins, type PlatformLogin, type PlatformLogins } from '#social-accounts';
import type { Configuration } from './configuration.js';

/** Where the sandbox is for this process, and where it is for browsers: consent happens there. */
interface SandboxAddress {
  readonly url: string;
  readonly publicUrl: string;
}

interface Credentials {
  readonly mode: 'live' | 'sandbox';
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly clock: Clock;
}

/** The logins that are set up: live where a client is configured, else the sandbox's where it is on. */
export function createLogins(
  configuration: Configuration,
  clock: Clock,
  sandbox: SandboxAddress | null,
): PlatformLogins {
  const login = (
    name: 'facebook' | 'instagram' | 'linkedin',
    id: string | undefined,
    secret: string | undefined,
    create: (credentials: Credentials) => PlatformLogin,
  ): readonly PlatformLogin[] => {
    if (id && secret) return [create({ mode: 'live', clientId: id, clientSecret: new Secret(secret), clock })];
    if (sandbox === null) return [];
    const clientSecret = new Secret(`sbx_client-secret-${name}`);
    return [create({ mode: 'sandbox', clientId: `sandbox-${name}`, clientSecret, clock })];
  };
  const { url, publicUrl } = sandbox ?? { url: '', publicUrl: '' };
  const { FACEBOOK_CLIENT_ID, FACEBOOK_CLIENT_SECRET, INSTAGRAM_CLIENT_ID, INSTAGRAM_CLIENT_SECRET } = configuration;
  const { LINKEDIN_CLIENT_ID, LINKEDIN_CLIENT_SECRET } = configuration;
  return new ConfiguredLogins([
    ...login('facebook', FACEBOOK_CLIENT_ID, FACEBOOK_CLIENT_SECRET, (credentials) => {
      const bases =
        credentials.mode === 'live'
          ? FACEBOOK_LIVE_BASES
          : { ...facebookSandboxBases(url), www: facebookSandboxBases(publicUrl).www };
      return new FacebookLogin({ ...credentials, bases });
    }),
    ...login('instagram', INSTAGRAM_CLIENT_ID, INSTAGRAM_CLIENT_SECRET, (credentials) => {
      const bases =
        credentials.mode === 'live'
          ? INSTAGRAM_LIVE_BASES
          : { ...instagramSandboxBases(url), www: instagramSandboxBases(publicUrl).www };
      return new InstagramLogin({ ...credentials, bases });
    }),
    ...login('linkedin', LINKEDIN_CLIENT_ID, LINKEDIN_CLIENT_SECRET, (credentials) => {
      const bases =
        credentials.mode === 'live'
          ? LINKEDIN_LIVE_BASES
          : { ...linkedinSandboxBases(url), www: linkedinSandboxBases(publicUrl).www };
      const accountTypes = configuration.LINKEDIN_ACCOUNT_TYPES.split(',') as LinkedInAccountType[];
      return new LinkedInLogin({ ...credentials, bases, accountTypes });
    }),
  ]);
}
