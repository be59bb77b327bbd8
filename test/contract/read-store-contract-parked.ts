import { expect, it } from '@jest/globals';
import type { StreamToPark } from '#kernel';
import { acquire, byCodePoint, kept, row, type ReadStoreCase } from './read-store-case.js';

const LONG_MS = 60_000;
const RACES = 10;
const WAIT_LIMIT_MS = 10_000;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const parked = (stream: string, more: Partial<StreamToPark> = {}): StreamToPark => ({
  stream,
  eventId: `event of ${stream}`,
  eventType: 'AccountConnected',
  revision: 3,
  position: 'C:12/P:12',
  since: '2030-01-01T00:00:00.000Z',
  tries: 1,
  waitMs: null,
  reason: 'TypeError',
  ...more,
});

const namesOf = (streams: readonly { readonly stream: string }[]): readonly string[] =>
  streams.map(({ stream }) => stream);

export function describeParkedStreams(begin: () => Promise<ReadStoreCase>): void {
  const listed = async (rows: ReadStoreCase): Promise<readonly string[]> =>
    namesOf(await rows.another.parkedStreams(rows.copy, 100));
  const due = async (rows: ReadStoreCase, limit = 100): Promise<readonly string[]> =>
    namesOf(await rows.another.parkedStreamsDue(rows.copy, limit));

  it('keeps everything about a parked stream, by name, until it is unparked', async () => {
    const rows = await begin();
    const first = parked('account-b', { waitMs: LONG_MS });
    const second = parked('account-a', { revision: 0, tries: 12, eventType: '$stream', reason: '' });
    expect(await listed(rows)).toEqual([]);
    await rows.save({ parks: [first, second] });
    expect(await rows.another.parkedStreams(rows.copy, 100)).toEqual([kept(second), kept(first)]);
    expect(await rows.store.parkedStreams(rows.copy, 1)).toEqual([kept(second)]);
    await rows.save({ unparks: ['account-a', 'never there'] });
    expect(await rows.another.parkedStreams(rows.copy, 100)).toEqual([kept(first)]);
  });

  it('orders any names by code point', async () => {
    const rows = await begin();
    const names = ['b', 'a', 'a\u0000', 'Z', 'é', '\uFFFD', '\u{1F600}', '$x', 'a.b', ''];
    await rows.save({ parks: names.map((name) => parked(name)) });
    expect(await listed(rows)).toEqual(names.sort(byCodePoint));
    await rows.save({ unparks: names });
    expect(await listed(rows)).toEqual([]);
  });

  it('puts the next try of a parked stream off', async () => {
    const rows = await begin();
    await rows.save({ parks: [parked('account-1', { waitMs: 0 })] });
    expect(await due(rows)).toEqual(['account-1']);
    const later = parked('account-1', { tries: 2, waitMs: LONG_MS, reason: 'RangeError' });
    await rows.save({ parks: [later] });
    expect(await rows.another.parkedStreams(rows.copy, 100)).toEqual([kept(later)]);
    expect(await due(rows)).toEqual([]);
  });

  it('tells, by name, of those whose next try has come in real time', async () => {
    const rows = await begin();
    const comes = parked('account-2', { waitMs: 600 });
    const past = { waitMs: 0 };
    const startedAt = performance.now();
    const waits = [parked('account-4'), parked('account-5', { waitMs: LONG_MS })];
    await rows.save({ parks: [comes, parked('account-3', past), parked('account-1', past), ...waits] });
    expect(await due(rows)).toEqual(['account-1', 'account-3']);
    expect(await due(rows, 1)).toEqual(['account-1']);
    for (const deadline = Date.now() + WAIT_LIMIT_MS; (await due(rows)).length < 3 && Date.now() < deadline;) {
      await pause(20);
    }
    expect(await due(rows)).toEqual(['account-1', 'account-2', 'account-3']);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(comes.waitMs ?? 0);
  });

  it('lets anybody have a parked stream tried again at once, as if for the first time', async () => {
    const rows = await begin();
    const given = parked('account-1', { tries: 12 });
    await rows.save({ parks: [given, parked('account-2')] });
    expect(await rows.another.retryStream(rows.copy, 'account-1')).toBe(true);
    const [retried] = await rows.store.parkedStreamsDue(rows.copy, 100);
    expect(retried).toEqual(kept({ ...given, tries: 0, waitMs: 0 }));
    expect(await due(rows)).toEqual(['account-1']);
    expect(await rows.another.retryStream(rows.copy, 'account-9')).toBe(false);
    await rows.save({ unparks: ['account-1'] });
    expect(await rows.another.retryStream(rows.copy, 'account-1')).toBe(false);
    expect(await listed(rows)).toEqual(['account-2']);
  });

  it('loses no retry beside batches of other streams', async () => {
    const rows = await begin();
    const names = Array.from({ length: RACES }, (_, index) => `account-${index}`);
    await rows.save({ parks: names.map((name) => parked(name)) });
    let isOver = false;
    const batches = (async (): Promise<void> => {
      for (let position = 1; !isOver; position += 1) {
        const checkpoint = { position: String(position), anchor: null };
        await rows.save({ puts: [row('k1')], checkpoint, parks: [parked('other', { tries: position })] });
      }
    })();
    for (const name of names) expect(await rows.another.retryStream(rows.copy, name)).toBe(true);
    isOver = true;
    await batches;
    expect(await due(rows)).toEqual(names);
  });

  it('brings no stream back that is unparked beside a retry', async () => {
    const rows = await begin();
    for (let race = 0; race < RACES; race += 1) {
      await rows.save({ parks: [parked('account-1')] });
      await Promise.all([
        rows.another.retryStream(rows.copy, 'account-1'),
        rows.save({ puts: [row('k1')], unparks: ['account-1'] }),
      ]);
      expect(await listed(rows)).toEqual([]);
    }
  });

  it('parks and unparks with the rows and the checkpoint, or not at all', async () => {
    const rows = await begin();
    const name = `contested ${rows.copy.name}`;
    const stale = await acquire(rows.store, name, 'first', LONG_MS);
    await rows.save({ parks: [parked('account-1')], checkpoint: { position: '1', anchor: null } });
    await rows.store.releaseLease(stale);
    const current = await acquire(rows.another, name, 'second', LONG_MS);
    const changes = {
      puts: [row('k1')],
      deletes: [],
      counts: new Map<string, number>(),
      checkpoint: { position: '2', anchor: null },
      parks: [parked('account-2')],
      unparks: ['account-1'],
    };
    expect(await rows.store.save(rows.copy, stale, changes)).toBe('fenced');
    const refused = { ...changes, puts: [row('k1'), row('k2', { fields: { nowhere: 'x' } })] };
    await expect(rows.another.save(rows.copy, current, refused)).rejects.toThrow(RangeError);
    expect(await listed(rows)).toEqual(['account-1']);
    expect(await rows.load('k1')).toBeUndefined();
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '1', anchor: null });

    expect(await rows.another.save(rows.copy, current, changes)).toBe('saved');
    expect(await listed(rows)).toEqual(['account-2']);
    expect(await rows.load('k1')).toEqual(row('k1'));
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '2', anchor: null });
  });

  it('keeps copies apart, and nothing of one that was dropped', async () => {
    const rows = await begin();
    const other = await rows.prepareCopy({ partition: 1 });
    await rows.another.prepare(rows.shape, other);
    await rows.save({ parks: [parked('account-1', { waitMs: 0 })] });
    const none = { puts: [], deletes: [], counts: new Map<string, number>(), checkpoint: null };
    await rows.store.save(other, rows.lease, { ...none, parks: [parked('account-2')] });
    expect(namesOf(await rows.another.parkedStreams(other, 100))).toEqual(['account-2']);
    expect(await listed(rows)).toEqual(['account-1']);

    await rows.store.drop(rows.copy);
    await rows.store.prepare(rows.shape, rows.copy);
    expect(await rows.store.parkedStreams(rows.copy, 100)).toEqual([]);
    expect(await rows.store.parkedStreamsDue(rows.copy, 100)).toEqual([]);
    expect(await rows.store.retryStream(rows.copy, 'account-1')).toBe(false);
    expect(namesOf(await rows.another.parkedStreams(other, 100))).toEqual(['account-2']);
  });
}

