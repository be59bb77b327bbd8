import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byCodePoint, row, type ReadStoreCase } from './read-store-case.js';

const PROPERTY_RUNS = 40;

/** Characters that mean something to LIKE, GLOB, regular expressions, quoting or the next code point. */
const AWKWARD = ['%', '_', '*', '?', '[', ']', '^', '$', '.', '\\', '(', '|', "'", '"', '\u0000', '\uFFFD', '\uFFFF'];
const LETTERS = ['a', 'b', 'A', 'ä', 'é', 'e\u0301', '漢', '\u{1F600}', '\u{1F601}', '\u{10FFFF}'];
const awkwardText = fc.array(fc.constantFrom(...AWKWARD, ...LETTERS), { maxLength: 3 }).map((parts) => parts.join(''));

export function describeTerms(begin: () => Promise<ReadStoreCase>): void {
  const find = (
    rows: ReadStoreCase,
    prefix: string,
    more: { readonly exact?: boolean; readonly limit?: number; readonly field?: string; readonly scope?: string } = {},
  ): Promise<readonly string[]> =>
    rows.store.findKeysByTerm(rows.copy, { field: 'words', scope: 'ws_1', prefix, limit: 100, ...more });

  it('finds keys by the beginning of a term, ordered by term and key, each once', async () => {
    const rows = await begin();
    await rows.save({
      puts: [
        row('k1', { words: ['bella', 'anna'] }),
        row('k2', { words: ['annabel', 'an'] }),
        row('k3', { words: ['anna', 'ann', 'anna'] }),
        row('k4', { words: ['joanna'] }),
      ],
    });
    expect(await find(rows, 'an')).toEqual(['k2', 'k3', 'k1']);
    expect(await find(rows, 'anna')).toEqual(['k1', 'k3', 'k2']);
    expect(await find(rows, 'anna', { exact: true })).toEqual(['k1', 'k3']);
    expect(await find(rows, 'ann', { exact: true })).toEqual(['k3']);
    expect(await find(rows, '')).toEqual(['k2', 'k3', 'k1', 'k4']);
    expect(await find(rows, '', { exact: true })).toEqual([]);
    expect(await find(rows, 'annas')).toEqual([]);
  });

  it('counts keys, not terms, against the limit', async () => {
    const rows = await begin();
    const words = Array.from({ length: 600 }, (_, index) => `a${index}`);
    await rows.save({ puts: [row('k1', { words }), row('k2', { words: ['b'] }), row('k3', { words: ['c'] })] });
    expect(await find(rows, '', { limit: 1 })).toEqual(['k1']);
    expect(await find(rows, '', { limit: 2 })).toEqual(['k1', 'k2']);
    expect(await find(rows, '', { limit: 3 })).toEqual(['k1', 'k2', 'k3']);
  });

  it('keeps scopes and fields apart', async () => {
    const rows = await begin();
    await rows.save({
      puts: [
        row('k1', { words: ['anna'], members: ['usr_1'] }),
        row('k2', { words: ['anna'], scope: 'ws_2' }),
        row('k3', { members: ['anna'] }),
      ],
    });
    expect(await find(rows, 'anna')).toEqual(['k1']);
    expect(await find(rows, 'anna', { scope: 'ws_2' })).toEqual(['k2']);
    expect(await find(rows, 'anna', { field: 'members' })).toEqual(['k3']);
    expect(await find(rows, '', { scope: 'ws' })).toEqual([]);
    await expect(find(rows, '', { field: 'nowhere' })).rejects.toThrow(RangeError);
  });

  it('forgets the terms of a row that is put again or deleted', async () => {
    const rows = await begin();
    await rows.save({ puts: [row('k1', { words: ['anna', 'bob'] }), row('k2', { words: ['anna'] })] });
    await rows.save({ puts: [row('k1', { words: ['bob', 'cleo'] })] });
    expect(await find(rows, 'anna')).toEqual(['k2']);
    expect(await find(rows, 'bob')).toEqual(['k1']);
    await rows.save({ puts: [row('k1', { words: ['bob'], scope: 'ws_2' })], deletes: ['k2'] });
    expect(await find(rows, '')).toEqual([]);
    expect(await find(rows, '', { scope: 'ws_2' })).toEqual(['k1']);
    await rows.save({ puts: [row('k1')] });
    expect(await find(rows, '', { scope: 'ws_2' })).toEqual([]);
  });

  it('finds by any prefix what begins with it, whatever characters it has', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(awkwardText, { maxLength: 4 }), { minLength: 1, maxLength: 8 }),
      fc.array(awkwardText, { minLength: 1, maxLength: 6 }),
      async (wordsOfRows, prefixes) => {
        const rows = await begin();
        const all = wordsOfRows.flatMap((words, index) => words.map((term) => ({ term, key: `k${index}` })));
        all.sort((a, b) => byCodePoint(a.term, b.term) || byCodePoint(a.key, b.key));
        await rows.save({ puts: wordsOfRows.map((words, index) => row(`k${index}`, { words })) });
        for (const prefix of prefixes) {
          const expected = all.filter(({ term }) => term.startsWith(prefix)).map(({ key }) => key);
          expect(await find(rows, prefix)).toEqual([...new Set(expected)]);
          const exactly = all.filter(({ term }) => term === prefix).map(({ key }) => key);
          expect(await find(rows, prefix, { exact: true })).toEqual([...new Set(exactly)]);
        }
      },
    );
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
}

