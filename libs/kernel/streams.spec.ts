import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CommandGate,
  isRefusal,
  newCommandId,
  StoreUnavailable,
  Streams,
  type EventStore,
  type Refusal,
} from './index.js';
import { close, count, countClosed, counter, countTo, type CounterState } from './spec-counter.js';
import { interposing, openSpecStores, specContext, type SpecStores } from './spec-stores.js';

let stores: SpecStores;
let id = '';
let here: Streams;
/** Another process over the same stores: it has kept other states. */
let there: Streams;
let counters = 0;

beforeAll(async () => (stores = await openSpecStores()));
afterAll(() => stores.dispose());
beforeEach(() => {
  id = `acc_${(counters += 1)}`;
  here = new Streams(stores.events, stores.vault);
  there = new Streams(stores.events, stores.vault);
});

const ok = <T extends object>(result: T | Refusal): T => {
  if (isRefusal(result)) throw new Error(`It was refused: ${result.code}.`);
  return result;
};
const codeOf = (result: object): string | null => (isRefusal(result) ? result.code : null);
/** What each step said that the count was before. */
const stepsOf = async (): Promise<readonly unknown[]> =>
  (await here.history(counter, id)).filter(({ type }) => type === 'Counted').map(({ data }) => data['before']);
const serial = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const over = (replaced: Partial<EventStore>): Streams =>
  new Streams(interposing(stores.events, replaced), stores.vault);

describe('a command', () => {
  it('writes what was decided and answers where the stream is now', async () => {
    const appended: string[] = [];
    const streams = new Streams(stores.events, stores.vault, (type) => appended.push(type));
    const first = ok(await count(streams, id));
    expect(first).toMatchObject({ id, revision: 0, state: { count: 1 }, events: [{ type: 'Counted' }] });
    const second = ok(await count(streams, id));
    expect(second).toMatchObject({ revision: 1, state: { count: 2 } });
    expect(stores.events.comparePositions(second.position, first.position)).toBeGreaterThan(0);
    expect(await there.load(counter, id)).toEqual({ state: second.state, revision: 1, position: second.position });
    expect(appended).toEqual(['Counted', 'Counted']);
  });

  it('answers the stream as it is where there is nothing to do', async () => {
    const first = ok(await countTo(here, id, 1));
    expect(ok(await countTo(here, id, 1))).toEqual({ ...first, events: [] });
    expect(ok(await countTo(here, `${id}-new`, 0))).toMatchObject({ revision: -1, events: [], position: '' });
  });

  it('reads streams longer than a page', async () => {
    const steps = 1_203;
    for (let written = 0; written < steps; written += 401) {
      ok(
        await here.execute({
          definition: counter,
          id,
          workspaceId: 'ws_1',
          context: specContext(),
          decide: ({ count: before }) =>
            serial(401).map((index) => ({ type: 'Counted', data: { before: before + index, subjects: [] } })),
        }),
      );
    }
    expect((await there.load(counter, id)).state.count).toBe(steps);
    expect(await stepsOf()).toEqual(serial(steps));
  });

  it('is refused where the subject’s key is destroyed and there is something to seal', async () => {
    await stores.vault.keyFor(id);
    await stores.vault.destroy(id);
    const execution = { definition: counter, id, workspaceId: 'ws_1', context: specContext() };
    const counted = { type: 'Counted' as const, data: { before: 0, subjects: [] }, personal: { note: 'x' } };
    expect(codeOf(await here.execute({ ...execution, decide: () => [counted] }))).toBe('not-found');
    expect(await stepsOf()).toEqual([]);
  });
});

describe('kept states', () => {
  it('never write wrongly when they are stale: the decision is made again', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      ok(await count(here, id));
      ok(await count(there, id));
    }
    expect(await stepsOf()).toEqual(serial(20));
  });

  it('decide nothing by themselves: what looks done is looked at on the newest state', async () => {
    ok(await countTo(here, id, 1));
    ok(await close(there, id));
    expect(ok(await close(here, id)).events).toEqual([]);
    expect(ok(await close(here, id)).revision).toBe(1);
    const goal = `${id}-goal`;
    ok(await countTo(here, goal, 3));
    ok(await countTo(there, goal, 3));
    ok(await countTo(there, goal, 3));
    expect(ok(await countTo(here, goal, 3))).toMatchObject({ events: [], revision: 2 });
  });

  it('refuse nothing by themselves either', async () => {
    ok(await count(here, id));
    ok(await close(there, id));
    expect(ok(await countClosed(here, id)).revision).toBe(2);
    expect(codeOf(await count(here, id))).toBe('already-decided');
  });

  it('are brought up to date where a stream is only consulted', async () => {
    ok(await count(here, id));
    ok(await count(there, id));
    expect((await here.load(counter, id)).state.count).toBe(2);
  });

  it('are forgotten when a store gave no answer, since it may have written', async () => {
    let isAway = false;
    const unanswered = over({
      append: async (...appending) => {
        const result = await stores.events.append(...appending);
        if (isAway) throw new StoreUnavailable('No answer.');
        return result;
      },
    });
    ok(await count(unanswered, id));
    isAway = true;
    await expect(count(unanswered, id)).rejects.toThrow(StoreUnavailable);
    isAway = false;
    const seen: CounterState[] = [];
    ok(await count(unanswered, id, {}, (state) => seen.push(state)));
    expect(seen.map((state) => state.count)).toEqual([2]);
    expect(await stepsOf()).toEqual(serial(3));
  });
});

