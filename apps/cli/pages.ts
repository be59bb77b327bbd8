/** One item after the other from a list that is read page by page, each behind the last item of the one before. */
export async function* pages<Item>(read: (after: Item | null) => Promise<readonly Item[]>): AsyncGenerator<Item> {
  for (let after: Item | null = null; ;) {
    const page: readonly Item[] = await read(after);
    yield* page;
    after = page.at(-1) ?? null;
    if (after === null) return;
  }
}
