const LAST_CODE_POINT = 0x10ffff;
const BEFORE_SURROGATES = 0xd7ff;
const BEHIND_SURROGATES = 0xe000;

/** The order of UTF-8 bytes, in which MongoDB keeps texts. */
export const compareTexts = (one: string, other: string): number =>
  Buffer.compare(Buffer.from(one), Buffer.from(other));

/** The first text behind all that begin with `prefix`; null when there is none behind them. */
export function behindPrefix(prefix: string): string | null {
  const characters = [...prefix];
  for (let last = characters.pop(); last !== undefined; last = characters.pop()) {
    const point = last.codePointAt(0) ?? LAST_CODE_POINT;
    if (point === LAST_CODE_POINT) continue;
    const next = point === BEFORE_SURROGATES ? BEHIND_SURROGATES : point + 1;
    return characters.join('') + String.fromCodePoint(next);
  }
  return null;
}

/** The text that comes right behind another: what is behind `text` is at or behind this. */
export const rightBehind = (text: string): string => `${text}\u0000`;

/** The condition for a text field to begin so. */
export function beginningWith(prefix: string): { readonly $gte: string; readonly $lt?: string } {
  const end = behindPrefix(prefix);
  return end === null ? { $gte: prefix } : { $gte: prefix, $lt: end };
}
