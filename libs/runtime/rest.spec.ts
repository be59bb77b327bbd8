import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReadModels, StoreUnavailable, type Automation, type EventStore, type ReadModel } from '#kernel';
import { named, noteEvent, notesReadModel, written, type NoteRow } from '../kernel/spec-notes.js';
import { HOUR_MS, RunnerStage } from '../kernel/spec-runner.js';
import { interposing } from '../kernel/spec-stores.js';
import { Rest } from './rest.js';

const PATIENCE_MS = 5_000;
const LITTLE_PATIENCE_MS = 150;

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

/** A process without runners of its own, as one that serves the API alone. */
function restOf(model: ReadModel<NoteRow>, replaced: Partial<EventStore> = {}): Rest {
  const { rows, clock } = stage.stores;
  const events = interposing(stage.stores.events, replaced);
  return new Rest({ events, rows, clock }, [model], new ReadModels(rows, events));
}

/** Notes that are to be erased when their time has come. */
const erasing = (carryOut: Automation<NoteRow>['carryOut']): Automation<NoteRow> => {
  const model = notesReadModel();
  const describe: Automation<NoteRow>['describe'] = (key, row, related, now) => ({
    ...model.describe(key, row, related, now),
    dueAt: row.kind === 'note' ? row.until : null,
  });
  return { ...model, carryOut, describe };
};

const now = (): string => stage.stores.clock.now().toISOString();

describe('rest', () => {
  it('is there on an empty log, and not while events are to be projected by somebody', async () => {
    const model = notesReadModel();
    const rest = restOf(model);
    expect(await rest.come(LITTLE_PATIENCE_MS)).toBe(true);
    const position = await stage.append(named('f', 'F'));
    expect(await rest.haveReached(position)).toBe(false);
    expect(await rest.come(LITTLE_PATIENCE_MS)).toBe(false);
    stage.run(model);
    expect(await rest.come(PATIENCE_MS)).toBe(true);
    expect(await rest.haveReached(position)).toBe(true);
  });

  it('comes when everything that is due has had its consequences', async () => {
    const model = erasing(async ({ key }) => ({ done: await stage.append(noteEvent(key, 'NoteErased')) }));
    await stage.append(...['1', '2', '3'].map((id) => written(id, 'f', 'due', now())));
    const runner = stage.run(model);
    expect(await restOf(model).come(PATIENCE_MS)).toBe(true);
    expect(await stage.countersOf(runner)).toEqual({});
  });

  it('does not come while something due is under way', async () => {
    let finish = (): void => undefined;
    const held = new Promise<void>((resolve) => (finish = resolve));
    const model = erasing(async ({ key }) => {
      await held;
      return { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    await stage.append(written('1', 'f', 'due', now()));
    stage.run(model);
    const rest = restOf(model);
    expect(await rest.come(LITTLE_PATIENCE_MS)).toBe(false);
    finish();
    expect(await rest.come(PATIENCE_MS)).toBe(true);
  });

  it('comes although something waits for a next try', async () => {
    let tries = 0;
    const model = erasing(() => {
      tries += 1;
      return Promise.resolve({ later: 'not now' });
    });
    await stage.append(written('1', 'f', 'due', now()));
    stage.run(model);
    expect(await restOf(model).come(PATIENCE_MS)).toBe(true);
    expect(tries).toBeGreaterThan(0);
  });

  it('is waited for as long as something moves, however long that takes', async () => {
    const model = notesReadModel();
    const heads = interposing(stage.stores.events, {});
    let looks = 0;
    // A log that others write to: it is ahead of what is projected at each of sixty looks, and each time further.
    const rest = restOf(model, {
      head: async () => {
        looks += 1;
        return looks > 60 ? heads.head() : String(1_000 + looks);
      },
    });
    await stage.append(named('f', 'F'));
    stage.run(model);
    expect(await rest.come(LITTLE_PATIENCE_MS)).toBe(true);
    expect(looks).toBeGreaterThan(60);
  });

  it('waits for a store that is away for a while, and lets faults through', async () => {
    const model = notesReadModel();
    let tries = 0;
    const head: EventStore['head'] = async () => {
      tries += 1;
      if (tries <= 3) throw new StoreUnavailable('away');
      return stage.stores.events.head();
    };
    expect(await restOf(model, { head }).come(PATIENCE_MS)).toBe(true);
    const broken = restOf(model, { head: () => Promise.reject(new RangeError('a bug')) });
    await expect(broken.come(PATIENCE_MS)).rejects.toThrow('a bug');
  });

  it('names the next instant at which the time asks for something', async () => {
    const model = notesReadModel();
    const rest = restOf(model);
    const later = new Date(stage.stores.clock.now().getTime() + 2 * HOUR_MS).toISOString();
    expect(await rest.nextDue(stage.stores.clock.now())).toBeNull();
    await stage.append(written('1', 'f', 'a', later), written('2', 'f', 'b', stage.inAnHour()));
    stage.run(model);
    await rest.come(PATIENCE_MS);
    const next = await rest.nextDue(stage.stores.clock.now());
    expect(next?.toISOString()).toBe(stage.inAnHour());
    expect((await rest.nextDue(next ?? new Date(0)))?.toISOString()).toBe(later);
  });
});
