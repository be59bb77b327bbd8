import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { partitionOf, Refusal, type ReadyCopy } from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import { until } from '../support/service/until.js';
import { describeWithMongoDb } from './mongodb-suite.js';
import { PARTITIONS, PartitionedStage, workspacesOf, WORKSPACES, type Owner } from './partitioned-stage.js';
import type { ReadStoreSetUp } from './read-store-case.js';
import { openTwoMongoReadStores } from './two-mongodb-read-stores.js';

const TEST_LIMIT_MS = 60_000;
const TAKE_OVER_LIMIT_MS = 10_000;
const ROUNDS = 20;

/** What runners, queries and rebuilds make of a read model in several partitions, on any store. */
function describePartitions(setUpStore: () => Promise<ReadStoreSetUp>): void {
  let setUp: ReadStoreSetUp;
  let stage: PartitionedStage;
  beforeAll(async () => {
    setUp = await setUpStore();
  }, TEST_LIMIT_MS);
  afterAll(() => setUp.dispose());
  beforeEach(async () => (stage = await PartitionedStage.open(setUp)));
  afterEach(() => stage.dispose());

  const copies = async (): Promise<readonly ReadyCopy[]> => {
    const ready = await stage.readModels.allReady(stage.model, null);
    if (ready instanceof Refusal) throw new Error(ready.code);
    return ready;
  };
  const keysOf = (workspaces: readonly string[], texts: readonly string[]): readonly string[] =>
    workspaces
      .flatMap((workspaceId) => [`folder-${workspaceId}`, ...texts.map((text) => `note-${text} of ${workspaceId}`)])
      .sort();
  /** Every row of every workspace stands in its partition, once, and is counted there. */
  const expectRows = async (name: string, texts: readonly string[]): Promise<void> => {
    for (const { copy } of await copies()) {
      const workspaces = workspacesOf(copy.partition);
      expect(await stage.keysIn(copy)).toEqual(keysOf(workspaces, texts));
      const counted = await setUp.store.countsByPrefix(copy, '');
      expect([...counted]).toEqual([[`${name}/open`, workspaces.length * texts.length]]);
    }
  };

  it(
    'has the rows of each workspace in its own partition, and queries look there',
    async () => {
      stage.own();
      await stage.name('Ideas');
      const position = await stage.write('first');
      await stage.reached(position);
      for (let partition = 0; partition < PARTITIONS; partition += 1)
        expect(workspacesOf(partition).length).toBeGreaterThan(1);
      expect((await copies()).map(({ copy }) => copy.partition)).toEqual([0, 1, 2]);
      await expectRows('Ideas', ['first']);
      for (const workspaceId of WORKSPACES) {
        const ready = await stage.readModels.ready(stage.model, workspaceId, position);
        expect(ready).toMatchObject({ copy: { partition: partitionOf(workspaceId, PARTITIONS) } });
        expect(await stage.textsOf(workspaceId, position)).toEqual(['first']);
      }
    },
    TEST_LIMIT_MS,
  );

  it(
    'is ready as a whole once the last of its partitions is, also for what only one of them folds',
    async () => {
      const slow = 1;
      const letGo = await stage.hold(slow);
      stage.own();
      const [elsewhere = ''] = workspacesOf(0);
      const position = await stage.writeIn(elsewhere, 'alone');
      await until('the partition that folds it includes it', async () => {
        const texts = await stage.textsOf(elsewhere, position);
        return texts instanceof Refusal ? null : texts;
      });
      expect(await stage.readModels.allReady(stage.model, position)).toMatchObject({ code: 'read-behind' });
      const [waiting = ''] = workspacesOf(slow);
      expect(await stage.readModels.ready(stage.model, waiting, position)).toMatchObject({ code: 'read-behind' });
      await letGo();
      await stage.reached(position);
      for (const one of await copies()) expect(one.position).toBe(position);
    },
    TEST_LIMIT_MS,
  );

  it(
    'is rebuilt in all of its partitions under load, and every query finds everything all the while',
    async () => {
      stage.own();
      stage.own();
      await stage.name('Ideas');
      const texts = ['first'];
      await stage.reached(await stage.write('first'));
      const before = (await copies()).map(({ copy }) => copy);
      expect(await stage.projections.rebuild(stage.model.name)).toMatchObject({ generation: 1 });
      let states: readonly string[] = [];
      for (let round = 0; round < ROUNDS || states[0] !== 'live'; round += 1) {
        texts.push(`round ${round}`);
        const position = await stage.write(`round ${round}`);
        await stage.reached(position);
        for (const workspaceId of WORKSPACES)
          expect(await stage.textsOf(workspaceId, position)).toEqual([...texts].sort());
        states = (await stage.projections.list()).map(({ state }) => state);
      }
      const after = before.map((copy) => ({ ...copy, generation: 1 }));
      // A query may read from the generation before for a moment longer.
      await until('queries read from the new generation', async () => {
        const read = (await copies()).map(({ copy }) => copy);
        return isDeepStrictEqual(read, after) ? true : null;
      });
      for (const part of stage.parts()) {
        const { active, filling, retired } = await setUp.store.generations(part);
        expect([active, filling, retired.map(({ generation }) => generation)]).toEqual([1, null, [0]]);
      }
      await expectRows('Ideas', texts);
      // The generation that served before may have stopped sooner: a fresh one tells whether this one is what the log says.
      expect(await stage.projections.rebuild(stage.model.name)).toMatchObject({ generation: 2 });
      await until('it is rebuilt once more', async () =>
        (await stage.projections.list())[0]?.state === 'live' ? true : null,
      );
      for (const copy of after)
        expect(await stage.contentOf({ ...copy, generation: 2 })).toBe(await stage.contentOf(copy));
    },
    TEST_LIMIT_MS,
  );

  it(
    'is shared by two owners, and one that dies is succeeded by the other',
    async () => {
      const [first, second] = [stage.own(), stage.own()];
      await stage.name('Ideas');
      await stage.reached(await stage.write('first'));
      const keptBy = (owners: readonly Owner[]): readonly (readonly number[])[] =>
        owners.map(({ partitions }) => partitions);
      const seen = (): unknown => keptBy([first, second]);
      const areShared = (): Promise<true | null> => {
        const [one = [], other = []] = keptBy([first, second]);
        const isWhole = [...one, ...other].sort().join() === '0,1,2';
        return Promise.resolve(isWhole && one.length > 0 && other.length > 0 ? true : null);
      };
      await until('each of two owners keeps partitions of its own, and all are kept', areShared, { seen });
      await stage.reached(await stage.write('second'));
      await expectRows('Ideas', ['first', 'second']);

      const kept = first.partitions;
      const diedAt = performance.now();
      await first.die();
      expect(kept.length).toBeGreaterThan(0);
      const [orphan = ''] = workspacesOf(kept[0] ?? 0);
      const position = await stage.write('third');
      await until(
        'the one that is left keeps them all',
        () => Promise.resolve(second.partitions.join() === '0,1,2' ? true : null),
        { seen },
      );
      await stage.reached(position);
      expect(performance.now() - diedAt).toBeLessThan(TAKE_OVER_LIMIT_MS);
      expect(await stage.textsOf(orphan, position)).toEqual(['first', 'second', 'third']);
      await expectRows('Ideas', ['first', 'second', 'third']);
    },
    TEST_LIMIT_MS,
  );
}

describe('a read model in several partitions on SQLite', () => {
  describePartitions(async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'partitions-'));
    const store = await SqliteReadStore.open({ dataDir });
    const dispose = async (): Promise<void> => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    };
    return { store, another: store, dispose };
  });
});

await describeWithMongoDb('a read model in several partitions on MongoDB', (server) => {
  describePartitions(() => openTwoMongoReadStores(server));
});