export function describeParkedRows(begin: () => Promise<ReadStoreCase>): void {
  const dueAt = '2030-01-01T00:00:00.000Z';
  const later = '2031-01-01T00:00:00.000Z';
  const withDueRows = async (...keys: readonly string[]): Promise<ReadStoreCase> => {
    const rows = await begin();
    await rows.save({ puts: keys.map((key) => row(key, { dueAt })) });
    return rows;
  };
  const givenUp = { tries: 12, waitMs: null, reason: 'transient' };

  it('lists the rows that are parked, by key, and why', async () => {
    const rows = await withDueRows('k1', 'k2', 'k3');
    expect(await rows.another.parkedRows(rows.copy, 100)).toEqual([]);
    for (const key of ['k3', 'k1']) await rows.store.postpone(rows.copy, rows.lease, key, givenUp);
    await rows.store.postpone(rows.copy, rows.lease, 'k2', { ...givenUp, waitMs: LONG_MS });
    expect(await rows.another.parkedRows(rows.copy, 100)).toEqual([
      { row: row('k1', { dueAt }), postponement: kept(givenUp) },
      { row: row('k3', { dueAt }), postponement: kept(givenUp) },
    ]);
    expect((await rows.store.parkedRows(rows.copy, 1)).map((due) => due.row.key)).toEqual(['k1']);
  });

  it('lets anybody have a row tried again at once that was parked or postponed', async () => {
    const rows = await withDueRows('k1', 'k2', 'k3');
    await rows.store.postpone(rows.copy, rows.lease, 'k1', givenUp);
    await rows.store.postpone(rows.copy, rows.lease, 'k2', { ...givenUp, tries: 2, waitMs: LONG_MS });
    for (const key of ['k1', 'k2']) expect(await rows.another.retryRow(rows.copy, key)).toBe(true);
    for (const key of ['k1', 'k2', 'k3', 'k4']) expect(await rows.another.retryRow(rows.copy, key)).toBe(false);
    expect(await rows.store.countParked(rows.copy)).toBe(0);
    expect(await rows.store.due(rows.copy, later, 100)).toEqual(
      ['k1', 'k2', 'k3'].map((key) => ({ row: row(key, { dueAt }), postponement: null })),
    );
    expect(await rows.load('k4')).toBeUndefined();
  });

  it('has a row that is put beside its retry tried again, with what was put', async () => {
    const rows = await withDueRows('k1');
    for (let race = 0; race < RACES; race += 1) {
      await rows.store.postpone(rows.copy, rows.lease, 'k1', givenUp);
      const put = row('k1', { dueAt, body: { race } });
      await Promise.all([rows.another.retryRow(rows.copy, 'k1'), rows.save({ puts: [put] })]);
      expect(await rows.store.due(rows.copy, later, 100)).toEqual([{ row: put, postponement: null }]);
      expect(await rows.store.countParked(rows.copy)).toBe(0);
    }
  });
}

export function describeSkippedEvents(begin: () => Promise<ReadStoreCase>): void {
  it('passes over an event for good, in every copy of the read model and in no other', async () => {
    const rows = await begin();
    const { name } = rows.copy;
    expect(await rows.store.skippedEvents(name)).toEqual(new Set());
    await rows.store.skipEvent(name, 'e1');
    await Promise.all([rows.another.skipEvent(name, 'e2'), rows.store.skipEvent(name, 'e2')]);
    await rows.another.skipEvent(name, 'e1');
    await rows.store.skipEvent(`${name}0`, 'e3');
    expect(await rows.another.skippedEvents(name)).toEqual(new Set(['e1', 'e2']));
    await rows.store.drop(rows.copy);
    await rows.store.prepare(rows.shape, rows.copy);
    expect(await rows.store.skippedEvents(name)).toEqual(new Set(['e1', 'e2']));
    expect(await rows.another.skippedEvents(`${name}0`)).toEqual(new Set(['e3']));
  });
}
