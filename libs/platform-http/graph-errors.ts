import { z } from 'zod';
import type { FailureKind } from './failure.js';
import { kindOfStatus } from './platform-http.js';

/**
 * The error body of Meta's Graph hosts (Facebook and Instagram).
 * Codes: https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
const graphError = z.object({
  error: z.object({
    code: z.number(),
    is_transient: z.boolean().optional().catch(undefined),
  }),
});

const INVALID_TOKEN_CODES = [102, 190];
const TRANSIENT_CODES = [1, 2];
const THROTTLED_CODES = [4, 17, 32, 613];
const BUSINESS_THROTTLED_CODES = { first: 80_000, last: 80_014 };
const PERMISSION_CODES = [3, 10];
const PERMISSION_RANGE = { first: 200, last: 299 };
/** "Invalid parameter", which is also the answer for an object that does not exist or is not for this token to see. */
const INVALID_PARAMETER_CODE = 100;
const UNKNOWN_OBJECT_CODE = 803;

/** What an error answer of a Graph host amounts to. */
export function classifyGraphError(status: number, body: unknown): FailureKind {
  const byStatus = kindOfStatus(status);
  if (byStatus !== 'other') return byStatus;
  const parsed = graphError.safeParse(body);
  if (!parsed.success) return 'other';
  const { code, is_transient: isTransient } = parsed.data.error;
  if (INVALID_TOKEN_CODES.includes(code)) return 'rejected';
  if (THROTTLED_CODES.includes(code) || isWithin(code, BUSINESS_THROTTLED_CODES)) return 'rate-limited';
  if (TRANSIENT_CODES.includes(code) || isTransient === true) return 'transient';
  if (PERMISSION_CODES.includes(code) || isWithin(code, PERMISSION_RANGE)) return 'missing-permission';
  return code === INVALID_PARAMETER_CODE || code === UNKNOWN_OBJECT_CODE ? 'access-lost' : 'other';
}

/**
 * The same at a Graph host's token endpoint, where a refusal is about the code or token that was sent, never about an account.
 */
export function classifyGraphTokenError(status: number, body: unknown): FailureKind {
  const kind = classifyGraphError(status, body);
  return kind === 'transient' || kind === 'rate-limited' ? kind : 'other';
}

function isWithin(code: number, { first, last }: { readonly first: number; readonly last: number }): boolean {
  return code >= first && code <= last;
}
