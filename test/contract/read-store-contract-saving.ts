import { expect, it } from '@jest/globals';
import type { Checkpoint, StoredRow } from '#kernel';
import { row, type ReadStoreCase } from './read-store-case.js';

const AWKWARD_TEXTS = [
  '',
  ' ',
  'a\u0000b',
  '"\\/\b\n',
  "O'Brien",
  'Ünïcödé',
  '😀',
  '\u2028',
  '$set',
  'a.b.c',
  'ﬀ',
  '\uFFFD',
];

export function describeSaving(begin: () => Promise<ReadStoreCase>): void {
  it('gives a row back as it was put', async () => {
    const rows = await begin();
    const put = row('k1', {
      fields: { status: 'valid', name: 'Anna', size: 12.5 },
      words: ['anna', 'b'],
      members: [],
      counters: ['all', 'status|valid'],
      dueAt: '2030-01-01T00:00:00.000Z',
      body: { id: 'acc_1', nested: { list: [1, [2], { three: null }] }, yes: true },
    });
    await rows.save({ puts: [put] });
    expect(await rows.load('k1')).toEqual(put);
  });

  it('gives a body back to the byte, whatever JSON it is', async () => {
    const rows = await begin();
    const body = {
      zulu: 1,
      alpha: 2,
      numbers: [0, -1, 0.1, 1e-7, 1e21, 9_007_199_254_740_991, 5e-324, 1.7976931348623157e308],
      texts: AWKWARD_TEXTS,
      names: Object.fromEntries(AWKWARD_TEXTS.map((name, index) => [name, index])),
      empty: [{}, [], null],
      long: 'x'.repeat(200_000),
    };
    await rows.save({ puts: [row('k1', { body })] });
    expect(JSON.stringify((await rows.load('k1'))?.body)).toBe(JSON.stringify(body));
  });

  it('keeps any text as key, field, term and counter', async () => {
    const rows = await begin();
    const keys = AWKWARD_TEXTS.map((text) => `k${text}`);
    const puts = AWKWARD_TEXTS.map((text, index) =>
      row(keys[index] ?? '', { fields: { name: text }, words: [text], scope: text, counters: [text] }),
    );
    await rows.save({ puts, counts: Object.fromEntries(AWKWARD_TEXTS.map((text) => [text, 1])) });
    const loaded = await rows.store.load(rows.copy, keys);
    expect([...loaded.values()]).toEqual(puts);
    for (const [index, text] of AWKWARD_TEXTS.entries()) {
      expect(await rows.findKeys({ index: 'byName', equals: { workspace: 'ws_1', name: text } })).toEqual([
        keys[index],
      ]);
      const byTerm = { field: 'words', scope: text, prefix: text, exact: true, limit: 10 };
      expect(await rows.store.findKeysByTerm(rows.copy, byTerm)).toEqual([keys[index]]);
      expect(await rows.store.counts(rows.copy, [text])).toEqual(new Map([[text, 1]]));
    }
  });

  it('gives numbers back exactly', async () => {
    const rows = await begin();
    const sizes = [0, -1, 0.1, 9_007_199_254_740_991, -5e-324, 1.7976931348623157e308];
    await rows.save({ puts: sizes.map((size, index) => row(`k${index}`, { fields: { size } })) });
    for (const [index, size] of sizes.entries()) expect((await rows.load(`k${index}`))?.fields['size']).toBe(size);
  });

  it('gives a field that was left out back as null', async () => {
    const rows = await begin();
    const put: StoredRow = { ...row('k1'), fields: { workspace: 'ws_1' } };
    await rows.save({ puts: [put] });
    expect((await rows.load('k1'))?.fields).toEqual({ workspace: 'ws_1', status: null, name: null, size: null });
  });

  it('leaves rows that are not there out of the answer', async () => {
    const rows = await begin();
    await rows.save({ puts: [row('k1'), row('k2')] });
    expect([...(await rows.store.load(rows.copy, ['k2', 'k3', 'k1', 'k2'])).keys()].sort()).toEqual(['k1', 'k2']);
    expect(await rows.store.load(rows.copy, [])).toEqual(new Map());
  });

  it('replaces a row wholly, and deletes it', async () => {
    const rows = await begin();
    await rows.save({
      puts: [row('k1', { fields: { name: 'before' }, words: ['before'], counters: ['a'] }), row('k2')],
    });
    const after = row('k1', { fields: { size: 3 }, body: { after: true } });
    await rows.save({ puts: [after] });
    expect(await rows.load('k1')).toEqual(after);
    expect(await rows.findKeys({ index: 'byName', equals: { workspace: 'ws_1', name: 'before' } })).toEqual([]);
    await rows.save({ deletes: ['k1', 'never there'] });
    expect(await rows.load('k1')).toBeUndefined();
    expect(await rows.findKeys({ index: 'byWorkspace', equals: { workspace: 'ws_1' } })).toEqual(['k2']);
  });

  it('moves the checkpoint with the rows, and leaves it when none is given', async () => {
    const rows = await begin();
    expect(await rows.store.checkpoint(rows.copy)).toBeNull();
    await rows.save({ puts: [row('k1')], checkpoint: { position: '7', anchor: { position: '7', eventId: 'e7' } } });
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '7', anchor: { position: '7', eventId: 'e7' } });
    await rows.save({ puts: [row('k2')] });
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '7', anchor: { position: '7', eventId: 'e7' } });
    const overEventsOfOthers = { position: 'C:12/P:12', anchor: { position: 'C:7/P:7', eventId: 'e7' } };
    await rows.save({ checkpoint: overEventsOfOthers });
    expect(await rows.store.checkpoint(rows.copy)).toEqual(overEventsOfOthers);
    await rows.save({ checkpoint: { position: 'C:13/P:13', anchor: null } });
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: 'C:13/P:13', anchor: null });
  });

  it('changes nothing where the copy does not stand where its writer believes', async () => {
    const rows = await begin();
    const at = (position: string) => ({ position, anchor: null });
    const save = (standsAt: string | null, checkpoint: Checkpoint | null, put = 'k2', deletes = ['k1']) => {
      const changes = { puts: [row(put)], deletes, counts: new Map([['all', 5]]), checkpoint, standsAt };
      return rows.store.save(rows.copy, rows.lease, changes);
    };
    expect(await save('1', at('2'))).toBe('fenced');
    expect(await rows.store.checkpoint(rows.copy)).toBeNull();
    expect(await save(null, at('1'), 'k1', [])).toBe('saved');
    for (const believed of [null, '0', '2']) {
      expect(await save(believed, at('2'))).toBe('fenced');
      expect(await save(believed, null)).toBe('fenced');
    }
    expect(await rows.store.checkpoint(rows.copy)).toEqual(at('1'));
    expect([...(await rows.store.load(rows.copy, ['k1', 'k2'])).keys()]).toEqual(['k1']);
    expect(await rows.store.counts(rows.copy, ['all'])).toEqual(new Map([['all', 5]]));
    expect(await save('1', null)).toBe('saved');
    expect(await save('1', at('2'))).toBe('saved');
    expect(await rows.store.checkpoint(rows.copy)).toEqual(at('2'));
  });

  it('takes a thousand changes in one transaction', async () => {
    const rows = await begin();
    const puts = Array.from({ length: 1_000 }, (_, index) =>
      row(`k${index}`, { words: [`w${index}`], counters: ['all'] }),
    );
    await rows.save({ puts, counts: { all: 1_000 } });
    await rows.save({ deletes: puts.slice(0, 999).map(({ key }) => key), counts: { all: -999 } });
    expect(await rows.findKeys({ index: 'byWorkspace', equals: { workspace: 'ws_1' } })).toEqual(['k999']);
    expect(await rows.store.counts(rows.copy, ['all'])).toEqual(new Map([['all', 1]]));
  });

  it('changes nothing when a part of the changes is refused', async () => {
    const rows = await begin();
    await rows.save({ puts: [row('k1')], counts: { all: 1 }, checkpoint: { position: '1', anchor: null } });
    const unknownField = row('k3', { fields: { nowhere: 'x' } });
    const changes = { puts: [row('k2'), unknownField], deletes: ['k1'], counts: { all: 5 } };
    const checkpoint = { position: '2', anchor: null };
    await expect(rows.save({ ...changes, checkpoint })).rejects.toThrow(RangeError);
    expect([...(await rows.store.load(rows.copy, ['k1', 'k2', 'k3'])).keys()]).toEqual(['k1']);
    expect(await rows.store.counts(rows.copy, ['all'])).toEqual(new Map([['all', 1]]));
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '1', anchor: null });
    const unknownTerm: StoredRow = { ...row('k4'), terms: { nowhere: { scope: 's', values: ['x'] } } };
    await expect(rows.save({ puts: [unknownTerm] })).rejects.toThrow(RangeError);
  });

  it('answers at least as new as the checkpoint that was read before', async () => {
    const rows = await begin();
    let isWriting = true;
    const write = async (): Promise<void> => {
      for (let position = 1; position <= 100; position += 1) {
        const checkpoint = { position: String(position), anchor: null };
        const puts = [row('k1', { fields: { size: position }, body: { position } })];
        await rows.save({ puts, counts: { seen: 1 }, checkpoint });
      }
      isWriting = false;
    };
    const read = async (): Promise<void> => {
      const stores = [rows.store, rows.another];
      for (let turn = 0; isWriting; turn += 1) {
        const store = stores[turn % 2] ?? rows.store;
        const reached = Number((await store.checkpoint(rows.copy))?.position ?? 0);
        const loaded = (await store.load(rows.copy, ['k1'])).get('k1')?.body['position'] ?? 0;
        const query = { index: 'bySize', equals: { workspace: 'ws_1' }, order: 'ascending', limit: 1 } as const;
        const found = (await store.find(rows.copy, query))[0]?.fields['size'] ?? 0;
        const counted = (await store.counts(rows.copy, ['seen'])).get('seen') ?? 0;
        for (const seen of [loaded, found, counted]) expect(seen).toBeGreaterThanOrEqual(reached);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all([write(), read()]);
  });

  it('tells listeners of checkpoints until they stop listening', async () => {
    const rows = await begin();
    const heard: string[] = [];
    const stop = rows.another.onCheckpoint((copy) => heard.push(copy.name));
    const deadline = Date.now() + 10_000;
    for (let position = 1; !heard.includes(rows.copy.name) && Date.now() < deadline; position += 1) {
      await rows.save({ checkpoint: { position: String(position), anchor: null } });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(heard).toContain(rows.copy.name);
    stop();
    const heardBefore = heard.length;
    await rows.save({ checkpoint: { position: '1000', anchor: null } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toHaveLength(heardBefore);
  });
}
