import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Automation } from './index.js';
import { named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { RunnerStage, until } from './spec-runner.js';

const PART = { name: 'notes', version: 1, partition: 0 };

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

const active = async (): Promise<number> => (await stage.stores.rows.generations(PART)).active;

describe('a generation that fills', () => {
  it('takes over once it has come as far as the active one, under load, and both are the same', async () => {
    const live = stage.run();
    await stage.append(named('f', 'Ideas'), ...Array.from({ length: 300 }, (_, at) => written(`${at}`, 'f', `t${at}`)));
    await stage.rest(live);
    let isWriting = true;
    const writing = (async () => {
      for (let at = 0; isWriting; at += 1) await stage.append(written(`${at % 300}`, 'f', `again ${at}`));
    })();
    const generation = await stage.stores.rows.fillAnother(PART);
    expect(await active()).toBe(0);
    const rebuilt = stage.run(notesReadModel(), { generation, fills: true });
    await until(async () => (await active()) === generation);
    isWriting = false;
    await writing;
    await stage.rest(live);
    await stage.rest(rebuilt);
    expect(await stage.contentOf(rebuilt.copy)).toBe(await stage.contentOf(live.copy));
    expect((await stage.stores.rows.generations(PART)).retired.map((one) => one.generation)).toEqual([0]);
  });

  it('does not take over from one that is ahead of it', async () => {
    const live = stage.run();
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(live);
    const generation = await stage.stores.rows.fillAnother(PART);
    const copy = { ...PART, generation };
    await stage.stores.rows.prepare(notesReadModel(), copy);
    expect(await stage.stores.rows.takeOver(copy, (filled, before) => filled !== null || before === null)).toBe(false);
    expect(await active()).toBe(0);
  });

  it('carries nothing out before it takes over, and nothing again afterwards', async () => {
    const carried: string[] = [];
    const now = stage.stores.clock.now().toISOString();
    const plain = notesReadModel();
    const automation: Automation<NoteRow> = {
      ...plain,
      describe: (key, row, related, at) => ({
        ...plain.describe(key, row, related, at),
        dueAt: row.kind === 'note' ? row.until : null,
      }),
      carryOut: async ({ key }) => {
        carried.push(key);
        await sleep(20);
        return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      },
    };
    const live = stage.run(automation);
    await stage.append(...Array.from({ length: 40 }, (_, at) => written(`${at}`, 'f', 'due', now)));
    const generation = await stage.stores.rows.fillAnother(PART);
    const rebuilt = stage.run(automation, { generation, fills: true });
    await until(async () => (await active()) === generation);
    await live.stop();
    await stage.append(...Array.from({ length: 10 }, (_, at) => written(`late ${at}`, 'f', 'due', now)));
    await stage.rest(rebuilt);
    await until(() => carried.length >= 50);
    expect(carried).toHaveLength(50);
    expect(new Set(carried).size).toBe(50);
  });

  it('lets one generation act at a time', async () => {
    const acting = new Set<string>();
    let together = 0;
    const due = stage.stores.clock.now().toISOString();
    const plain = notesReadModel();
    const automation = (name: string): Automation<NoteRow> => ({
      ...plain,
      describe: (key, row, related, at) => ({
        ...plain.describe(key, row, related, at),
        dueAt: row.kind === 'note' ? row.until : null,
      }),
      carryOut: async ({ key }) => {
        acting.add(name);
        together = Math.max(together, acting.size);
        const done = await stage.append(noteEvent(key, 'NoteErased'));
        acting.delete(name);
        return { done };
      },
    });
    const one = stage.run(automation('one'), { owner: 'one' });
    const two = stage.run(automation('two'), { owner: 'two', generation: 1 });
    await stage.append(...Array.from({ length: 60 }, (_, at) => written(`${at}`, 'f', 'due', due)));
    await until(async () => (await stage.stores.rows.nextDue(one.copy, '')) === null);
    await stage.rest(one);
    await stage.rest(two);
    expect(together).toBe(1);
  });
});

describe('standing aside', () => {
  it('lets another process keep the copy, without anything lost or done twice', async () => {
    const first = stage.run(notesReadModel(), { owner: 'first' });
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(first);
    const second = stage.run(notesReadModel(), { owner: 'second' });
    first.standAside(3_000);
    await until(() => second.isAtWork);
    expect(first.isAtWork).toBe(false);
    await stage.append(written('2', 'f', 'second'));
    await stage.rest(second);
    await second.stop();
    await until(() => first.isAtWork);
    await stage.append(written('3', 'f', 'third'));
    await stage.rest(first);
    expect(await stage.countersOf(first)).toEqual({ '/open': 3 });
  });
});

describe('the log', () => {
  it('is not followed by a copy that was made from another one', async () => {
    const runner = stage.run();
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(runner);
    await runner.stop();
    const { rows } = stage.stores;
    const lease = await rows.acquireLease('spec', 'spec', 60_000);
    if (!lease) throw new Error('The lease is taken.');
    const anchor = { position: '1', eventId: '00000000-0000-0000-0000-000000000000' };
    const checkpoint = { position: '1', anchor };
    await rows.save(runner.copy, lease, { puts: [], deletes: [], counts: new Map(), checkpoint });
    const again = stage.run(notesReadModel(), { owner: 'again' });
    await stage.append(written('2', 'f', 'second'));
    await until(() => again.failure === 'ForeignLog');
    expect(again.reached).toBeNull();
    expect(await stage.countersOf(again)).toEqual({ '/open': 1 });
    await rows.startAnew(PART);
    const { active: generation } = await rows.generations(PART);
    const anew = stage.run(notesReadModel(), { owner: 'anew', generation });
    await stage.rest(anew);
    expect(await stage.countersOf(anew)).toEqual({ '/open': 2 });
  }, 30_000);
});
