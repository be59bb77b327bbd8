import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type FieldError, Refusal } from '#kernel';

/** Visible ASCII, as the keys, correlation ids and positions that callers send must be. */
const VISIBLE_TEXT = /^[\x21-\x7e]{1,128}$/;
/** The one form of an entity tag that we hand out: the revision, in quotes. */
const REVISION_TAG = /^"(0|[1-9][0-9]{0,14})"$/;

const malformed = (path: string, message: string): Refusal => {
  const errors: FieldError[] = [{ path, code: 'malformed', message }];
  return new Refusal('validation-failed', 'A header of the request is not valid.', { errors });
};

/** A header's value, of which there may be one; Node joins several of the same name by commas. */
const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** The caller's correlation id, or a new one when there is none that could be written to a log line. */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = single(headers['x-correlation-id']);
  return given !== undefined && VISIBLE_TEXT.test(given) ? given : randomUUID();
}

export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null | Refusal {
  const given = single(headers['idempotency-key']);
  if (given === undefined) return null;
  return VISIBLE_TEXT.test(given) ? given : malformed('Idempotency-Key', 'must be 1 to 128 visible ASCII characters');
}

/** The revision that the caller saw, or null without the header. */
export function ifMatchOf(headers: IncomingHttpHeaders): number | null | Refusal {
  const given = single(headers['if-match']);
  if (given === undefined) return null;
  const revision = REVISION_TAG.exec(given)?.[1];
  return revision === undefined
    ? malformed('If-Match', 'must be one revision in quotes, such as "3"')
    : Number(revision);
}

export function readAfterOf(headers: IncomingHttpHeaders): string | null | Refusal {
  const given = single(headers['read-after']);
  if (given === undefined) return null;
  return VISIBLE_TEXT.test(given) ? given : malformed('Read-After', 'must be a position that an answer has shown');
}
