import { expect, it } from '@jest/globals';
import type { FailedTry } from '#kernel';
import { kept, row, type ReadStoreCase } from './read-store-case.js';

const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString();

export function describeDueWork(begin: () => Promise<ReadStoreCase>): void {
  const dueKeys = async (rows: ReadStoreCase, instant: string, limit = 100): Promise<readonly string[]> =>
    (await rows.store.due(rows.copy, instant, limit)).map((due) => due.row.key);
  const postpone = (rows: ReadStoreCase, key: string, failedTry: FailedTry): Promise<'saved' | 'fenced'> =>
    rows.store.postpone(rows.copy, rows.lease, key, failedTry);
  const twoDue = async (): Promise<ReadStoreCase> => {
    const rows = await begin();
    await rows.save({ puts: [row('k1', { dueAt: at(1) }), row('k2', { dueAt: at(2) })] });
    return rows;
  };

  it('answers the rows that are due, oldest first and by key, without those that never are', async () => {
    const rows = await begin();
    const dues = { k1: at(3), k2: at(1), k3: null, k4: at(2), k5: at(1), k6: at(4) };
    await rows.save({ puts: Object.entries(dues).map(([key, dueAt]) => row(key, { dueAt })) });
    expect(await dueKeys(rows, at(0))).toEqual([]);
    expect(await dueKeys(rows, at(3))).toEqual(['k2', 'k5', 'k4', 'k1']);
    expect(await dueKeys(rows, at(3), 2)).toEqual(['k2', 'k5']);
    const [first] = await rows.store.due(rows.copy, at(1), 1);
    expect(first).toEqual({ row: row('k2', { dueAt: at(1) }), postponement: null });
  });

  it('knows the next instant behind another', async () => {
    const rows = await begin();
    expect(await rows.store.nextDue(rows.copy, at(0))).toBeNull();
    await rows.save({ puts: [row('k1', { dueAt: at(3) }), row('k2', { dueAt: at(1) }), row('k3')] });
    expect(await rows.store.nextDue(rows.copy, at(0))).toBe(at(1));
    expect(await rows.store.nextDue(rows.copy, at(1))).toBe(at(3));
    expect(await rows.store.nextDue(rows.copy, at(3))).toBeNull();
  });

  it('follows a row whose due instant changes', async () => {
    const rows = await twoDue();
    await rows.save({ puts: [row('k1', { dueAt: at(5) }), row('k2')] });
    expect(await dueKeys(rows, at(4))).toEqual([]);
    expect(await dueKeys(rows, at(5))).toEqual(['k1']);
    await rows.save({ deletes: ['k1'] });
    expect(await dueKeys(rows, at(5))).toEqual([]);
  });

  it('leaves a postponed row out until its next try in real time', async () => {
    const rows = await twoDue();
    const failedTry = { tries: 2, waitMs: 600, reason: 'rate-limited' };
    const postponement = kept(failedTry);
    expect(await postpone(rows, 'k1', failedTry)).toBe('saved');
    expect(await dueKeys(rows, at(60))).toEqual(['k2']);
    // It is still due, and not parked.
    expect(await rows.store.nextDue(rows.copy, at(0))).toBe(at(1));
    expect(await rows.store.countParked(rows.copy)).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 900));
    const [first] = await rows.store.due(rows.copy, at(60), 1);
    expect(first).toEqual({ row: row('k1', { dueAt: at(1) }), postponement });
  });

  it('leaves a parked row out, counts it, and takes it back with a next try', async () => {
    const rows = await twoDue();
    await postpone(rows, 'k1', { tries: 12, waitMs: null, reason: 'transient' });
    expect(await dueKeys(rows, at(60))).toEqual(['k2']);
    expect(await rows.store.countParked(rows.copy)).toBe(1);
    expect(await rows.store.nextDue(rows.copy, at(0))).toBe(at(2));
    const again = { tries: 12, waitMs: 0, reason: '$tries' };
    await postpone(rows, 'k1', again);
    expect(await rows.store.countParked(rows.copy)).toBe(0);
    expect((await rows.store.due(rows.copy, at(60), 1))[0]?.postponement).toEqual(kept(again));
  });

  it('ends a postponement when the row is put again', async () => {
    const rows = await twoDue();
    await postpone(rows, 'k1', { tries: 12, waitMs: null, reason: 'transient' });
    await postpone(rows, 'k2', { tries: 0, waitMs: 60_000, reason: '' });
    await rows.save({ puts: [row('k1', { dueAt: at(1) }), row('k2', { dueAt: at(2) })] });
    expect(await rows.store.due(rows.copy, at(60), 10)).toEqual([
      { row: row('k1', { dueAt: at(1) }), postponement: null },
      { row: row('k2', { dueAt: at(2) }), postponement: null },
    ]);
    expect(await rows.store.countParked(rows.copy)).toBe(0);
  });

  it('ends a postponement when the row is deleted', async () => {
    const rows = await twoDue();
    await postpone(rows, 'k1', { tries: 12, waitMs: null, reason: 'transient' });
    await rows.save({ deletes: ['k1'] });
    expect(await rows.store.countParked(rows.copy)).toBe(0);
    await rows.save({ puts: [row('k1', { dueAt: at(1) })] });
    expect((await rows.store.due(rows.copy, at(60), 1))[0]).toEqual({
      row: row('k1', { dueAt: at(1) }),
      postponement: null,
    });
  });

  it('keeps nothing for a row that is not there', async () => {
    const rows = await begin();
    expect(await postpone(rows, 'k1', { tries: 1, waitMs: null, reason: 'transient' })).toBe('saved');
    expect(await rows.store.countParked(rows.copy)).toBe(0);
    expect(await rows.load('k1')).toBeUndefined();
    expect(await dueKeys(rows, at(60))).toEqual([]);
  });

  it('gives a postponed row back unchanged otherwise', async () => {
    const rows = await begin();
    const put = row('k1', { fields: { name: 'a' }, words: ['a'], counters: ['all'], dueAt: at(1) });
    await rows.save({
      puts: [put],
      counts: { all: 1 },
      checkpoint: { position: '4', anchor: { position: '4', eventId: 'e4' } },
    });
    await postpone(rows, 'k1', { tries: 3, waitMs: null, reason: 'transient' });
    expect(await rows.load('k1')).toEqual(put);
    expect(await rows.findKeys({ index: 'byName', equals: { workspace: 'ws_1' } })).toEqual(['k1']);
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '4', anchor: { position: '4', eventId: 'e4' } });
  });
}
