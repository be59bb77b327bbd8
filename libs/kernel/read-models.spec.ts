import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ReadModels, Refusal, type ReadModelCopy } from './index.js';
import { named, notesReadModel, written } from './spec-notes.js';
import { RunnerStage, until } from './spec-runner.js';
import { interposing } from './spec-stores.js';

let stage: RunnerStage;
beforeAll(async () => {
  stage = await RunnerStage.open();
});
afterAll(() => stage.dispose());

it('counts a position of another store as reached, and waits for one of its own', async () => {
  const { rows, events } = stage.stores;
  const readModels = new ReadModels(rows, events);
  const model = notesReadModel();
  const moved = '9223372036854775807/9223372036854775807';
  // Before anything was folded, as behind a migration, and with nobody who folds.
  expect(await readModels.ready(model, 'ws_1', moved)).toMatchObject({ position: null });
  expect(await readModels.hasReached(model, 'ws_1', moved, 0)).toBe(true);

  const position = await stage.append(named('work', 'Work'), written('1', 'work', 'hello'));
  expect(await readModels.hasReached(model, 'ws_1', position, 0)).toBe(false);
  const runner = stage.run(model);
  await stage.rest(runner);
  expect(await readModels.ready(model, 'ws_1', position)).toMatchObject({ position });
  expect(await readModels.ready(model, 'ws_1', moved)).toMatchObject({ position });
  expect(await readModels.allReady(model, moved)).toMatchObject([{ position }]);
  expect(await readModels.ready(model, 'ws_1', String(Number(position) + 1))).toBeInstanceOf(Refusal);
});

it('looks at a checkpoint at once when it is told that it has moved, and now and then by itself', async () => {
  const { rows, events } = stage.stores;
  let [looks, tell] = [0, (_copy: ReadModelCopy): void => undefined];
  const watched = interposing(rows, {
    checkpoint: (copy) => {
      looks += 1;
      return rows.checkpoint(copy);
    },
    onCheckpoint: (listener) => {
      tell = listener;
      return () => undefined;
    },
  });
  const model = { ...notesReadModel(), name: 'watched' };
  const waiting = new ReadModels(watched, events).hasReached(model, 'ws_1', '999', 1_000);
  await sleep(400);
  const before = looks;
  expect(before).toBeGreaterThan(3);
  tell({ name: 'another', version: 1, generation: 0, partition: 0 });
  tell({ name: 'watched', version: 1, generation: 0, partition: 0 });
  await nextTurn();
  await nextTurn();
  expect(looks).toBeGreaterThan(before);
  expect(await waiting).toBe(false);
});

it('answers that it is behind, and not with nothing, where its copy was dropped under it', async () => {
  const { rows, events } = stage.stores;
  const readModels = new ReadModels(rows, events);
  const model = { ...notesReadModel(), name: 'older' };
  expect(await readModels.ready(model, 'ws_1', null)).toMatchObject({ position: null });
  const runner = stage.run(model);
  await stage.append(written('2', 'work', 'of an older version'));
  await stage.rest(runner);
  await until(async () => (await rows.checkpoint(runner.copy)) !== null);
  expect(await readModels.ready(model, 'ws_1', null)).toMatchObject({ position: expect.any(String) });
  await runner.stop();
  await rows.drop(runner.copy);
  expect(await readModels.ready(model, 'ws_1', null)).toMatchObject({ code: 'read-behind' });
});
