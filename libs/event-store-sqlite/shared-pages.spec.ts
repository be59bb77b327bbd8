import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { SharedPages } from './shared-pages.js';

const event = (position: number): RecordedEvent => ({ position: String(position) }) as RecordedEvent;
const page = (from: number, length: number): RecordedEvent[] =>
  Array.from({ length }, (_, index) => event(from + 1 + index));

describe('SharedPages', () => {
  it('reads a full page once, and one that may still grow each time', () => {
    const pages = new SharedPages();
    let reads = 0;
    const read = (from: number, length: number) => () => {
      reads += 1;
      return page(from, length);
    };
    const first = pages.behind(0, 4, read(0, 4));
    expect(pages.behind(0, 4, read(0, 4))).toBe(first);
    expect(reads).toBe(1);
    expect(pages.behind(4, 4, read(4, 3))).toHaveLength(3);
    expect(pages.behind(4, 4, read(4, 4))).toHaveLength(4);
    expect(reads).toBe(3);
    pages.clear();
  });

  it('holds few pages, and none after it was cleared', () => {
    const pages = new SharedPages();
    for (let from = 0; from < 20; from += 4) pages.behind(from, 4, () => page(from, 4));
    const never = (): RecordedEvent[] => {
      throw new Error('It is in memory.');
    };
    expect(pages.behind(16, 4, never)).toHaveLength(4);
    expect(() => pages.behind(0, 4, never)).toThrow('in memory');
    pages.clear();
    expect(() => pages.behind(16, 4, never)).toThrow('in memory');
  });
});
