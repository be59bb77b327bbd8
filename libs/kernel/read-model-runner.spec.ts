import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ReadModelRunner,
  type Automation,
  type EventToAppend,
  type Lease,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadStore,
  type RecordedEvent,
  type TodoOutcome,
} from './index.js';
import { decodeNotes, named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { interposing, openSpecStores, type SpecStores } from './spec-stores.js';

const HOUR_MS = 3_600_000;
const LIMIT_MS = 8_000;

let stores: SpecStores;
let started: ReadModelRunner[] = [];
let warnings: object[] = [];
const revisions = new Map<string, number>();

beforeEach(async () => {
  stores = await openSpecStores();
  started = [];
  warnings = [];
  revisions.clear();
});
afterEach(async () => {
  await Promise.all(started.map((runner) => runner.stop()));
  await stores.dispose();
});

function run(
  model: ReadModel<NoteRow> | Automation<NoteRow> = notesReadModel(),
  more: { rows?: Partial<ReadStore>; owner?: string; generation?: number } = {},
): ReadModelRunner {
  const { events, vault, clock } = stores;
  const rows = interposing(stores.rows, more.rows ?? {});
  const log = { warn: (facts: object) => warnings.push(facts) };
  const options = { owner: more.owner ?? 'one', generation: more.generation ?? 0 };
  const runner = new ReadModelRunner(model, { events, rows, vault, clock, log, decode: decodeNotes }, options);
  started.push(runner);
  runner.start();
  return runner;
}

/** Appends events, each to its own stream. Answers the last position. */
async function append(...events: readonly RecordedEvent[]): Promise<Position> {
  let position = '';
  for (const { stream, ...event } of events) {
    const last = revisions.get(stream);
    const toAppend: EventToAppend = {
      id: event.id,
      type: event.type,
      version: event.version,
      data: event.data,
      sealed: event.sealed,
      metadata: event.metadata,
    };
    const result = await stores.events.append(stream, last ?? 'no-stream', [toAppend]);
    if (result.outcome !== 'appended') throw new Error('The append was a conflict.');
    revisions.set(stream, result.revision);
    position = result.position;
  }
  return position;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It did not come to that in time.');
    await sleep(5);
  }
}
const rest = async (runner: ReadModelRunner): Promise<void> =>
  until(async () => runner.isAtRest(await stores.events.head()));

async function contentOf(copy: ReadModelCopy): Promise<string> {
  const rows = [];
  for await (const row of stores.rows.scan(copy)) rows.push(row);
  return JSON.stringify([rows, [...(await stores.rows.countsByPrefix(copy, ''))]]);
}
const countersOf = async ({ copy }: ReadModelRunner): Promise<object> =>
  Object.fromEntries(await stores.rows.countsByPrefix(copy, ''));
const inAnHour = (): string => new Date(stores.clock.now().getTime() + HOUR_MS).toISOString();

describe('following the log', () => {
  it('turns past and new events into rows', async () => {
    await append(named('f', 'Ideas'), written('1', 'f', 'first'));
    const runner = run();
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/open': 1 });
    await append(written('2', 'f', 'second'), noteEvent('other-1', 'Whatever'));
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/open': 2 });
    expect(runner.failure).toBeNull();
  });

  it('goes on after a stop where it was, each event counted once, as a fresh replay shows', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const writing = Promise.all(
        Array.from({ length: 30 }, (_, at) => append(written(`${turn}-${at}`, `f${at % 3}`, `text ${at}`))),
      );
      const runner = run(notesReadModel(), { owner: `start ${turn}` });
      await sleep(turn * 3);
      await runner.stop();
      await writing;
      await append(named(`f${turn % 3}`, `Name ${turn}`), noteEvent(`note-${turn}-1`, 'NoteErased'));
    }
    const [live, fresh] = [run(), run(notesReadModel(), { generation: 1 })];
    await rest(live);
    await rest(fresh);
    expect(await contentOf(live.copy)).toBe(await contentOf(fresh.copy));
    expect(Object.values(await countersOf(live)).reduce((sum: number, value) => sum + Number(value), 0)).toBe(116);
  });

  it('counts an event once where the answer to a save was lost', async () => {
    let lost = 0;
    const save: ReadStore['save'] = async (...saving) => {
      const result = await stores.rows.save(...saving);
      if (saving[2].puts.length > 0 && (lost += 1) <= 2) throw new Error('No answer.');
      return result;
    };
    await append(named('f', 'Ideas'), written('1', 'f', 'first'));
    const runner = run(notesReadModel(), { rows: { save } });
    await rest(runner);
    await append(written('2', 'f', 'second'));
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/open': 2 });
    expect(lost).toBeGreaterThan(1);
    expect(warnings[0]).toMatchObject({ readModel: 'notes' });
  });

  it('shows what holds it up, without the words of an error, and tries again', async () => {
    let isBroken = true;
    const model = notesReadModel();
    const project: typeof model.project = (row, opened) => {
      if (isBroken) throw new TypeError('secret words');
      return model.project(row, opened);
    };
    const runner = run({ ...model, project });
    await append(written('1', 'f', 'first'));
    await until(() => runner.failure !== null);
    expect(runner.failure).toBe('TypeError');
    expect(await runner.isAtRest(null)).toBe(false);
    expect(JSON.stringify(warnings)).not.toContain('secret words');
    isBroken = false;
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ '/open': 1 });
  });
});

