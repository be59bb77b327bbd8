import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lease, ReadModel, ReadStore } from './index.js';
import { named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { HOUR_MS, RunnerStage, until } from './spec-runner.js';

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

describe('following the log', () => {
  it('turns past and new events into rows', async () => {
    await stage.append(named('f', 'Ideas'), written('1', 'f', 'first'));
    const runner = stage.run();
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/open': 1 });
    await stage.append(written('2', 'f', 'second'), noteEvent('other-1', 'Whatever'));
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/open': 2 });
    expect(runner.failure).toBeNull();
  });

  it('goes on after a stop where it was, each event counted once, as a fresh replay shows', async () => {
    for (let turn = 0; turn < 4; turn += 1) {
      const writing = Promise.all(
        Array.from({ length: 30 }, (_, at) => stage.append(written(`${turn}-${at}`, `f${at % 3}`, `text ${at}`))),
      );
      const runner = stage.run(notesReadModel(), { owner: `start ${turn}` });
      await sleep(turn * 3);
      await runner.stop();
      await writing;
      await stage.append(named(`f${turn % 3}`, `Name ${turn}`), noteEvent(`note-${turn}-1`, 'NoteErased'));
    }
    const [live, fresh] = [stage.run(), stage.run(notesReadModel(), { generation: 1 })];
    await stage.rest(live);
    await stage.rest(fresh);
    expect(await stage.contentOf(live.copy)).toBe(await stage.contentOf(fresh.copy));
    const counted = Object.values(await stage.countersOf(live));
    expect(counted.reduce((sum, value) => sum + value, 0)).toBe(116);
  });

  it('counts an event once where the answer to a save was lost', async () => {
    let lost = 0;
    const save: ReadStore['save'] = async (...saving) => {
      const result = await stage.stores.rows.save(...saving);
      if (saving[2].puts.length > 0 && (lost += 1) <= 2) throw new Error('No answer.');
      return result;
    };
    await stage.append(named('f', 'Ideas'), written('1', 'f', 'first'));
    const runner = stage.run(notesReadModel(), { rows: { save } });
    await stage.rest(runner);
    await stage.append(written('2', 'f', 'second'));
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/open': 2 });
    expect(lost).toBeGreaterThan(1);
    expect(stage.warnings[0]).toMatchObject({ readModel: 'notes' });
  });

  it('folds an event once where the checkpoint that it began at was out of date, as after a change of primary', async () => {
    const model: ReadModel<NoteRow> = {
      ...notesReadModel(),
      project: (row, opened) =>
        opened.event.type === 'NoteRead' && row?.kind === 'note'
          ? { ...row, text: `${row.text}!` }
          : notesReadModel().project(row, opened),
    };
    const former = stage.run(model, { owner: 'former' });
    await stage.append(written('1', 'f', 'read'));
    await stage.rest(former);
    const stale = await stage.stores.rows.checkpoint(former.copy);
    await stage.append(noteEvent('note-1', 'NoteRead'));
    await stage.rest(former);
    await former.stop();
    let asked = 0;
    const checkpoint: ReadStore['checkpoint'] = (copy) =>
      (asked += 1) === 1 ? Promise.resolve(stale) : stage.stores.rows.checkpoint(copy);
    const runner = stage.run(model, { owner: 'next', rows: { checkpoint } });
    await stage.append(noteEvent('note-1', 'NoteRead'));
    await stage.rest(runner);
    const stored = await stage.stores.rows.load(runner.copy, ['note-1']);
    expect(stored.get('note-1')?.body).toMatchObject({ text: 'read!!' });
    expect(asked).toBeGreaterThan(1);
  });

  it('shows what holds it up, without the words of an error, and tries again', async () => {
    let isBroken = true;
    const save: ReadStore['save'] = async (...saving) => {
      if (isBroken) throw new TypeError('secret words');
      return stage.stores.rows.save(...saving);
    };
    const runner = stage.run(notesReadModel(), { rows: { save } });
    await stage.append(written('1', 'f', 'first'));
    await until(() => runner.failure !== null);
    expect(runner.failure).toBe('TypeError');
    expect(await runner.isAtRest(null)).toBe(false);
    expect(JSON.stringify(stage.warnings)).not.toContain('secret words');
    isBroken = false;
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ '/open': 1 });
  });
});

