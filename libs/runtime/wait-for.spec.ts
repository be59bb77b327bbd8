import { expect, it } from '@jest/globals';
import { StoreUnavailable } from '#kernel';
import { waitFor } from './wait-for.js';

it('tries again while something is away, and says what it waits for and why', async () => {
  const told: unknown[] = [];
  let tries = 0;
  const attempt = (): Promise<string> => {
    tries += 1;
    return tries < 3 ? Promise.reject(new StoreUnavailable('away')) : Promise.resolve('there');
  };
  const log = { warn: (facts: object, message: string) => told.push(facts, message) };
  expect(await waitFor('the store', log as never, attempt)).toBe('there');
  expect(tries).toBe(3);
  // Once for all tries of the first seconds.
  expect(told).toEqual([{ waitsFor: 'the store', reason: 'away' }, 'waiting for the store']);
});

it('does not wait for what no time will mend', async () => {
  const log = { warn: () => undefined };
  await expect(waitFor('the store', log as never, () => Promise.reject(new Error('wrong')))).rejects.toThrow('wrong');
});
