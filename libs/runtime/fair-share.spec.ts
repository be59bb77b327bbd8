import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { ReadModelRunner } from '#kernel';
import { notesReadModel } from '../kernel/spec-notes.js';
import { openSpecStores, type SpecStores } from '../kernel/spec-stores.js';
import { FairShare } from './fair-share.js';

const LOOK_MS = 2_500;

let stores: SpecStores;
beforeEach(async () => (stores = await openSpecStores()));
afterEach(() => stores.dispose());

/** Runners of one process, so many of which are at work. */
function runners(count: number, atWork: number) {
  let aside = 0;
  const all = Array.from({ length: count }, (_, index) => {
    const runner = { isAtWork: index < atWork, standAside: () => (aside += 1) };
    return runner as unknown as ReadModelRunner;
  });
  return { all, givenUp: () => aside };
}

it('gives up one runner at a time until every process has its share', async () => {
  const models = [notesReadModel()];
  const [one, two] = [new FairShare(stores.rows, models, 'one'), new FairShare(stores.rows, models, 'two')];
  const alone = runners(8, 8);
  await one.keep(alone.all, 0);
  expect(alone.givenUp()).toBe(0);
  await two.keep(runners(8, 0).all, 0);
  await one.keep(alone.all, LOOK_MS / 10);
  expect(alone.givenUp()).toBe(0);
  await one.keep(alone.all, LOOK_MS);
  expect(alone.givenUp()).toBe(1);
  const half = runners(8, 4);
  await one.keep(half.all, 2 * LOOK_MS);
  expect(half.givenUp()).toBe(0);
  await two.leave();
  const again = runners(8, 8);
  await one.keep(again.all, 3 * LOOK_MS);
  expect(again.givenUp()).toBe(0);
});

it('counts no process that keeps other models', async () => {
  const ours = new FairShare(stores.rows, [notesReadModel()], 'one');
  const others = new FairShare(stores.rows, [{ ...notesReadModel(), version: 2 }], 'two');
  const all = runners(4, 4);
  await others.keep(runners(4, 0).all, 0);
  await ours.keep(all.all, 0);
  expect(all.givenUp()).toBe(0);
});
