import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { BEHAVIOURS } from './behaviours.js';
import { BEHAVIOURS_TO_COME } from './behaviours-to-come.js';
import { citedIn, testTitles, titlesIn } from './test-titles.js';

/** The suites that show the product from outside. Others cite threats and faults, which have numbers of their own. */
const SUITES = ['api', 'e2e', 'topology'].map((suite) => join(import.meta.dirname, '..', suite));

describe('every behaviour of the product', () => {
  const cited = new Set(SUITES.flatMap(testTitles).flatMap(citedIn));
  const known = Object.keys(BEHAVIOURS);
  const present = known.filter((number) => !BEHAVIOURS_TO_COME.includes(number));

  it('that the service has is shown by a test which cites it', () => {
    expect(present.filter((number) => !cited.has(number))).toEqual([]);
  });

  it('that a test cites is one that the service has', () => {
    expect([...cited].filter((number) => BEHAVIOURS_TO_COME.includes(number))).toEqual([]);
    expect([...cited].filter((number) => !known.includes(number))).toEqual([]);
  });

  it('that is to come is a behaviour, listed once', () => {
    expect(BEHAVIOURS_TO_COME.filter((number) => !known.includes(number))).toEqual([]);
    expect(new Set(BEHAVIOURS_TO_COME).size).toBe(BEHAVIOURS_TO_COME.length);
    expect(present.length).toBeGreaterThan(0);
  });

  it('is numbered without a gap', () => {
    const letters = new Set(known.map(([letter]) => letter));
    for (const letter of letters) {
      const numbers = known.filter((number) => number[0] === letter).map((number) => Number(number.slice(1)));
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });
});

describe('titles', () => {
  it('are found in plain tests, in tables and in templates', () => {
    const source =
      "it('C1: a', f); it.each([1])('C2 b %s', f); it.skip(`T1, T2: ${x}`, f); describe('C3: no', f); call('C4: no');";
    expect(titlesIn(source)).toEqual(['C1: a', 'C2 b %s', 'T1, T2: ']);
  });

  it('cite the numbers that they begin with', () => {
    expect(['C1: a', 'C2 b', 'T1, T2: c', 'M1 and M2: d', 'says C5', 'C5a: e'].map(citedIn)).toEqual([
      ...[['C1'], ['C2'], ['T1', 'T2'], ['M1', 'M2'], [], []],
    ]);
  });
});
