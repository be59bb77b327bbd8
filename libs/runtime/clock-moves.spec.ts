import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ReadModels, StoreUnavailable, type Automation } from '#kernel';
import { noteEvent, notesReadModel, written, type NoteRow } from '../kernel/spec-notes.js';
import { HOUR_MS, RunnerStage } from '../kernel/spec-runner.js';
import { ClockMoves } from './clock-moves.js';
import { Rest } from './rest.js';
import { SandboxControls } from './sandbox-controls.js';

const PATIENCE_MS = 10_000;
const LITTLE_PATIENCE_MS = 150;

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

/** The clock of the spec as the sandbox's. */
class ManualSandbox extends SandboxControls {
  readonly steps: number[] = [];

  constructor(private readonly startedAt: Date) {
    super();
  }

  override now(): Promise<Date> {
    return Promise.resolve(stage.stores.clock.now());
  }

  override setClock(to: Date): Promise<boolean> {
    if (to <= stage.stores.clock.now()) return Promise.resolve(false);
    this.steps.push((to.getTime() - this.startedAt.getTime()) / HOUR_MS);
    stage.stores.clock.moveTo(to);
    return Promise.resolve(true);
  }

  override issueSession(): Promise<string> {
    return Promise.reject(new Error('Nobody asks for one here.'));
  }

  override keySet(): Promise<object> {
    return Promise.resolve({ keys: [] });
  }
}

const movesOf = (sandbox: SandboxControls, model: Automation<NoteRow>, patienceMs = PATIENCE_MS): ClockMoves => {
  const { events, rows, clock } = stage.stores;
  const rest = new Rest({ events, rows, clock }, [model], new ReadModels(rows, events));
  return new ClockMoves({ sandbox, rest, rows, clock }, patienceMs);
};

/** Notes that are erased when their time has come; tells at what hour each was. */
function erasing(startedAt: Date, erased: (readonly [string, number])[]): Automation<NoteRow> {
  const model = notesReadModel();
  return {
    ...model,
    describe: (key, row, related, now) => ({
      ...model.describe(key, row, related, now),
      dueAt: row.kind === 'note' ? row.until : null,
    }),
    carryOut: async ({ key, now }) => {
      erased.push([key, (now.getTime() - startedAt.getTime()) / HOUR_MS]);
      return { done: await stage.append(noteEvent(key, 'NoteErased')) };
    },
  };
}

describe('a move of the clock', () => {
  const inHours = (hours: number): Date => new Date(startedAt.getTime() + hours * HOUR_MS);
  let startedAt: Date;
  let sandbox: ManualSandbox;
  let erased: (readonly [string, number])[];
  let model: Automation<NoteRow>;

  beforeEach(async () => {
    startedAt = stage.stores.clock.now();
    sandbox = new ManualSandbox(startedAt);
    erased = [];
    model = erasing(startedAt, erased);
    for (const hours of [5, 1, 3]) await stage.append(written(String(hours), 'f', 'x', inHours(hours).toISOString()));
  });

  it('goes from due time to due time, and at each lets everything happen', async () => {
    stage.run(model);
    expect(await movesOf(sandbox, model).moveTo(inHours(4))).toEqual(inHours(4));
    expect(sandbox.steps).toEqual([1, 3, 4]);
    expect(erased).toEqual([
      ['note-1', 1],
      ['note-3', 3],
    ]);
  });

  it('gives up without progress, and the same move goes on from there', async () => {
    const moves = movesOf(sandbox, model, LITTLE_PATIENCE_MS);
    expect(await moves.moveTo(inHours(4))).toBeNull();
    expect(sandbox.steps).toEqual([]);
    const runner = stage.run(model);
    await stage.rest(runner);
    await runner.stop();
    // Nobody is there any more who would do what is due at the first step.
    expect(await moves.moveTo(inHours(4))).toBeNull();
    expect(sandbox.steps).toEqual([1]);
    stage.run(model, { owner: 'another' });
    expect(await movesOf(sandbox, model).moveTo(inHours(4))).toEqual(inHours(4));
    expect(sandbox.steps).toEqual([1, 3, 4]);
  });

  it('waits for its turn while another is under way, in whatever process', async () => {
    stage.run(model);
    const all = await Promise.all([4, 2, 6].map((hours) => movesOf(sandbox, model).moveTo(inHours(hours))));
    for (const [index, hours] of [4, 2, 6].entries())
      expect(all[index]?.getTime()).toBeGreaterThanOrEqual(+inHours(hours));
    expect(erased).toEqual([
      ['note-1', 1],
      ['note-3', 3],
      ['note-5', 5],
    ]);
    expect(sandbox.steps).toEqual([...sandbox.steps].sort((a, b) => a - b));
  });

  it('tries again while the sandbox is away', async () => {
    stage.run(model);
    let tries = 0;
    const set = sandbox.setClock.bind(sandbox);
    sandbox.setClock = (to) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new StoreUnavailable('away')) : set(to);
    };
    expect(await movesOf(sandbox, model).moveTo(inHours(2))).toEqual(inHours(2));
    expect(tries).toBeGreaterThan(1);
  });
});
