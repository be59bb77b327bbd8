import { type FailureKind, kindOfStatus } from '#platform-http';
import { z } from 'zod';

/** Source: LinkedIn's pages on error handling and on access tokens. */
const DEAD_TOKEN_CODES = ['INVALID_ACCESS_TOKEN', 'REVOKED_ACCESS_TOKEN', 'EXPIRED_ACCESS_TOKEN'];
const DEAD_TOKEN_SERVICE_CODES = [65_600, 65_601, 65_602];
const FORBIDDEN = 403;
const NOT_FOUND = 404;

const apiError = z.object({ code: z.string().optional(), serviceErrorCode: z.number().optional() });
const oauthError = z.object({ error: z.literal('invalid_grant') });

/** What an error answer of the API amounts to. */
export function classifyApiError(status: number, body: unknown): FailureKind {
  const byStatus = kindOfStatus(status);
  if (byStatus !== 'other') return byStatus;
  const { code = '', serviceErrorCode = 0 } = apiError.safeParse(body).data ?? {};
  if (DEAD_TOKEN_CODES.includes(code) || DEAD_TOKEN_SERVICE_CODES.includes(serviceErrorCode)) return 'rejected';
  if (status === FORBIDDEN) return 'missing-permission';
  return status === NOT_FOUND ? 'access-lost' : 'other';
}

/** What an error answer of the token and revocation endpoints amounts to. */
export function classifyOAuthError(status: number, body: unknown): FailureKind {
  const byStatus = kindOfStatus(status);
  if (byStatus !== 'other') return byStatus;
  return oauthError.safeParse(body).success ? 'rejected' : 'other';
}
