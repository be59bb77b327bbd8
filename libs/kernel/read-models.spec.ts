import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { ReadModels, Refusal } from './index.js';
import { named, notesReadModel, written } from './spec-notes.js';
import { RunnerStage } from './spec-runner.js';

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
