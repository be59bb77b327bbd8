import { expect, it } from '@jest/globals';
import type { ReadModelCopy, StoredRow } from '#kernel';
import { byCodePoint, row, type ReadStoreCase } from './read-store-case.js';

export function describeCopies(begin: () => Promise<ReadStoreCase>): void {
  const scanned = async (rows: ReadStoreCase, copy: ReadModelCopy): Promise<readonly StoredRow[]> => {
    const found: StoredRow[] = [];
    for await (const one of rows.store.scan(copy)) found.push(one);
    return found;
  };
  const putInto = (rows: ReadStoreCase, copy: ReadModelCopy, ...puts: StoredRow[]): Promise<'saved' | 'fenced'> =>
    rows.store.save(copy, rows.lease, {
      puts,
      deletes: [],
      counts: new Map([['all', puts.length]]),
      checkpoint: { position: '1', anchor: null },
    });

  it('prepares a copy again and again without touching it', async () => {
    const rows = await begin();
    await rows.save({ puts: [row('k1')], checkpoint: { position: '1', anchor: null } });
    await Promise.all([rows.store.prepare(rows.shape, rows.copy), rows.another.prepare(rows.shape, rows.copy)]);
    expect(await rows.load('k1')).toEqual(row('k1'));
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '1', anchor: null });
  });

  it('refuses another shape than the copy was made with', async () => {
    const rows = await begin();
    const { shape, copy, store } = rows;
    const otherFields = { ...shape, fields: { ...shape.fields, added: 'text' as const } };
    const otherIndexes = { ...shape, indexes: { ...shape.indexes, added: ['name', 'size'] } };
    for (const other of [otherFields, otherIndexes, { ...shape, terms: ['words'] }, { ...shape, version: 2 }]) {
      await expect(store.prepare(other, copy)).rejects.toThrow(RangeError);
    }
    const newVersion = { ...copy, version: 2 };
    await store.prepare({ ...otherFields, version: 2 }, newVersion);
    await putInto(rows, newVersion, { ...row('k1'), fields: { added: 'x' } });
    expect((await store.load(newVersion, ['k1'])).get('k1')?.fields['added']).toBe('x');
  });

  it('keeps versions, generations and partitions apart', async () => {
    const rows = await begin();
    const copies = [
      await rows.prepareCopy({ partition: 1 }),
      await rows.prepareCopy({ generation: 1 }),
      await rows.prepareCopy({ version: 2 }),
      await rows.prepareCopy({ partition: 11 }),
    ];
    for (const [index, copy] of copies.entries()) {
      await putInto(
        rows,
        copy,
        row('same', { fields: { size: index }, words: ['w'], dueAt: '2030-01-01T00:00:00.000Z' }),
      );
    }
    expect(await rows.load('same')).toBeUndefined();
    expect(await rows.store.checkpoint(rows.copy)).toBeNull();
    expect(await rows.store.due(rows.copy, '2031-01-01T00:00:00.000Z', 1)).toEqual([]);
    for (const [index, copy] of copies.entries()) {
      expect((await scanned(rows, copy)).map(({ fields }) => fields['size'])).toEqual([index]);
    }
  });

  it('scans every row in the order of keys', async () => {
    const rows = await begin();
    const keys = [
      'b',
      'a',
      'Z',
      'é',
      '\uFFFD',
      '\u{1F600}',
      ...Array.from({ length: 1_100 }, (_, index) => `k${index}`),
    ];
    const puts = keys.map((key) => row(key, { fields: { name: key } }));
    expect(await scanned(rows, rows.copy)).toEqual([]);
    await rows.save({ puts });
    expect(await scanned(rows, rows.copy)).toEqual(puts.sort((a, b) => byCodePoint(a.key, b.key)));
  });

  it('lets others write while a scan is under way, and ends it early', async () => {
    const rows = await begin();
    await rows.save({ puts: Array.from({ length: 1_100 }, (_, index) => row(`k${index}`)) });
    const seen = new Set<string>();
    for await (const { key } of rows.store.scan(rows.copy)) {
      if (seen.size === 0) await rows.save({ deletes: ['k1099'], puts: [row('z')] });
      seen.add(key);
      if (seen.size === 700) break;
    }
    expect(seen.size).toBe(700);
    await rows.save({ puts: [row('after')] });
  });

  it('drops a copy with everything in it, and no other', async () => {
    const rows = await begin();
    const other = await rows.prepareCopy({ generation: 1 });
    const due = { words: ['w'], dueAt: '2030-01-01T00:00:00.000Z', fields: { name: 'n' } };
    const many = Array.from({ length: 1_200 }, (_, index) => row(`k${index}`, due));
    await putInto(rows, rows.copy, ...many);
    await putInto(rows, other, row('k1', due));
    await rows.store.drop(rows.copy);
    expect(await rows.store.checkpoint(rows.copy)).toBeNull();
    expect((await scanned(rows, other)).map(({ key }) => key)).toEqual(['k1']);

    await rows.store.prepare(rows.shape, rows.copy);
    expect(await scanned(rows, rows.copy)).toEqual([]);
    expect(await rows.store.countsByPrefix(rows.copy, '')).toEqual(new Map());
    expect(await rows.store.due(rows.copy, '2031-01-01T00:00:00.000Z', 1)).toEqual([]);
    const byTerm = { field: 'words', scope: 'ws_1', prefix: '', limit: 10 };
    expect(await rows.store.findKeysByTerm(rows.copy, byTerm)).toEqual([]);
    await putInto(rows, rows.copy, row('k2'));
    expect((await scanned(rows, rows.copy)).map(({ key }) => key)).toEqual(['k2']);
  });

  it('drops several copies at once', async () => {
    const rows = await begin();
    const copies = [await rows.prepareCopy({ partition: 1 }), await rows.prepareCopy({ partition: 2 }), rows.copy];
    const many = Array.from({ length: 600 }, (_, index) => row(`k${index}`, { words: ['w'] }));
    for (const copy of copies) await putInto(rows, copy, ...many);
    await Promise.all(copies.map((copy) => rows.store.drop(copy)));
    for (const copy of copies) {
      expect(await rows.store.checkpoint(copy)).toBeNull();
      await rows.store.prepare(rows.shape, copy);
      expect(await scanned(rows, copy)).toEqual([]);
    }
  });

  it('drops what is not there in silence', async () => {
    const rows = await begin();
    const never = { ...rows.copy, version: 99 };
    await rows.store.drop(never);
    await rows.store.drop(rows.copy);
    await rows.store.drop(rows.copy);
    expect(await rows.store.checkpoint(never)).toBeNull();
  });
}
