import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable, type Automation, type ReadStore, type RecordedEvent, type TodoOutcome } from './index.js';
import { named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { HOUR_MS, RunnerStage, until } from './spec-runner.js';

/** A lease lasts for 5 s. */
const LONGER_THAN_A_LEASE_MS = 6_500;

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

describe('to-dos', () => {
  const todo = (carryOut: Automation<NoteRow>['carryOut']): Automation<NoteRow> => ({ ...notesReadModel(), carryOut });
  const dueNote = (id: string): RecordedEvent => written(id, 'f', 'due', stage.stores.clock.now().toISOString());
  /** Describes notes as due until they are erased. */
  const untilErased = (carryOut: Automation<NoteRow>['carryOut']): Automation<NoteRow> => {
    const model = todo(carryOut);
    return {
      ...model,
      describe: (key, row, related, now) => ({
        ...model.describe(key, row, related, now),
        dueAt: row.kind === 'note' ? row.until : null,
      }),
    };
  };

  it('are done once: the runner waits until their consequences have changed the row', async () => {
    const carried: string[] = [];
    const runner = stage.run(
      untilErased(async ({ key, body, related, now }) => {
        carried.push(key);
        expect([body.kind, related.get('folder-f'), now]).toEqual([
          'note',
          { kind: 'folder', name: 'F' },
          stage.stores.clock.now(),
        ]);
        return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      }),
    );
    await stage.append(named('f', 'F'), ...Array.from({ length: 20 }, (_, at) => dueNote(String(at))));
    await stage.rest(runner);
    expect(carried).toHaveLength(20);
    expect(new Set(carried).size).toBe(20);
    expect(await stage.countersOf(runner)).toEqual({});
  });

  it('are not carried out before their time', async () => {
    let carried = 0;
    const runner = stage.run(
      untilErased(async ({ key }) => {
        carried += 1;
        return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      }),
    );
    await stage.append(written('1', 'f', 'later', stage.inAnHour()));
    await stage.rest(runner);
    expect(carried).toBe(0);
    stage.stores.clock.advance(HOUR_MS);
    runner.wake();
    await stage.rest(runner);
    expect(carried).toBe(1);
  });

  it('end without an event where they are settled', async () => {
    let carried = 0;
    const runner = stage.run(
      untilErased(() => {
        carried += 1;
        return Promise.resolve({ settled: true });
      }),
    );
    await stage.append(dueNote('1'));
    await stage.rest(runner);
    expect([carried, await stage.contentOf(runner.copy)]).toEqual([1, '[[],[]]']);
  });

  it.each<[string, () => Promise<TodoOutcome>, string]>([
    ['asked to come back later', () => Promise.resolve({ later: 'not-yet' }), 'not-yet'],
    ['failed', () => Promise.reject(new RangeError('secret words')), 'RangeError'],
  ])('are tried again with growing waits where they %s', async (_how, outcome, reason) => {
    const times: number[] = [];
    const postponed: object[] = [];
    const postpone: ReadStore['postpone'] = (copy, lease, key, postponement) => {
      postponed.push({ tries: postponement.tries, reason: postponement.reason });
      return stage.stores.rows.postpone(copy, lease, key, postponement);
    };
    const automation = untilErased(async ({ key }) => {
      times.push(performance.now());
      return times.length < 3 ? outcome() : { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    const runner = stage.run(automation, { rows: { postpone } });
    await stage.append(dueNote('1'));
    await until(() => times.length === 3);
    await stage.rest(runner);
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThan(190);
    expect(third - second).toBeGreaterThan(390);
    expect(postponed).toEqual([
      { tries: 1, reason },
      { tries: 2, reason },
    ]);
    expect(JSON.stringify(stage.warnings)).not.toContain('secret words');
  });

  it('wait while no command is accepted, as they are', async () => {
    let [isClosed, carried] = [true, 0];
    stage.gate.closeWhile(() => (isClosed ? 'Not now.' : null));
    const runner = stage.run(
      untilErased(async ({ key }) => {
        carried += 1;
        return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      }),
    );
    await stage.append(dueNote('1'));
    await sleep(1_500);
    expect([carried, await runner.isAtRest(await stage.stores.events.head())]).toEqual([0, false]);
    isClosed = false;
    await stage.rest(runner);
    expect(carried).toBe(1);
  });

  it.each<[string, () => Promise<TodoOutcome>]>([
    ['a store is away', () => Promise.reject(new StoreUnavailable('No answer.'))],
    ['its command is not accepted', () => Promise.resolve({ later: 'unavailable' })],
  ])('count no try where %s, and are done soon after', async (_how, outcome) => {
    const times: number[] = [];
    const postpone: ReadStore['postpone'] = () =>
      Promise.reject(new Error('A store that is away says nothing about it.'));
    const automation = untilErased(async ({ key }) => {
      times.push(performance.now());
      return times.length < 4 ? outcome() : { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    const runner = stage.run(automation, { rows: { postpone } });
    await stage.append(dueNote('1'));
    await until(() => times.length > 0);
    expect(await runner.isAtRest(await stage.stores.events.head())).toBe(false);
    await stage.rest(runner);
    expect(times).toHaveLength(4);
    expect((times[3] ?? Infinity) - (times[0] ?? 0)).toBeLessThan(8_000);
  });

  it('are parked for an operator at the twelfth try', async () => {
    let carried = 0;
    const postponed: unknown[] = [];
    const postpone: ReadStore['postpone'] = (copy, lease, key, postponement) => {
      postponed.push(postponement);
      return stage.stores.rows.postpone(copy, lease, key, postponement);
    };
    const due: ReadStore['due'] = async (...asking) =>
      (await stage.stores.rows.due(...asking)).map(({ row }) => ({
        row,
        postponement: { tries: 11, nextTryAt: '2000-01-01T00:00:00.000Z', reason: 'before' },
      }));
    const automation = untilErased(() => {
      carried += 1;
      return Promise.resolve({ later: 'never' });
    });
    const runner = stage.run(automation, { rows: { postpone, due } });
    await stage.append(dueNote('1'));
    await until(async () => (await stage.stores.rows.countParked(runner.copy)) === 1);
    expect(postponed).toEqual([{ tries: 12, waitMs: null, reason: 'never' }]);
    await sleep(300);
    expect([carried, await stage.stores.rows.nextDue(runner.copy, '')]).toEqual([1, null]);
    await stage.append(noteEvent('note-1', 'NoteErased'));
    await until(async () => (await stage.stores.rows.countParked(runner.copy)) === 0);
  });

  it('are not done again by the next runner, which looks at them only once it has read what was done', async () => {
    let isClosed = true;
    stage.gate.closeWhile(() => (isClosed ? 'Not now.' : null));
    const carried: string[] = [];
    const automation = untilErased(async ({ key }) => {
      carried.push(key);
      return { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    const before = stage.run(automation, { owner: 'before' });
    await stage.append(dueNote('1'), dueNote('2'));
    await until(() => stage.hasReached(before));
    await before.stop();
    await stage.append(noteEvent('note-1', 'NoteErased'));
    isClosed = false;
    const save: ReadStore['save'] = async (...asking) => {
      await sleep(300);
      return stage.stores.rows.save(...asking);
    };
    await stage.rest(stage.run(automation, { owner: 'after', rows: { save } }));
    expect(carried).toEqual(['note-2']);
  });

  it('are not carried out by another runner while the one that is to end brings them to their end', async () => {
    let [atOnce, most, carried] = [0, 0, 0];
    const automation = untilErased(async ({ key }) => {
      carried += 1;
      most = Math.max(most, (atOnce += 1));
      await sleep(LONGER_THAN_A_LEASE_MS);
      atOnce -= 1;
      return { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    const before = stage.run(automation, { owner: 'before' });
    await stage.append(dueNote('1'));
    await until(() => carried === 1);
    const after = stage.run(automation, { owner: 'after' });
    await before.stop();
    await stage.rest(after);
    expect([most, carried]).toEqual([1, 1]);
  });

  it.each<[string, TodoOutcome]>([
    ['settled', { settled: true }],
    ['put off', { later: 'not-yet' }],
  ])('that have changed meanwhile are not %s, since that was decided about what they were', async (_how, outcome) => {
    const texts: string[] = [];
    const automation = untilErased(async ({ key, body }) => {
      texts.push(body.kind === 'note' ? body.text : '');
      if (texts.length > 1) return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      await stage.append(written('1', 'f', 'changed', stage.stores.clock.now().toISOString()));
      await until(() => stage.hasReached(runner));
      return outcome;
    });
    let postponed = 0;
    const postpone: ReadStore['postpone'] = (...asking) => {
      postponed += 1;
      return stage.stores.rows.postpone(...asking);
    };
    const runner = stage.run(automation, { rows: { postpone } });
    await stage.append(dueNote('1'));
    await until(() => texts.length === 2);
    await stage.rest(runner);
    expect([texts, postponed]).toEqual([['due', 'changed'], 0]);
  });

  it('go on after a restart in the middle of them', async () => {
    let isFirst = true;
    const automation = untilErased(async ({ key }) => {
      if (isFirst) throw new Error('The process ends here.');
      return { done: await stage.append(noteEvent(key, 'NoteErased')) };
    });
    const before = stage.run(automation, { owner: 'before' });
    await stage.append(dueNote('1'), dueNote('2'));
    await until(async () => stage.warnings.length >= 2);
    await before.stop();
    isFirst = false;
    const after = stage.run(automation, { owner: 'after' });
    await until(async () => (await stage.contentOf(after.copy)) === '[[],[]]');
  });
});
