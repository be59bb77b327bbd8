import type { Secret } from '#kernel';
import { PlatformFailure, PlatformLogin, type Authorization, type ConnectMethod } from '#social-accounts';

const PAGES: ConnectMethod = {
  platform: 'facebook',
  id: 'direct',
  label: 'Pages',
  kind: 'oauth2',
  accountTypes: ['page'],
  requiredScopes: () => ['post'],
  optionalScopes: () => ['insights'],
  completesAlone: 'never',
};

const noCall = (): never => {
  throw new Error('This platform is not called here.');
};

/** A login without HTTP: what consents hold is made up by the simulation, and what is revoked is remembered. */
export class FakeLogin extends PlatformLogin {
  override readonly id = 'facebook';
  override readonly mode = 'sandbox';
  override readonly methods = [PAGES];
  override readonly revocation = 'this-token';
  override readonly manageUrl = 'https://facebook.example/apps';
  readonly revoked: string[] = [];

  override readonly authorizationUrl = noCall;
  override readonly authorize = noCall;

  override checkAccess(): Promise<'unknown'> {
    return Promise.resolve('unknown');
  }

  override renew(): Promise<PlatformFailure> {
    return Promise.resolve(new PlatformFailure('platform-unavailable', 'It is not there.'));
  }

  override revoke(secrets: Secret): Promise<'revoked'> {
    secrets.use((text) => this.revoked.push(text));
    return Promise.resolve('revoked');
  }
}

/** What a consent of a person that reaches these pages amounts to. */
export function authorizationOf(person: string, pages: readonly string[], secrets: Secret, at: Date): Authorization {
  const expiresAt = new Date(at.getTime() + 60 * 86_400_000).toISOString();
  const unknown = { accessExpiresAt: null, refreshExpiresAt: null, dataAccessExpiresAt: null, earliestRenewalAt: null };
  const profile = { handle: null, pictureUrl: null, profileUrl: null };
  return {
    subject: person,
    secrets,
    grantedScopes: ['post', 'insights'],
    lifetime: { issuedAt: at.toISOString(), expiresAt, ...unknown, renewal: 'reconnect' },
    candidates: pages.map((externalId) => ({
      ...{ platform: 'facebook', method: 'direct', type: 'page', externalId, name: `Page ${externalId}` },
      ...profile,
      notSelectable: null,
    })),
    listingComplete: true,
  };
}