describe('the revision that the caller saw', () => {
  it('must be the stream’s last one', async () => {
    ok(await count(here, id));
    ok(await count(there, id));
    for (const ifMatch of [0, 2]) {
      const refusal = await count(here, id, { ifMatch });
      expect(isRefusal(refusal) && refusal).toMatchObject({ code: 'revision-conflict', more: { precondition: true } });
    }
    expect(ok(await count(here, id, { ifMatch: 1 })).revision).toBe(2);
  });

  it('holds against a change that came between deciding and writing', async () => {
    ok(await count(here, id));
    const overtaken = over({
      append: async (...appending) => {
        await count(there, id);
        return stores.events.append(...appending);
      },
    });
    const refusal = await count(overtaken, id, { ifMatch: 0 });
    expect(isRefusal(refusal) && refusal.more.precondition).toBe(true);
    expect(await stepsOf()).toEqual(serial(2));
  });
});

describe('a command that may be done', () => {
  it('answers its own events, the state as it stood after them, and decides nothing', async () => {
    const commandId = newCommandId();
    const first = ok(await count(here, id, { commandId }));
    ok(await count(here, id));
    ok(await close(here, id));
    const seen: CounterState[] = [];
    const again = ok(await count(there, id, { commandId, mayBeDone: true }, (state) => seen.push(state)));
    expect(again).toMatchObject({ revision: 0, position: first.position, state: { count: 1, isClosed: false } });
    expect(again.events).toEqual([{ type: 'Counted', data: { before: 0, subjects: [] } }]);
    expect(seen).toEqual([]);
  });

  it('is carried out where it was not, and with what it was sent with', async () => {
    expect(ok(await count(here, id, { mayBeDone: true })).revision).toBe(0);
    expect(ok(await count(here, id, { mayBeDone: true, ifMatch: 0 })).revision).toBe(1);
    const commandId = newCommandId();
    ok(await count(here, id, { commandId, ifMatch: 1 }));
    expect(ok(await count(there, id, { commandId, ifMatch: 1, mayBeDone: true })).revision).toBe(2);
    expect(await stepsOf()).toEqual(serial(3));
  });

  it('is found after a conflict with its own unanswered append', async () => {
    const commandId = newCommandId();
    ok(await count(here, id));
    ok(await count(there, id, { commandId }));
    // The state kept here is older than that append: the retry conflicts, and finds what it has written.
    expect(ok(await count(here, id, { commandId }))).toMatchObject({ revision: 1, events: [{ type: 'Counted' }] });
    expect(await stepsOf()).toEqual(serial(2));
  });
});

describe('commands at once', () => {
  it('make one serial history: 64 of one process to one stream', async () => {
    const results = await Promise.all(serial(64).map(() => count(here, id)));
    expect(results.map((result) => ok(result).revision).sort((a, b) => a - b)).toEqual(serial(64));
    expect(await stepsOf()).toEqual(serial(64));
  });

  it('make one serial history from several processes, in which each is written once or refused', async () => {
    const processes = serial(4).map(() => new Streams(stores.events, stores.vault));
    const results = await Promise.all(
      serial(64).map((index) => count(processes[index % processes.length] ?? here, id)),
    );
    const written = results.filter((result) => !isRefusal(result));
    const refused = results.map(codeOf).filter((code) => code !== null);
    expect(new Set(refused).size).toBeLessThanOrEqual(1);
    if (refused.length > 0) expect(refused[0]).toBe('revision-conflict');
    expect(written.length).toBeGreaterThanOrEqual(32);
    expect(await stepsOf()).toEqual(serial(written.length));
  });

  it('are given up after a few tries where others keep changing the stream', async () => {
    let tries = 0;
    const losing = over({
      append: () => {
        tries += 1;
        return Promise.resolve({ outcome: 'conflict', actual: 0 });
      },
    });
    expect(codeOf(await count(losing, id))).toBe('revision-conflict');
    expect(tries).toBe(6);
  });

  it('go on after one that failed', async () => {
    const results = await Promise.allSettled([
      count(here, id, {}, () => {
        throw new Error('A bug.');
      }),
      count(here, id),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(await stepsOf()).toEqual([0]);
  });
});

describe('while no command may be accepted', () => {
  it('nothing is written and the answer says why, also where a command was begun before', async () => {
    let sentence: string | null = null;
    const gate = new CommandGate();
    gate.closeWhile(() => sentence);
    const guarded = new Streams(stores.events, stores.vault, undefined, gate);
    ok(await count(guarded, id));
    const begun = count(guarded, id, {}, () => (sentence = 'The log is another one.'));
    expect(await begun).toMatchObject({ code: 'unavailable', detail: 'The log is another one.' });
    expect(codeOf(await count(guarded, id))).toBe('unavailable');
    expect(await stepsOf()).toEqual([0]);
    sentence = null;
    ok(await count(guarded, id));
    expect(await stepsOf()).toEqual([0, 1]);
  });
});
