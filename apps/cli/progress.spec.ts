import { describe, expect, it } from '@jest/globals';
import { Progress } from './progress.js';

/** A progress whose time is told by hand, and what it wrote. */
function begin(total: number, isTTY: boolean): { progress: Progress; texts: string[]; pass: (ms: number) => void } {
  const texts: string[] = [];
  let now = 1_000;
  const progress = new Progress({ isTTY, write: (text) => texts.push(text) }, 'events', total, () => now);
  return { progress, texts, pass: (ms) => (now += ms) };
}

describe('progress', () => {
  it('writes one line over and over on a terminal', () => {
    const { progress, texts, pass } = begin(1_000, true);
    progress.advance(10);
    expect(texts).toEqual([]);
    pass(200);
    progress.advance(40);
    pass(100);
    progress.advance(1);
    pass(100);
    progress.advance(49);
    progress.end();
    expect(texts).toEqual([
      '\r\u001b[2Kevents: 50 of 1,000 (5 %), 250/s, 4 s left',
      '\r\u001b[2Kevents: 100 of 1,000 (10 %), 250/s, 4 s left',
      '\r\u001b[2Kevents: 100 done in 1 s, 250/s\n',
    ]);
  });

  it('writes a line every few seconds elsewhere', () => {
    const { progress, texts, pass } = begin(1_000_000, false);
    for (let second = 0; second < 10; second += 1) {
      pass(1_000);
      progress.advance(100);
    }
    expect(texts).toEqual([
      'events: 500 of 1,000,000 (0 %), 100/s, 2 h 46 min left\n',
      'events: 1,000 of 1,000,000 (0.1 %), 100/s, 2 h 46 min left\n',
    ]);
  });

  it('goes by the last seconds, not by how it began', () => {
    const { progress, texts, pass } = begin(100_000, false);
    pass(5_000);
    progress.advance(10);
    for (let turn = 0; turn < 4; turn += 1) {
      pass(5_000);
      progress.advance(10_000);
    }
    expect(texts.at(-1)).toBe('events: 40,010 of 100,000 (40 %), 2,000/s, 30 s left\n');
  });
});