describe('time', () => {
  it('renews descriptions when they are due: the clock was moved, or a row became due at once', async () => {
    const runner = run();
    await append(named('f', 'Ideas'), written('1', 'f', 'first', inAnHour()));
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/open': 1 });
    stores.clock.advance(HOUR_MS);
    runner.wake();
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/over': 1 });
    await append(written('2', 'f', 'second', stores.clock.now().toISOString()));
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ 'Ideas/over': 2 });
  });

  it('renews descriptions although nobody says that the time has moved', async () => {
    const runner = run();
    await append(written('1', 'f', 'first', inAnHour()));
    await rest(runner);
    stores.clock.advance(HOUR_MS);
    await until(async () => '/over' in (await countersOf(runner)));
  });
});

describe('the lease', () => {
  it('lets one runner write at a time; another takes over where the first one stops', async () => {
    const first = run(notesReadModel(), { owner: 'first' });
    await append(written('1', 'f', 'first'));
    await rest(first);
    const second = run(notesReadModel(), { owner: 'second' });
    await append(written('2', 'f', 'second'));
    await rest(first);
    expect(second.reached).toBeNull();
    await first.stop();
    await append(written('3', 'f', 'third'));
    await rest(second);
    expect(await countersOf(second)).toEqual({ '/open': 3 });
  });

  it('stops a runner whose lease another has taken, until it is free again', async () => {
    const leases: Lease[] = [];
    const acquireLease: ReadStore['acquireLease'] = async (name, owner, forMs) => {
      const lease = await stores.rows.acquireLease(name, owner, forMs);
      if (lease) leases.push(lease);
      return lease;
    };
    const runner = run(notesReadModel(), { rows: { acquireLease } });
    await append(written('1', 'f', 'first'));
    await rest(runner);
    const [held] = leases;
    if (!held) throw new Error('The runner holds no lease.');
    await stores.rows.releaseLease(held);
    const taken = await stores.rows.acquireLease(held.name, 'another', 60_000);
    await append(written('2', 'f', 'second'));
    await until(() => runner.failure === 'LeaseLost');
    await sleep(300);
    expect(await countersOf(runner)).toEqual({ '/open': 1 });
    if (taken) await stores.rows.releaseLease(taken);
    await rest(runner);
    expect(await countersOf(runner)).toEqual({ '/open': 2 });
  });
});

