import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Automation, EventStore, RecordedEvent, StoredRow } from '#kernel';
import { SqliteReadStore } from '#read-store-sqlite';
import { TodoMove } from './move-todos.js';
import { Positions } from './positions.js';

const MODEL: Automation = {
  ...{
    name: 'water-plants',
    version: 3,
    partitions: 2,
    fields: { pot: 'text' },
    indexes: { byPot: ['pot'] },
    terms: [],
  },
  ...{ follows: ['plant'], readsPersonalData: false },
  project: (row) => row,
  describe: () => ({ fields: {}, dueAt: null }),
  carryOut: () => Promise.reject(new Error('Nothing is carried out by a move.')),
};
const COPY = { name: MODEL.name, version: MODEL.version, generation: 0, partition: 1 };
const ROWS = 1_234;

/** A log of which nothing but its positions matters: in the source `7`, in the target `700/700`. */
const log = (form: (position: number) => string): EventStore =>
  ({
    readAt: (position: string) => {
      const revision = Number(position);
      const isThere = revision >= 1 && revision <= 9;
      return Promise.resolve(
        isThere ? ({ id: `event-${revision}`, stream: 'plant-1', revision } as RecordedEvent) : null,
      );
    },
    readStream: (_stream: string, revision: number) =>
      Promise.resolve([{ id: `event-${revision}`, position: form(revision) } as RecordedEvent]),
  }) as unknown as EventStore;

describe('moving to-dos', () => {
  let folder = '';
  let source: SqliteReadStore;
  let target: SqliteReadStore;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'move-todos-'));
    source = await SqliteReadStore.open({ dataDir: join(folder, 'source') });
    target = await SqliteReadStore.open({ dataDir: join(folder, 'target') });
  });
  afterEach(async () => {
    await source.close();
    await target.close();
    rmSync(folder, { recursive: true });
  });

  const rows: readonly StoredRow[] = Array.from({ length: ROWS }, (_, index) => ({
    key: `plant-${String(index).padStart(5, '0')}`,
    body: { pot: index % 7, due: index },
    fields: { pot: String(index % 7) },
    terms: {},
    counters: [`pot ${index % 7}`],
    dueAt: index % 2 === 0 ? '2029-03-01T09:00:00.000Z' : null,
  }));
  async function fill(store: SqliteReadStore, some: readonly StoredRow[], eventId: string | null, position = '7') {
    await store.prepare(MODEL, COPY);
    const lease = await store.acquireLease('fill', 'fill', 1);
    if (!lease) throw new Error('The lease is taken.');
    const counts = new Map<string, number>();
    for (const name of some.flatMap(({ counters }) => counters)) counts.set(name, (counts.get(name) ?? 0) + 1);
    const checkpoint = eventId === null ? null : { position, anchor: { position, eventId } };
    await store.save(COPY, lease, { puts: some, deletes: [], counts, checkpoint });
  }
  const move = (): Promise<number> => {
    const events = log(String);
    const positions = new Positions(
      events,
      log((position) => `${position}00/${position}00`),
    );
    return new TodoMove(source, target, positions, async (at) => (await events.readAt(at))?.id ?? null).run([MODEL]);
  };
  async function contentOf(store: SqliteReadStore): Promise<unknown> {
    await store.prepare(MODEL, COPY);
    const found: StoredRow[] = [];
    for await (const row of store.scan(COPY)) found.push(row);
    return [found, [...(await store.countsByPrefix(COPY, ''))].sort()];
  }

  it('moves rows and counters as they are, and the checkpoint in the words of the other log', async () => {
    await fill(source, rows, 'event-7');
    expect(await move()).toBe(7);
    expect(await contentOf(target)).toEqual(await contentOf(source));
    expect(await target.checkpoint(COPY)).toEqual({
      position: '700/700',
      anchor: { position: '700/700', eventId: 'event-7' },
    });
  });

  it('begins anew where an earlier run was interrupted, and leaves alone what is there', async () => {
    await fill(source, rows, 'event-7');
    await fill(target, [{ ...(rows[0] as StoredRow), key: 'plant-of-before' }], null);
    await move();
    expect(await contentOf(target)).toEqual(await contentOf(source));
    await fill(source, [{ ...(rows[0] as StoredRow), key: 'plant-since' }], 'event-8', '8');
    expect(await move()).toBe(0);
    expect(await target.checkpoint(COPY)).toEqual({
      position: '700/700',
      anchor: { position: '700/700', eventId: 'event-7' },
    });
  });

  it('leaves to the fold what has no checkpoint, or one of another log', async () => {
    expect(await move()).toBe(0);
    await fill(source, rows, 'an event of another log');
    expect(await move()).toBe(0);
    expect(await target.checkpoint(COPY)).toBeNull();
  });

  it('leaves a parked to-do parked, and to the fold an automation in which a stream is parked', async () => {
    await fill(source, rows, 'event-7');
    const lease = await source.acquireLease('fill', 'fill', 1);
    if (!lease) throw new Error('The lease is taken.');
    const key = rows[0]?.key ?? '';
    const parked = { tries: 12, waitMs: null, reason: 'Broken' };
    await source.postpone(COPY, lease, key, parked);
    expect(await move()).toBe(7);
    expect(await target.parkedRows(COPY, 10)).toMatchObject([
      { row: { key }, postponement: { tries: 12, nextTryAt: null, reason: 'Broken' } },
    ]);

    await target.drop(COPY);
    const waiting = {
      stream: 'plant-x',
      eventId: 'e',
      eventType: 'Watered',
      revision: 3,
      position: '5',
      since: '',
      ...parked,
    };
    const nothing = { puts: [], deletes: [], counts: new Map<string, number>(), checkpoint: null };
    await source.save(COPY, lease, { ...nothing, parks: [waiting] });
    expect(await move()).toBe(0);
    expect(await target.checkpoint(COPY)).toBeNull();
  });
});
