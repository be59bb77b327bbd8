import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FieldValue, RowQuery, StoredRow } from '#kernel';
import { byCodePoint, row, type ReadStoreCase } from './read-store-case.js';

const PAGING_RUNS = 40;
/** More than any history has rows. */
const PAGES_MAX = 100;

export function describeQueries(begin: () => Promise<ReadStoreCase>): void {
  const named = async (names: Readonly<Record<string, FieldValue>>): Promise<ReadStoreCase> => {
    const rows = await begin();
    await rows.save({ puts: Object.entries(names).map(([key, name]) => row(key, { fields: { name } })) });
    return rows;
  };
  const byName = { index: 'byName', equals: { workspace: 'ws_1' } };

  it('orders by value and key, null behind every value', async () => {
    const rows = await named({ k1: 'b', k2: null, k3: 'a', k4: 'b', k5: null, k6: '' });
    expect(await rows.findKeys(byName)).toEqual(['k6', 'k3', 'k1', 'k4', 'k2', 'k5']);
    expect(await rows.findKeys({ ...byName, order: 'descending' })).toEqual(['k5', 'k2', 'k4', 'k1', 'k3', 'k6']);
  });

  it('orders texts by code point', async () => {
    const rows = await named({ k1: '\u{1F600}', k2: '\uFFFD', k3: 'Z', k4: 'a', k5: 'é', k6: 'e\u0301' });
    expect(await rows.findKeys(byName)).toEqual(['k3', 'k4', 'k6', 'k5', 'k2', 'k1']);
  });

  it('orders numbers as numbers', async () => {
    const rows = await begin();
    const sizes = [10, 9, -1, 0, 0.5, 1e10, null];
    await rows.save({ puts: sizes.map((size, index) => row(`k${index}`, { fields: { size } })) });
    const bySize = { index: 'bySize', equals: { workspace: 'ws_1' } };
    expect(await rows.findKeys(bySize)).toEqual(['k2', 'k3', 'k4', 'k1', 'k0', 'k5', 'k6']);
    expect(await rows.findKeys({ ...bySize, from: 0, to: 10 })).toEqual(['k3', 'k4', 'k1', 'k0']);
  });

  it('bounds a field on both sides, inclusively, without the rows that have no value', async () => {
    const rows = await named({ k1: 'a', k2: 'b', k3: 'c', k4: 'd', k5: null });
    expect(await rows.findKeys({ ...byName, from: 'b', to: 'c' })).toEqual(['k2', 'k3']);
    expect(await rows.findKeys({ ...byName, from: 'c' })).toEqual(['k3', 'k4']);
    expect(await rows.findKeys({ ...byName, to: 'b', order: 'descending' })).toEqual(['k2', 'k1']);
    expect(await rows.findKeys({ ...byName, from: 'bb', to: 'bz' })).toEqual([]);
    expect(await rows.findKeys({ ...byName, from: null, to: null, limit: 4 })).toEqual(['k1', 'k2', 'k3', 'k4']);
    const after = { value: 'b', key: 'k2' };
    expect(await rows.findKeys({ ...byName, from: 'a', to: 'c', after })).toEqual(['k3']);
    expect(
      await rows.findKeys({ ...byName, from: 'c', order: 'descending', after: { value: null, key: 'k5' } }),
    ).toEqual(['k4', 'k3']);
  });

  it('fixes the leading fields, also to null', async () => {
    const rows = await begin();
    await rows.save({
      puts: [
        row('k1', { fields: { status: 'valid', name: 'b' } }),
        row('k2', { fields: { status: null, name: 'a' } }),
        row('k3', { fields: { status: 'valid', name: 'a' } }),
        row('k4', { fields: { workspace: 'ws_2', status: 'valid', name: 'a' } }),
        row('k5', { fields: { status: null, name: null } }),
      ],
    });
    const index = 'byStatusAndName';
    expect(await rows.findKeys({ index, equals: { workspace: 'ws_1', status: 'valid' } })).toEqual(['k3', 'k1']);
    expect(await rows.findKeys({ index, equals: { workspace: 'ws_1', status: null } })).toEqual(['k2', 'k5']);
    expect(await rows.findKeys({ index, equals: { workspace: 'ws_1', status: null, name: null } })).toEqual(['k5']);
    expect(await rows.findKeys({ index: 'byWorkspace', equals: { workspace: 'ws_2' } })).toEqual(['k4']);
  });

  it('orders by the key when all fields are fixed', async () => {
    const rows = await named({ k1: 'a', k3: 'a', k2: 'a', k4: 'b' });
    const equals = { workspace: 'ws_1', name: 'a' };
    expect(await rows.findKeys({ index: 'byName', equals })).toEqual(['k1', 'k2', 'k3']);
    const after = { value: 'not looked at', key: 'k2' };
    expect(await rows.findKeys({ index: 'byName', equals, after })).toEqual(['k3']);
    expect(await rows.findKeys({ index: 'byName', equals, after, order: 'descending' })).toEqual(['k1']);
  });

  it('has no rows in an index whose first field is null', async () => {
    const rows = await begin();
    const nameless = row('k1', { fields: { workspace: null, name: null } });
    await rows.save({ puts: [nameless, row('k2', { fields: { name: 'a' } })] });
    expect(await rows.findKeys({ index: 'everyName', equals: {} })).toEqual(['k2']);
    expect(await rows.findKeys({ index: 'everyName', equals: {}, order: 'descending' })).toEqual(['k2']);
    expect(await rows.findKeys({ index: 'everyName', equals: { name: null } })).toEqual([]);
    expect(await rows.findKeys({ index: 'byWorkspace', equals: { workspace: null } })).toEqual([]);
    expect(await rows.findKeys({ index: 'everyName', equals: {}, after: { value: null, key: '0' } })).toEqual([]);
  });

  it('goes on behind a place where no row is', async () => {
    const rows = await named({ k1: 'a', k3: 'c', k5: null });
    expect(await rows.findKeys({ ...byName, after: { value: 'b', key: 'gone' } })).toEqual(['k3', 'k5']);
    expect(await rows.findKeys({ ...byName, after: { value: null, key: 'k4' } })).toEqual(['k5']);
    const descending = { ...byName, order: 'descending' } as const;
    expect(await rows.findKeys({ ...descending, after: { value: 'b', key: 'gone' } })).toEqual(['k1']);
    expect(await rows.findKeys({ ...descending, after: { value: null, key: 'k4' } })).toEqual(['k3', 'k1']);
  });

  it('answers at most as many rows as asked for', async () => {
    const rows = await named({ k1: 'a', k2: null, k3: null });
    expect(await rows.findKeys({ ...byName, limit: 1 })).toEqual(['k1']);
    expect(await rows.findKeys({ ...byName, limit: 2 })).toEqual(['k1', 'k2']);
  });

  it('refuses a query that its index does not answer in order', async () => {
    const rows = await begin();
    const queries: readonly Pick<RowQuery, 'index' | 'equals' | 'from'>[] = [
      { index: 'nowhere', equals: {} },
      { index: 'byName', equals: {} },
      { index: 'byName', equals: { name: 'a' } },
      { index: 'byStatusAndName', equals: { workspace: 'ws_1' } },
      { index: 'byName', equals: { workspace: 'ws_1', status: 'valid' } },
      { index: 'byWorkspace', equals: { workspace: 'ws_1' }, from: 'a' },
    ];
    for (const query of queries) await expect(rows.findKeys(query)).rejects.toThrow(RangeError);
  });

  it('pages through every row that stays exactly once, in order, while others change', async () => {
    await fc.assert(
      fc.asyncProperty(pagingHistory, async (history) => pageThrough(await begin(), history)),
      { numRuns: PAGING_RUNS },
    );
  });
}

