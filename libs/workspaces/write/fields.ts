import { registerDecorator } from 'class-validator';

/** A field check of our own under class-validator's rules: a name, a sentence, and what is taken. */
const check =
  (name: string, message: string, takes: (value: unknown) => boolean): PropertyDecorator =>
  (target, propertyName) =>
    registerDecorator({
      name,
      target: target.constructor,
      propertyName: propertyName as string,
      options: { message: `$property ${message}` },
      validator: { validate: takes },
    });

/** An IANA time zone. */
export const IsIanaTimeZone = (): PropertyDecorator =>
  check(
    'isTimeZone',
    'must be an IANA time zone such as Europe/Berlin',
    (value) => typeof value === 'string' && isTimeZone(value),
  );

/** Text for people: not empty once trimmed, without control characters. */
export const IsName = (): PropertyDecorator =>
  check(
    'isName',
    'must be 1 to 200 characters without control characters',
    (value) => typeof value === 'string' && isName(value),
  );

/** An ISO 8601 duration in days, P1D to P365D. */
export const IsDays = (): PropertyDecorator =>
  check(
    'isDays',
    'must be a duration in days from P1D to P365D',
    (value) => typeof value === 'string' && isDays(value),
  );

/** One to ten different durations in days. */
export const IsNoticeSteps = (): PropertyDecorator =>
  check(
    'isNoticeSteps',
    'must be one to ten different durations from P1D to P365D',
    (value) =>
      Array.isArray(value) &&
      value.length >= 1 &&
      value.length <= 10 &&
      value.every((step) => typeof step === 'string' && isDays(step)) &&
      new Set(value.map((step) => Number(String(step).slice(1, -1)))).size === value.length,
  );

/** `all`, or a list of at most 5,000 account ids. */
export const IsAccountAccess = (): PropertyDecorator =>
  check(
    'isAccountAccess',
    'must be "all" or a list of at most 5,000 account ids',
    (value) =>
      value === 'all' ||
      (Array.isArray(value) &&
        value.length <= 5_000 &&
        value.every((id) => typeof id === 'string' && /^acc_[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(id))),
  );

const isDays = (text: string): boolean => /^P[1-9]\d{0,2}D$/.test(text) && Number(text.slice(1, -1)) <= 365;

const isName = (text: string): boolean => text.trim().length > 0 && text.length <= 200 && !/\p{Cc}/u.test(text);

/** The canonical names: looking one up is much cheaper than making a format for it. */
const CANONICAL_ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'));

function isTimeZone(text: string): boolean {
  if (CANONICAL_ZONES.has(text)) return true;
  try {
    return text.length <= 100 && /^[A-Za-z]/.test(text) && Boolean(new Intl.DateTimeFormat('en', { timeZone: text }));
  } catch {
    return false;
  }
}
