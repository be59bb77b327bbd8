import { displayName, externalId, handleText, lifetimeSeconds, scopeList, tokenText } from '#platform-http';
import { z } from 'zod';

const ACCOUNT_TYPE_LIMIT_CHARACTERS = 100;

/**
 * The token that a code gives, for an hour. Its `user_id` is left alone: it is the id that this app alone knows the account by,
 * and as a number it is too great to be read exactly.
 */
export const shortTokenAnswer = z.object({ access_token: tokenText, permissions: scopeList.optional() });

/** A token for weeks, by `ig_exchange_token` and by `ig_refresh_token`. */
export const longTokenAnswer = z.object({ access_token: tokenText, expires_in: lifetimeSeconds });
export type LongToken = z.output<typeof longTokenAnswer>;

const profile = z.object({
  /** The professional account's id. `id` is another, known to this app alone. */
  user_id: externalId,
  username: handleText,
  name: displayName,
  account_type: z.string().max(ACCOUNT_TYPE_LIMIT_CHARACTERS).nullish(),
  profile_picture_url: z.unknown().optional(),
});

/** `GET /me`, which some versions wrap in a list of one. */
export const profileAnswer = z.union([
  profile,
  z.object({ data: z.tuple([profile]) }).transform(({ data: [only] }) => only),
]);
export type Profile = z.output<typeof profileAnswer>;

/** A code's token answer as the standard has it: some forms of it are wrapped in a list of one. */
export function unwrapTokenAnswer(body: unknown): unknown {
  const wrapped = z.object({ data: z.tuple([z.record(z.string(), z.unknown())]) }).safeParse(body);
  return wrapped.success ? wrapped.data.data[0] : body;
}
