import { PlatformFailure, type PlatformFailureCode } from '#social-accounts';

export type FailureKind = PlatformFailure['kind'];

const CODE_OF_KIND: Readonly<Record<FailureKind, PlatformFailureCode>> = {
  transient: 'platform-unavailable',
  'rate-limited': 'platform-unavailable',
  'missing-permission': 'missing-permissions',
  rejected: 'platform-error',
  'access-lost': 'platform-error',
  other: 'platform-error',
};

const SENTENCE_OF_KIND: Readonly<Record<FailureKind, string>> = {
  transient: 'did not answer as it should; try again later.',
  'rate-limited': 'asks to wait before the next call.',
  'missing-permission': 'refused this for want of a permission.',
  rejected: 'no longer accepts this authorisation.',
  'access-lost': 'does not give this authorisation access to that account.',
  other: 'gave an answer that cannot be used.',
};

/** A failure in our own words: nothing that a platform wrote can reach a log or an answer through it. */
export function platformFailure(
  platformName: string,
  kind: FailureKind,
  retryAfterSeconds: number | null = null,
): PlatformFailure {
  return new PlatformFailure(CODE_OF_KIND[kind], `${platformName} ${SENTENCE_OF_KIND[kind]}`, kind, retryAfterSeconds);
}

/** The person said no, at the platform. */
export function deniedFailure(platformName: string): PlatformFailure {
  return new PlatformFailure('denied', `The access was not allowed at ${platformName}.`, 'other');
}