export function describeCounters(begin: () => Promise<ReadStoreCase>): void {
  it('adds, and answers 0 for what was never touched', async () => {
    const rows = await begin();
    await rows.save({ counts: { 'ws_1|all': 3, 'ws_1|valid': 2 } });
    await rows.save({ counts: { 'ws_1|all': -1, 'ws_1|expired': 1 } });
    const names = ['ws_1|all', 'ws_1|valid', 'ws_1|expired', 'ws_1|none'];
    expect(await rows.store.counts(rows.copy, names)).toEqual(
      new Map([
        ['ws_1|all', 2],
        ['ws_1|valid', 2],
        ['ws_1|expired', 1],
        ['ws_1|none', 0],
      ]),
    );
    expect(await rows.store.counts(rows.copy, [])).toEqual(new Map());
  });

  it('leaves counters that came to 0 out of the answer by prefix', async () => {
    const rows = await begin();
    await rows.save({ counts: { 'ws_1|a': 2, 'ws_1|b': 1, 'ws_2|a': 5, 'ws_1|c': 0 } });
    await rows.save({ counts: { 'ws_1|a': -2 } });
    expect(await rows.store.countsByPrefix(rows.copy, 'ws_1|')).toEqual(new Map([['ws_1|b', 1]]));
    await rows.save({ counts: { 'ws_1|a': 1 } });
    expect((await rows.store.countsByPrefix(rows.copy, 'ws_1|')).get('ws_1|a')).toBe(1);
    expect((await rows.store.countsByPrefix(rows.copy, '')).size).toBe(3);
  });

  it('keeps the counters of copies apart', async () => {
    const rows = await begin();
    const other = await rows.prepareCopy({ partition: 1 });
    await rows.save({ counts: { all: 1 } });
    expect(await rows.store.counts(other, ['all'])).toEqual(new Map([['all', 0]]));
    expect(await rows.store.countsByPrefix(other, '')).toEqual(new Map());
  });

  it('finds by any prefix what begins with it, whatever characters it has', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(awkwardText, { minLength: 1, maxLength: 12 }),
      fc.array(awkwardText, { minLength: 1, maxLength: 6 }),
      async (names, prefixes) => {
        const rows = await begin();
        await rows.save({ counts: Object.fromEntries(names.map((name, index) => [name, index + 1])) });
        for (const prefix of prefixes) {
          const found = await rows.store.countsByPrefix(rows.copy, prefix);
          const expected = names.map((name, index) => [name, index + 1] as const);
          expect(found).toEqual(new Map(expected.filter(([name]) => name.startsWith(prefix))));
        }
      },
    );
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });
}
