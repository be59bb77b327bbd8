import { z } from 'zod';

/** Platforms hand out names of any length and content; more of one helps nobody. */
export const NAME_LIMIT_CHARACTERS = 200;
export const URL_LIMIT_CHARACTERS = 2_048;
export const TOKEN_LIMIT_CHARACTERS = 4_096;
const HANDLE_LIMIT_CHARACTERS = 100;
const ID_LIMIT_CHARACTERS = 128;
const SCOPE_LIMIT_CHARACTERS = 100;
const SCOPES_LIMIT = 100;
/** A hundred years: what is longer is no lifetime that anybody meant. */
const LIFETIME_LIMIT_SECONDS = 3_155_760_000;
/** The end of the year 9999, the last that ISO 8601 writes with four digits. */
const UNIX_TIME_LIMIT_SECONDS = 253_402_300_799;

/** A platform's own id of something. Ids are part of paths, so only what needs no escape is one. */
export const externalId = z
  .string()
  .max(ID_LIMIT_CHARACTERS)
  .regex(/^[A-Za-z0-9_-]+$/);

/** A token: visible ASCII alone, because it stands in headers, and a header's error would quote it. */
export const tokenText = z
  .string()
  .max(TOKEN_LIMIT_CHARACTERS)
  .regex(/^[\x21-\x7e]+$/);

/** A duration in whole seconds, as `expires_in` gives it. */
export const lifetimeSeconds = z.number().min(0).max(LIFETIME_LIMIT_SECONDS).transform(Math.floor);

/** An instant in Unix seconds; platforms write "never" as 0, which is null here. */
export const unixSeconds = z
  .number()
  .min(0)
  .max(UNIX_TIME_LIMIT_SECONDS)
  .transform((seconds) => (seconds === 0 ? null : Math.floor(seconds)));

/** A name for people: without control characters, without surrounding space, cut by whole characters; null when nothing is left. */
export const displayName = z
  .string()
  .nullish()
  .transform((text) => cleanName(text ?? ''));

function cleanName(text: string): string | null {
  const clean = text.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ').trim();
  return [...clean.slice(0, NAME_LIMIT_CHARACTERS * 2)].slice(0, NAME_LIMIT_CHARACTERS).join('').trim() || null;
}

/** A name that stands in addresses, such as a user name; null for one with anything in it that cannot stand there. */
export const handleText = z
  .string()
  .nullish()
  .transform((text) =>
    typeof text === 'string' && text.length <= HANDLE_LIMIT_CHARACTERS && /^[^\s/?#\p{C}]+$/u.test(text) ? text : null,
  );

/** Scopes as platforms give them: a list, or a text separated by spaces or commas. Sorted, each once. */
export const scopeList = z
  .union([z.string().max(SCOPES_LIMIT * SCOPE_LIMIT_CHARACTERS), z.array(z.string().max(SCOPE_LIMIT_CHARACTERS))])
  .transform((scopes) => (typeof scopes === 'string' ? scopes.split(/[\s,]+/) : scopes))
  .transform((scopes) => [...new Set(scopes.filter((scope) => /^[\x21-\x7e]+$/.test(scope)))].sort())
  .refine((scopes) => scopes.length <= SCOPES_LIMIT);

/** Whether this is an `http` URL of a loopback host: the sandbox's, where no TLS is needed. */
export function isLoopbackHttp(url: URL): boolean {
  return url.protocol === 'http:' && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
}

/**
 * A URL that may be shown to people or put into a page: https, or the sandbox's http on a loopback host when `sandbox` says so.
 * Anything else is null: a picture is not worth failing for.
 */
export function shownUrl(text: unknown, sandbox: boolean): string | null {
  if (typeof text !== 'string' || text.length > URL_LIMIT_CHARACTERS || !URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return null;
  const allowed = url.protocol === 'https:' || (sandbox && isLoopbackHttp(url));
  return allowed && url.href.length <= URL_LIMIT_CHARACTERS ? url.href : null;
}
