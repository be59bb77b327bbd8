/** Two lists in the same order, item by item: what both have, and what only one has. */
export async function* sideBySide<Item>(
  source: AsyncIterator<Item>,
  target: AsyncIterator<Item>,
  compare: (a: Item, b: Item) => number,
): AsyncGenerator<readonly [source: Item | null, target: Item | null]> {
  let [one, other] = [await source.next(), await target.next()];
  while (one.done !== true || other.done !== true) {
    const order = one.done === true ? 1 : other.done === true ? -1 : compare(one.value, other.value);
    yield [order <= 0 ? (one.value as Item) : null, order >= 0 ? (other.value as Item) : null];
    if (order <= 0) one = await source.next();
    if (order >= 0) other = await target.next();
  }
}

/** By code point, which is the order of the bytes of UTF-8: the order of every store. */
export const byCodePoint = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
