import { describe, expect, it } from '@jest/globals';
import { BEGINNING, comparePositions, isPosition, positionNumber } from './position.js';

describe('positions of the embedded log', () => {
  it('are whole numbers of up to 16 digits', () => {
    for (const text of ['0', '1', '42', '9'.repeat(16)]) expect([text, isPosition(text)]).toEqual([text, true]);
    for (const text of ['', '-1', '1.0', '1e3', ' 1', '1\n', '٣', '9'.repeat(17), '12/34']) {
      expect([text, isPosition(text)]).toEqual([text, false]);
    }
  });

  it('are ordered by number, behind those of another form, which are all alike', () => {
    const inOrder = ['12/34', '0', '9', '10', '100', '1000'];
    expect([...inOrder].reverse().sort(comparePositions)).toEqual(inOrder);
    expect(comparePositions('12/34', '9/9')).toBe(0);
    expect(comparePositions('7', '07')).toBe(0);
  });

  it('begin before the first event, also where another store was followed before', () => {
    expect([null, '12/34', '12'].map(positionNumber)).toEqual([BEGINNING, BEGINNING, 12]);
  });
});
