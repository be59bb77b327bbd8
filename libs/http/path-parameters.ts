import { type IdPrefix, isId } from '#kernel';

/** Opaque parts of a path, such as the identity provider's ids, are not longer than this. */
const PARAMETER_LENGTH_LIMIT = 512;
const CONTROL_CHARACTER = /\p{Cc}/u;

const ID_PREFIXES: ReadonlySet<string> = new Set<IdPrefix>([
  'ws',
  'acc',
  'grt',
  'con',
  'pst',
  'aut',
  'ecl',
  'dev',
  'whe',
]);

/** Whether parameters of this name hold an id of ours, of the kind that the name says. Others are opaque text. */
export const isIdPrefix = (name: string): name is IdPrefix => ID_PREFIXES.has(name);

/** An id that is malformed, or of another kind, is an id of nothing. */
export function areWellFormed(parameters: Readonly<Record<string, string>>): boolean {
  return Object.entries(parameters).every(([name, value]) =>
    isIdPrefix(name) ? isId(name, value) : value.length <= PARAMETER_LENGTH_LIMIT && !CONTROL_CHARACTER.test(value),
  );
}
