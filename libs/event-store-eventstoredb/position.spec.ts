import { describe, expect, it } from '@jest/globals';
import { comparePlaces, comparePositions, isPosition, placeOf, positionOf } from './position.js';

describe('positions of EventStoreDB', () => {
  it('are two numbers of up to 19 digits', () => {
    for (const text of ['0/0', '12/7', '9223372036854775807/9223372036854775807']) expect(isPosition(text)).toBe(true);
    for (const text of ['12', '12/', '/7', '12/7/1', '-1/2', ' 1/2', '1/2\n', `1/${'1'.repeat(20)}`]) {
      expect([text, isPosition(text)]).toEqual([text, false]);
    }
  });

  it('are ordered as numbers beyond what a double can hold, by commit and then by prepare', () => {
    const ordered = ['9/9', '10/3', '10/20', '9007199254740993/1', '9007199254740993/2', '9007199254740994/0'];
    for (const [index, a] of ordered.entries()) {
      for (const [other, b] of ordered.entries()) {
        expect(Math.sign(comparePositions(a, b))).toBe(Math.sign(index - other));
      }
    }
  });

  it("of another store's form stand before all of this form, and are the beginning", () => {
    expect(comparePositions('4711', '1/1')).toBeLessThan(0);
    expect(comparePositions('1/1', '4711')).toBeGreaterThan(0);
    expect(comparePositions('4711', '12')).toBe(0);
    for (const beginning of [null, '4711', '0/0', '']) expect(placeOf(beginning)).toBeNull();
  });

  it('come back from places unchanged', () => {
    for (const text of ['12/7', '9223372036854775807/1']) expect(positionOf(placeOf(text))).toBe(text);
    expect(positionOf(null)).toBe('0/0');
    expect(comparePlaces(null, placeOf('1/1'))).toBeLessThan(0);
  });
});