describe('time', () => {
  it('renews descriptions when they are due: the clock was moved, or a row became due at once', async () => {
    const runner = stage.run();
    await stage.append(named('f', 'Ideas'), written('1', 'f', 'first', stage.inAnHour()));
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/open': 1 });
    stage.stores.clock.advance(HOUR_MS);
    runner.wake();
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/over': 1 });
    await stage.append(written('2', 'f', 'second', stage.stores.clock.now().toISOString()));
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ 'Ideas/over': 2 });
  });

  it('renews descriptions although nobody says that the time has moved', async () => {
    const runner = stage.run();
    await stage.append(written('1', 'f', 'first', stage.inAnHour()));
    await stage.rest(runner);
    stage.stores.clock.advance(HOUR_MS);
    await until(async () => '/over' in (await stage.countersOf(runner)));
  });
});

describe('the lease', () => {
  it('goes on from the newest event of ours where its checkpoint rests on a record that is not there any more', async () => {
    const before = stage.run();
    await stage.append(named('f', 'F'), written('1', 'f', 'one'));
    await stage.rest(before);
    await before.stop();
    const { rows } = stage.stores;
    const checkpoint = await rows.checkpoint(before.copy);
    const lease = await rows.acquireLease('a restore', 'the one who restores', 1_000);
    if (!checkpoint || !lease) throw new Error('There is a checkpoint, and the lease is free.');
    const nothing = { puts: [], deletes: [], counts: new Map<string, number>(), parks: [], unparks: [] };
    const foreign = { ...checkpoint, position: '999' };
    expect(await rows.save(before.copy, lease, { ...nothing, checkpoint: foreign })).toBe('saved');
    await stage.append(written('2', 'f', 'two'));
    const after = stage.run(undefined, { owner: 'after' });
    await stage.rest(after);
    await until(async () => (await stage.countersOf(after))['F/open'] === 2);
    expect((await rows.checkpoint(after.copy))?.position).toBe(await stage.stores.events.head());
  });

  it('lets one runner write at a time; another takes over where the first one stops', async () => {
    const first = stage.run(notesReadModel(), { owner: 'first' });
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(first);
    const second = stage.run(notesReadModel(), { owner: 'second' });
    await stage.append(written('2', 'f', 'second'));
    await stage.rest(first);
    expect(second.reached).toBeNull();
    await first.stop();
    await stage.append(written('3', 'f', 'third'));
    await stage.rest(second);
    expect(await stage.countersOf(second)).toEqual({ '/open': 3 });
  });

  it('goes back to who left it to another as soon as that one has stopped', async () => {
    const first = stage.run(notesReadModel(), { owner: 'first' });
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(first);
    first.standAside(60_000);
    const second = stage.run(notesReadModel(), { owner: 'second' });
    await until(() => second.isAtWork);
    // So long that the first one has seen it.
    await sleep(1_200);
    expect([first.isAtWork, second.isAtWork]).toEqual([false, true]);
    await second.stop();
    await stage.append(written('2', 'f', 'second'));
    await stage.rest(first);
    expect(await stage.countersOf(first)).toEqual({ '/open': 2 });
  });

  it('stops a runner whose lease another has taken, until it is free again', async () => {
    const leases: Lease[] = [];
    const acquireLease: ReadStore['acquireLease'] = async (name, owner, forMs) => {
      const lease = await stage.stores.rows.acquireLease(name, owner, forMs);
      if (lease) leases.push(lease);
      return lease;
    };
    const runner = stage.run(notesReadModel(), { rows: { acquireLease } });
    await stage.append(written('1', 'f', 'first'));
    await stage.rest(runner);
    const [held] = leases;
    if (!held) throw new Error('The runner holds no lease.');
    await stage.stores.rows.releaseLease(held);
    const taken = await stage.stores.rows.acquireLease(held.name, 'another', 60_000);
    await stage.append(written('2', 'f', 'second'));
    await until(() => runner.failure === 'LeaseLost');
    await sleep(300);
    expect(await stage.countersOf(runner)).toEqual({ '/open': 1 });
    if (taken) await stage.stores.rows.releaseLease(taken);
    await stage.rest(runner);
    expect(await stage.countersOf(runner)).toEqual({ '/open': 2 });
  });
});