const value = fc.constantFrom<FieldValue>(null, '', 'a', 'a', 'ab', 'b', 'B', '\uFFFD', '\u{1F600}');

/** Rows that stay, and others that come, go and move between two pages. */
const pagingHistory = fc.record({
  staying: fc.array(value, { maxLength: 25 }),
  moving: fc.array(value, { maxLength: 10 }),
  changes: fc.array(fc.record({ row: fc.nat(14), value: fc.option(value, { nil: undefined }), atPage: fc.nat(8) }), {
    maxLength: 30,
  }),
  order: fc.constantFrom('ascending' as const, 'descending' as const),
  limit: fc.integer({ min: 1, max: 7 }),
});
type PagingHistory = typeof pagingHistory extends fc.Arbitrary<infer History> ? History : never;

async function pageThrough(rows: ReadStoreCase, history: PagingHistory): Promise<void> {
  const staying = history.staying.map((name, index) => row(`s${index}`, { fields: { name } }));
  const moving = history.moving.map((name, index) => row(`m${index}`, { fields: { name } }));
  await rows.save({ puts: [...staying, ...moving] });

  const seen: StoredRow[] = [];
  for (let page = 0; ; page += 1) {
    if (page > PAGES_MAX) throw new Error('Paging does not come to an end.');
    const last = seen.at(-1);
    const found = await rows.store.find(rows.copy, {
      index: 'byName',
      equals: { workspace: 'ws_1' },
      order: history.order,
      limit: history.limit,
      ...(last ? { after: { value: last.fields['name'] ?? null, key: last.key } } : {}),
    });
    expect(found.length).toBeLessThanOrEqual(history.limit);
    if (found.length === 0) break;
    seen.push(...found);
    for (const change of history.changes.filter(({ atPage }) => atPage === page)) {
      const key = `m${change.row}`;
      if (change.value === undefined) await rows.save({ deletes: [key] });
      else await rows.save({ puts: [row(key, { fields: { name: change.value } })] });
    }
  }

  const inOrder = (a: StoredRow, b: StoredRow): number => compareRows(a, b) * (history.order === 'ascending' ? 1 : -1);
  for (const [index, found] of seen.entries()) {
    const previous = seen[index - 1];
    if (previous) expect(inOrder(previous, found)).toBeLessThan(0);
  }
  expect(seen.filter(({ key }) => key.startsWith('s'))).toEqual([...staying].sort(inOrder));
}

function compareRows(a: StoredRow, b: StoredRow): number {
  const [one, other] = [a.fields['name'] ?? null, b.fields['name'] ?? null];
  if (one === other) return byCodePoint(a.key, b.key);
  if (one === null || other === null) return one === null ? 1 : -1;
  return byCodePoint(String(one), String(other));
}
