import type { FieldError, Refusal, RefusalCode } from '#kernel';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** A refusal as it is sent (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: RefusalCode;
  readonly correlationId: string;
  readonly errors?: readonly FieldError[];
}

/** The one table from refusal codes to HTTP. Codes, statuses and titles are stable for ever. */
export const PROBLEMS: Readonly<Record<RefusalCode, { readonly status: number; readonly title: string }>> = {
  'not-found': { status: 404, title: 'Not found' },
  'permission-denied': { status: 403, title: 'Permission denied' },
  'account-removed': { status: 410, title: 'The account was removed' },
  'account-expired': { status: 409, title: 'The account must be reconnected first' },
  'already-decided': { status: 409, title: 'Already decided' },
  'different-identity': { status: 409, title: 'Somebody else answered' },
  'platform-not-configured': { status: 409, title: 'The platform is not configured' },
  'connection-lapsed': { status: 410, title: 'The connection attempt has lapsed' },
  'candidate-not-selectable': { status: 409, title: 'The candidate cannot be selected' },
  'location-not-supported': { status: 422, title: 'Locations are not supported here' },
  'devices-not-supported': { status: 422, title: 'Devices are not supported here' },
  'schedule-invalid': { status: 422, title: 'The schedule is not valid' },
  'queue-full': { status: 409, title: 'The queue is full' },
  'post-not-editable': { status: 409, title: 'The post can no longer be changed' },
  'link-disabled': { status: 410, title: 'The link is disabled' },
  'link-expired': { status: 410, title: 'The link has expired' },
  'link-used-up': { status: 410, title: 'The link is used up' },
  'link-locked': { status: 429, title: 'The link is locked for a while' },
  'wrong-password': { status: 403, title: 'Wrong password' },
  'last-owner': { status: 409, title: 'A workspace needs an owner' },
  'revision-conflict': { status: 409, title: 'Somebody else was faster' },
  'idempotency-key-reused': { status: 422, title: 'The idempotency key was used for something else' },
  'validation-failed': { status: 400, title: 'The request is not valid' },
  'read-behind': { status: 503, title: 'Not yet readable' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'different-browser': { status: 403, title: 'Another browser began this' },
  'state-invalid': { status: 400, title: 'The state is not valid' },
  'request-in-progress': { status: 409, title: 'The same request is in progress' },
  unauthenticated: { status: 401, title: 'Not authenticated' },
  'malformed-body': { status: 400, title: 'The body is not JSON' },
  'body-too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The media type is not supported' },
  'account-type-not-supported': { status: 422, title: 'The account type is not supported' },
  'renewal-not-supported': { status: 409, title: 'Renewal is not supported' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  'internal-error': { status: 500, title: 'Internal error' },
};

/** RFC 9110: the caller's own precondition, If-Match, did not hold. */
const PRECONDITION_FAILED = 412;

/** Told where a refusal says nothing itself, so that 429 and 503 always carry `Retry-After`. */
const RETRY_AFTER_DEFAULT_SECONDS = 1;
const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 503]);

/** The statuses that a code can be answered with. */
export function statusesOf(code: RefusalCode): readonly number[] {
  return code === 'revision-conflict' ? [PROBLEMS[code].status, PRECONDITION_FAILED] : [PROBLEMS[code].status];
}

export function statusOf(refusal: Refusal): number {
  const precondition = refusal.code === 'revision-conflict' && refusal.more.precondition === true;
  return precondition ? PRECONDITION_FAILED : PROBLEMS[refusal.code].status;
}

/** Said of everything that is not found, so that the answer tells nothing about why (T20). */
const NOT_FOUND_DETAIL = 'There is no such thing here.';

export function problemOf(refusal: Refusal, correlationId: string): Problem {
  return {
    type: `urn:social-accounts:problem:${refusal.code}`,
    title: PROBLEMS[refusal.code].title,
    status: statusOf(refusal),
    detail: refusal.code === 'not-found' ? NOT_FOUND_DETAIL : refusal.detail,
    code: refusal.code,
    correlationId,
    ...(refusal.more.errors === undefined ? {} : { errors: refusal.more.errors }),
  };
}

/** The headers that belong to a refusal, by lower-case name. */
export function problemHeaders(refusal: Refusal): Record<string, string> {
  const status = statusOf(refusal);
  const headers: Record<string, string> = { 'content-type': PROBLEM_MEDIA_TYPE };
  if (status === PROBLEMS.unauthenticated.status) headers['www-authenticate'] = 'Bearer';
  const seconds = refusal.more.retryAfterSeconds ?? (RETRIED_STATUSES.has(status) ? RETRY_AFTER_DEFAULT_SECONDS : null);
  if (seconds !== null) headers['retry-after'] = String(seconds);
  return headers;
}
