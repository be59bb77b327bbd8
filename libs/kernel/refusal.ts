/** Every reason for which a command or a query is turned down, each stable for ever. */
export type RefusalCode =
  | 'not-found'
  | 'permission-denied'
  | 'account-removed'
  | 'account-expired'
  | 'already-decided'
  | 'different-identity'
  | 'platform-not-configured'
  | 'connection-lapsed'
  | 'candidate-not-selectable'
  | 'location-not-supported'
  | 'devices-not-supported'
  | 'schedule-invalid'
  | 'queue-full'
  | 'post-not-editable'
  | 'link-disabled'
  | 'link-expired'
  | 'link-used-up'
  | 'link-locked'
  | 'wrong-password'
  | 'last-owner'
  | 'revision-conflict'
  | 'idempotency-key-reused'
  | 'validation-failed'
  | 'read-behind'
  | 'rate-limited'
  | 'different-browser'
  | 'state-invalid'
  | 'request-in-progress'
  | 'unauthenticated'
  | 'malformed-body'
  | 'body-too-large'
  | 'unsupported-media-type'
  | 'account-type-not-supported'
  | 'renewal-not-supported'
  | 'unavailable'
  | 'internal-error';

/** One fault of one field, for `validation-failed`. */
export interface FieldError {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** An expected "no", as a value: what was asked changes nothing. */
export class Refusal {
  constructor(
    readonly code: RefusalCode,
    /** A sentence for people, without personal data or secrets. */
    readonly detail: string,
    readonly more: {
      readonly errors?: readonly FieldError[];
      readonly retryAfterSeconds?: number;
      /** The If-Match header did not hold: 412 instead of 409. */
      readonly precondition?: boolean;
    } = {},
  ) {}
}

export function isRefusal(value: unknown): value is Refusal {
  return value instanceof Refusal;
}

export const notFound = (what: string): Refusal => new Refusal('not-found', `There is no such ${what} here.`);

export const erased = (): Refusal => new Refusal('not-found', 'What this is about has been erased.');

/** Thrown where something is asked of a subject whose key is destroyed, in the middle of work that an erasure overtook. */
export class SubjectErased extends Error {
  override readonly name = 'SubjectErased';
}
