import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { byCodePoint, sideBySide } from './merge.js';

async function* each(items: readonly string[]): AsyncGenerator<string> {
  for (const item of items) yield Promise.resolve(item);
}

describe('two lists side by side', () => {
  it('show what both have and what one alone has, in order', async () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(texts, texts, async (one, other) => {
        const [source, target] = [[...one].sort(byCodePoint), [...other].sort(byCodePoint)];
        const seen: (readonly [string | null, string | null])[] = [];
        for await (const pair of sideBySide(each(source), each(target), byCodePoint)) seen.push(pair);
        const all = [...new Set([...one, ...other])].sort(byCodePoint);
        const expected = all.map((text) => [one.includes(text) ? text : null, other.includes(text) ? text : null]);
        expect(seen).toEqual(expected);
      }),
    );
  });

  it('are ordered by code point, as the stores order them', () => {
    expect(['😀', '\uFFFD', 'a', 'é'].sort(byCodePoint)).toEqual(['a', 'é', '\uFFFD', '😀']);
  });
});