describe('to-dos', () => {
  const todo = (carryOut: Automation<NoteRow>['carryOut']): Automation<NoteRow> => ({ ...notesReadModel(), carryOut });
  const dueNote = (id: string): RecordedEvent => written(id, 'f', 'due', stores.clock.now().toISOString());
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
    const runner = run(
      untilErased(async ({ key, body, related, now }) => {
        carried.push(key);
        expect([body.kind, related.get('folder-f'), now]).toEqual([
          'note',
          { kind: 'folder', name: 'F' },
          stores.clock.now(),
        ]);
        return { done: await append(noteEvent(key, 'NoteErased')) };
      }),
    );
    await append(named('f', 'F'), ...Array.from({ length: 20 }, (_, at) => dueNote(String(at))));
    await rest(runner);
    expect(carried).toHaveLength(20);
    expect(new Set(carried).size).toBe(20);
    expect(await countersOf(runner)).toEqual({});
  });

  it('are not carried out before their time', async () => {
    let carried = 0;
    const runner = run(
      untilErased(async ({ key }) => {
        carried += 1;
        return { done: await append(noteEvent(key, 'NoteErased')) };
      }),
    );
    await append(written('1', 'f', 'later', inAnHour()));
    await rest(runner);
    expect(carried).toBe(0);
    stores.clock.advance(HOUR_MS);
    runner.wake();
    await rest(runner);
    expect(carried).toBe(1);
  });

  it('end without an event where they are settled', async () => {
    let carried = 0;
    const runner = run(
      untilErased(() => {
        carried += 1;
        return Promise.resolve({ settled: true });
      }),
    );
    await append(dueNote('1'));
    await rest(runner);
    expect([carried, await contentOf(runner.copy)]).toEqual([1, '[[],[]]']);
  });

  it.each<[string, () => Promise<TodoOutcome>, string]>([
    ['asked to come back later', () => Promise.resolve({ later: 'not-yet' }), 'not-yet'],
    ['failed', () => Promise.reject(new RangeError('secret words')), 'RangeError'],
  ])('are tried again with growing waits where they %s', async (_how, outcome, reason) => {
    const times: number[] = [];
    const postponed: object[] = [];
    const postpone: ReadStore['postpone'] = (copy, lease, key, postponement) => {
      postponed.push({ tries: postponement.tries, reason: postponement.reason });
      return stores.rows.postpone(copy, lease, key, postponement);
    };
    const automation = untilErased(async ({ key }) => {
      times.push(performance.now());
      return times.length < 3 ? outcome() : { done: await append(noteEvent(key, 'NoteErased')) };
    });
    const runner = run(automation, { rows: { postpone } });
    await append(dueNote('1'));
    await until(() => times.length === 3);
    await rest(runner);
    const [first = 0, second = 0, third = 0] = times;
    expect(second - first).toBeGreaterThan(190);
    expect(third - second).toBeGreaterThan(390);
    expect(postponed).toEqual([
      { tries: 1, reason },
      { tries: 2, reason },
    ]);
    expect(JSON.stringify(warnings)).not.toContain('secret words');
  });

  it('are parked for an operator at the twelfth try', async () => {
    let carried = 0;
    const postponed: unknown[] = [];
    const postpone: ReadStore['postpone'] = (copy, lease, key, postponement) => {
      postponed.push(postponement);
      return stores.rows.postpone(copy, lease, key, postponement);
    };
    const due: ReadStore['due'] = async (...asking) =>
      (await stores.rows.due(...asking)).map(({ row }) => ({
        row,
        postponement: { tries: 11, nextTryAt: '2000-01-01T00:00:00.000Z', reason: 'before' },
      }));
    const automation = untilErased(() => {
      carried += 1;
      return Promise.resolve({ later: 'never' });
    });
    const runner = run(automation, { rows: { postpone, due } });
    await append(dueNote('1'));
    await until(async () => (await stores.rows.countParked(runner.copy)) === 1);
    expect(postponed).toEqual([{ tries: 12, nextTryAt: null, reason: 'never' }]);
    await sleep(300);
    expect([carried, await stores.rows.nextDue(runner.copy, '')]).toEqual([1, null]);
    await append(noteEvent('note-1', 'NoteErased'));
    await until(async () => (await stores.rows.countParked(runner.copy)) === 0);
  });

  it('go on after a restart in the middle of them', async () => {
    let isFirst = true;
    const automation = untilErased(async ({ key }) => {
      if (isFirst) throw new Error('The process ends here.');
      return { done: await append(noteEvent(key, 'NoteErased')) };
    });
    const before = run(automation, { owner: 'before' });
    await append(dueNote('1'), dueNote('2'));
    await until(async () => warnings.length >= 2);
    await before.stop();
    isFirst = false;
    const after = run(automation, { owner: 'after' });
    await until(async () => (await contentOf(after.copy)) === '[[],[]]');
  });
});
