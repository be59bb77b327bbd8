import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Lease, ReadModel, ReadModelCopy, RecordedEvent, RowChanges, StoredRow } from './index.js';
import { LeaseLost, RowWriter } from './row-writer.js';
import { decodeNotes, named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { interposing, openSpecStores, type SpecStores } from './spec-stores.js';

const HOUR_MS = 3_600_000;
const LEASE_MS = 60_000;

let stores: SpecStores;
let position = 0;
/** What was saved, in order. */
let saved: RowChanges[] = [];

beforeEach(async () => {
  stores = await openSpecStores();
  saved = [];
  position = 0;
});
afterEach(() => stores.dispose());

interface Writing {
  readonly writer: RowWriter;
  readonly copy: ReadModelCopy;
  readonly lease: Lease;
}

async function begin(model: ReadModel<NoteRow> = notesReadModel(), partition = 0): Promise<Writing> {
  const copy = { name: model.name, version: model.version, generation: 0, partition };
  await stores.rows.prepare(model, copy);
  const lease = await stores.rows.acquireLease('notes', 'spec', LEASE_MS);
  if (!lease) throw new Error('The lease is taken.');
  const rows = interposing(stores.rows, {
    save: (of, under, changes) => {
      saved.push(changes);
      return stores.rows.save(of, under, changes);
    },
  });
  const { events, vault, clock } = stores;
  const writer = new RowWriter(model, copy, { events, rows, vault, clock, decode: decodeNotes }, () => lease);
  return { writer, copy, lease };
}

const batch = (...events: readonly RecordedEvent[]) => {
  const placed = events.map((event) => ({ ...event, position: String((position += 1)) }));
  return { events: placed, position: String(position) };
};
const rowOf = async ({ copy }: Writing, key: string): Promise<StoredRow | undefined> =>
  (await stores.rows.load(copy, [key])).get(key);
const counters = async ({ copy }: Writing): Promise<object> =>
  Object.fromEntries(await stores.rows.countsByPrefix(copy, ''));
const putKeys = (): readonly string[] => saved.flatMap(({ puts }) => puts.map(({ key }) => key));

describe('a batch', () => {
  it('moves rows, counters and checkpoint in one transaction', async () => {
    const writing = await begin();
    const events = batch(named('f', 'Ideas'), written('1', 'f', 'first note'), written('2', 'f', 'second'));
    await writing.writer.apply(events);
    expect(saved).toHaveLength(1);
    expect(await rowOf(writing, 'note-1')).toEqual({
      key: 'note-1',
      body: { kind: 'note', folder: 'f', text: 'first note', until: null },
      fields: { folder: 'f', text: 'first note', folderName: 'Ideas', isOver: 0 },
      terms: { word: { scope: 'f', values: ['first', 'note'] } },
      counters: ['Ideas/open'],
      dueAt: null,
    });
    expect(await counters(writing)).toEqual({ 'Ideas/open': 2 });
    expect(await stores.rows.checkpoint(writing.copy)).toEqual({
      position: '3',
      anchor: { position: '3', eventId: events.events[2]?.id },
    });
  });

  it('removes rows, with their counters and terms', async () => {
    const writing = await begin();
    await writing.writer.apply(batch(named('f', 'Ideas'), written('1', 'f', 'gone')));
    await writing.writer.apply(batch(noteEvent('note-1', 'NoteErased')));
    expect(await rowOf(writing, 'note-1')).toBeUndefined();
    expect(await counters(writing)).toEqual({});
    const query = { field: 'word', scope: 'f', prefix: '', limit: 9 };
    expect(await stores.rows.findKeysByTerm(writing.copy, query)).toEqual([]);
    await writing.writer.apply(batch(written('2', 'f', 'brief'), noteEvent('note-2', 'NoteErased')));
    expect(await counters(writing)).toEqual({});
  });

  it('leaves rows alone that come out as they were, and still moves on', async () => {
    const writing = await begin();
    await writing.writer.apply(batch(written('1', 'f', 'first')));
    saved = [];
    await writing.writer.apply(batch(noteEvent('note-1', 'NoteRead')));
    expect(putKeys()).toEqual([]);
    expect((await stores.rows.checkpoint(writing.copy))?.position).toBe('2');
  });

  it('of others moves the checkpoint alone, not at every one of them', async () => {
    const writing = await begin();
    const others = () => batch(noteEvent('other-1', 'Whatever'));
    for (let turn = 0; turn < 5; turn += 1) await writing.writer.apply(others());
    expect(saved.length).toBeLessThan(5);
    await writing.writer.saveProgress();
    expect(putKeys()).toEqual([]);
    expect((await stores.rows.checkpoint(writing.copy))?.position).toBe('5');
    saved = [];
    await writing.writer.saveProgress();
    expect(saved).toEqual([]);
  });

  it('names the newest event beside a checkpoint that stands behind it', async () => {
    const writing = await begin();
    const events = batch(written('1', 'f', 'first'));
    await writing.writer.apply({ ...events, position: '9' });
    await writing.writer.apply({ events: [], position: '12' });
    await writing.writer.saveProgress();
    const anchor = { position: events.position, eventId: events.events[0]?.id };
    expect(await stores.rows.checkpoint(writing.copy)).toEqual({ position: '12', anchor });
  });

  it('takes the events of its partition alone', async () => {
    const model = { ...notesReadModel(), partitions: 2 };
    const [zero, one] = [await begin(model, 0), await begin(model, 1)];
    const events = batch(written('1', 'f', 'first'));
    await zero.writer.apply(events);
    await one.writer.apply(events);
    const found = await Promise.all([zero, one].map((writing) => rowOf(writing, 'note-1')));
    expect(found.filter((row) => row !== undefined)).toHaveLength(1);
  });
});

describe('rows that depend on a row', () => {
  it('are renewed with it in the same transaction, whichever came first', async () => {
    const writing = await begin();
    await writing.writer.apply(
      batch(written('1', 'f', 'first'), written('2', 'f', 'second'), written('3', 'g', 'third')),
    );
    expect(await counters(writing)).toEqual({ '/open': 3 });
    saved = [];
    await writing.writer.apply(batch(named('f', 'Ideas')));
    expect(saved).toHaveLength(1);
    expect(putKeys().slice().sort()).toEqual(['folder-f', 'note-1', 'note-2']);
    expect(await counters(writing)).toEqual({ '/open': 1, 'Ideas/open': 2 });
  });

  it.each(['byFolder', 'byFolderAndText'] as const)('are all renewed when they are many, found %s', async (index) => {
    const many = 1_203;
    const writing = await begin(notesReadModel(index));
    const notes = Array.from({ length: many }, (_, at) => written(String(at), 'f', `text ${at % 7}`));
    await writing.writer.apply(batch(named('f', 'Ideas'), written('x', 'g', 'elsewhere'), ...notes));
    saved = [];
    await writing.writer.apply(batch(named('f', 'Plans'), written('7', 'f', 'in the same batch')));
    expect(await counters(writing)).toEqual({ 'Plans/open': many, '/open': 1 });
    expect(new Set(putKeys()).size).toBe(many + 1);
    for (const { puts } of saved) expect(puts.length).toBeLessThanOrEqual(502);
    expect(saved.filter(({ checkpoint }) => checkpoint !== null)).toHaveLength(1);
    expect(saved.at(-1)?.checkpoint).not.toBeNull();
  });

  it.each([
    ['before', [noteEvent('note-1', 'NoteRead'), named('f', 'Plans')]],
    ['behind', [named('f', 'Plans'), noteEvent('note-1', 'NoteRead')]],
  ])('are renewed even where an event of their own %s it leaves them as they were', async (_where, events) => {
    const writing = await begin();
    await writing.writer.apply(batch(named('f', 'Ideas'), written('1', 'f', 'first'), written('2', 'f', 'second')));
    await writing.writer.apply(batch(...events));
    expect(await counters(writing)).toEqual({ 'Plans/open': 2 });
    expect((await rowOf(writing, 'note-1'))?.fields['folderName']).toBe('Plans');
  });

  it('look at the row as the batch leaves it', async () => {
    const writing = await begin();
    await writing.writer.apply(batch(written('1', 'f', 'first'), named('f', 'Ideas'), named('f', 'Plans')));
    expect((await rowOf(writing, 'note-1'))?.fields['folderName']).toBe('Plans');
  });
});

describe('time', () => {
  it('describes rows anew when they are due, and moves their counters', async () => {
    const writing = await begin();
    const until = new Date(stores.clock.now().getTime() + HOUR_MS).toISOString();
    await writing.writer.apply(batch(named('f', 'Ideas'), written('1', 'f', 'first', until)));
    expect((await rowOf(writing, 'note-1'))?.dueAt).toBe(until);
    stores.clock.advance(HOUR_MS);
    const due = await stores.rows.due(writing.copy, stores.clock.now().toISOString(), 9);
    await writing.writer.redescribe(due.map(({ row }) => row.key));
    expect(await rowOf(writing, 'note-1')).toMatchObject({ fields: { isOver: 1 }, dueAt: null });
    expect(await counters(writing)).toEqual({ 'Ideas/over': 1 });
    expect(await stores.rows.checkpoint(writing.copy)).toMatchObject({ position: '2' });
  });

  it('passes rows by that are gone meanwhile', async () => {
    const writing = await begin();
    await writing.writer.redescribe(['note-gone']);
    expect(putKeys()).toEqual([]);
  });

  it('ends a row that is settled', async () => {
    const writing = await begin();
    await writing.writer.apply(batch(written('1', 'f', 'first')));
    const row = await rowOf(writing, 'note-1');
    if (row) await writing.writer.settle(row);
    expect(await rowOf(writing, 'note-1')).toBeUndefined();
    expect(await counters(writing)).toEqual({});
  });
});

describe('a lease that another has taken', () => {
  it('lets nothing be written any more', async () => {
    const writing = await begin();
    await writing.writer.apply(batch(written('1', 'f', 'first', stores.clock.now().toISOString())));
    await stores.rows.releaseLease(writing.lease);
    expect(await stores.rows.acquireLease('notes', 'another', LEASE_MS)).not.toBeNull();
    await expect(writing.writer.apply(batch(written('2', 'f', 'second')))).rejects.toThrow(LeaseLost);
    await expect(writing.writer.redescribe(['note-1'])).rejects.toThrow(LeaseLost);
    expect(await rowOf(writing, 'note-2')).toBeUndefined();
    expect((await stores.rows.checkpoint(writing.copy))?.position).toBe('1');
  });
});
