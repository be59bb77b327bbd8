import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { atOnce, Turns } from './at-once.js';

async function* count(to: number): AsyncGenerator<number> {
  for (let index = 0; index < to; index += 1) yield Promise.resolve(index);
}

describe('work at once', () => {
  it('is done for every item, no more than so many at a time', async () => {
    let underWay = 0;
    let most = 0;
    const done: number[] = [];
    await atOnce(4, count(25), async (index) => {
      most = Math.max(most, (underWay += 1));
      for (let turn = 0; turn <= index % 3; turn += 1) await nextTurn();
      underWay -= 1;
      done.push(index);
    });
    expect(most).toBe(4);
    expect(done.sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, index) => index));
  });

  it('ends with the first failure, and leaves nothing under way', async () => {
    let underWay = 0;
    let begun = 0;
    const work = atOnce(4, count(1_000), async (index) => {
      begun += 1;
      underWay += 1;
      await nextTurn();
      underWay -= 1;
      if (index === 5) throw new Error('the sixth');
    });
    await expect(work).rejects.toThrow('the sixth');
    expect(underWay).toBe(0);
    expect(begun).toBeLessThan(20);
  });

  it('takes turns under one name, whatever becomes of the one before', async () => {
    const turns = new Turns();
    const order: string[] = [];
    const take = (name: string, step: string, fails = false): Promise<void> =>
      turns.take(name, async () => {
        order.push(`${step} begins`);
        await nextTurn();
        order.push(`${step} ends`);
        if (fails) throw new Error(step);
      });
    const all = await Promise.allSettled([take('a', 'a1', true), take('a', 'a2'), take('b', 'b1')]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(order.indexOf('a2 begins')).toBeGreaterThan(order.indexOf('a1 ends'));
    expect(order.indexOf('b1 begins')).toBeLessThan(order.indexOf('a1 ends'));
  });
});
