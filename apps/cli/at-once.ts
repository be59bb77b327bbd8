/** Does something with every item, a few at a time. Ends with the first failure, once nothing is under way any more. */
export async function atOnce<Item>(
  limit: number,
  items: AsyncIterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  for await (const item of items) {
    if (underWay.size >= limit) await Promise.race(underWay);
    if (failures.length > 0) break;
    const one: Promise<void> = work(item)
      .catch((error: unknown) => {
        failures.push(error);
      })
      .finally(() => underWay.delete(one));
    underWay.add(one);
  }
  await Promise.all(underWay);
  if (failures.length > 0) throw failures[0];
}
