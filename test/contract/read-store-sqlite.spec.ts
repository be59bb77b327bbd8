import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { StoredRow } from '#kernel';
import { SqliteFile, SqliteReadStore } from '#read-store-sqlite';
import { acquire, row } from './read-store-case.js';
import { describeReadStore } from './read-store-contract.js';
import { checkIntegrity, Dice, Secrets } from './read-store-disk.js';

const LEASE_MS = 60_000;

describeReadStore('SQLite', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'read-store-'));
  const store = await SqliteReadStore.open({ dataDir });
  return {
    store,
    another: store,
    dispose: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});

describe('SqliteReadStore on disk', () => {
  const shape = {
    name: 'accounts',
    version: 1,
    fields: { workspace: 'text', name: 'text', status: 'text', size: 'number' },
    indexes: { byName: ['workspace', 'name'] },
    terms: ['words'],
  } as const;
  const copy = { name: 'accounts', version: 1, generation: 0, partition: 0 };
  const none = { puts: [], deletes: [], counts: new Map<string, number>(), checkpoint: null };
  let dataDir = '';
  let store: SqliteReadStore;

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'read-store-'));
    store = await SqliteReadStore.open({ dataDir: join(dataDir, 'made', 'by', 'open') });
    dataDir = join(dataDir, 'made', 'by', 'open');
    await store.prepare(shape, copy);
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });
  const reopen = async (): Promise<void> => {
    await store.close();
    store = await SqliteReadStore.open({ dataDir });
  };

  it('keeps everything when it is opened again', async () => {
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    const puts = [row('k1', { fields: { name: 'a' }, words: ['anna'], dueAt: '2030-01-01T00:00:00.000Z' }), row('k2')];
    const checkpoint = { position: '12', anchor: { position: '12', eventId: 'e12' } };
    await store.save(copy, lease, { ...none, puts, counts: new Map([['all', 2]]), checkpoint });
    await store.postpone(copy, lease, 'k1', { tries: 3, waitMs: null, reason: 'transient' });
    await reopen();
    expect(await store.checkpoint(copy)).toEqual(checkpoint);
    await store.prepare(shape, copy);
    expect([...(await store.load(copy, ['k1', 'k2'])).values()]).toEqual(puts);
    expect(await store.counts(copy, ['all'])).toEqual(new Map([['all', 2]]));
    expect(await store.findKeysByTerm(copy, { field: 'words', scope: 'ws_1', prefix: 'an', limit: 9 })).toEqual(['k1']);
    expect(await store.countParked(copy)).toBe(1);
    const changed = { ...shape, terms: [] };
    await expect(store.prepare(changed, copy)).rejects.toThrow(RangeError);
  });

  it('reads what another connection has written since, whatever it has read before', async () => {
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    await store.save(copy, lease, { ...none, puts: [row('k1', { fields: { name: 'a' } })] });
    expect((await store.load(copy, ['k1', 'k2'])).get('k1')?.fields['name']).toBe('a');
    const file = SqliteFile.open(join(dataDir, 'read.sqlite'), 'NORMAL');
    await file.write(() => file.database.exec(`UPDATE rows_1_ SET "field:name" = 'b'`));
    await file.close();
    expect((await store.load(copy, ['k1'])).get('k1')?.fields['name']).toBe('b');
    await store.save(copy, lease, { ...none, puts: [row('k1', { fields: { name: 'a' } }), row('k2')] });
    expect((await store.load(copy, ['k1', 'k2'])).get('k1')?.fields['name']).toBe('a');
  });

  it('keeps nothing of a transaction that failed', async () => {
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    await store.load(copy, ['k1']);
    const puts = [row('k1'), row('k2', { fields: { unheard: 'of' } })];
    await expect(store.save(copy, lease, { ...none, puts })).rejects.toThrow(RangeError);
    expect(await store.load(copy, ['k1', 'k2'])).toEqual(new Map());
    await store.save(copy, lease, { ...none, puts: [row('k1')] });
    expect([...(await store.load(copy, ['k1'])).keys()]).toEqual(['k1']);
  });

  it('treats the leases of an earlier opening as free, under a newer fence', async () => {
    const before = await acquire(store, 'lease', 'owner', LEASE_MS);
    expect(await store.acquireLease('lease', 'other', LEASE_MS)).toBeNull();
    expect(await store.leaseHolders('lease')).toEqual([{ name: 'lease', owner: 'owner' }]);
    await reopen();
    await store.prepare(shape, copy);
    expect(await store.leaseHolders('lease')).toEqual([]);
    const after = await acquire(store, 'lease', 'other', LEASE_MS);
    expect(after.fence).toBeGreaterThan(before.fence);
    expect(await store.save(copy, before, { ...none, puts: [row('k1')] })).toBe('fenced');
  });

  it('finishes a drop that was interrupted when it is opened again', async () => {
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    const puts = Array.from({ length: 2_000 }, (_, index) => row(`k${index}`, { words: ['dropped-content'] }));
    await store.save(copy, lease, { ...none, puts });
    const dropping = store.drop(copy);
    await new Promise((resolve) => setImmediate(resolve));
    // The file is taken away in the midst of it, as by a crash.
    store['file'].database.close();
    await expect(dropping).rejects.toThrow();
    store = await SqliteReadStore.open({ dataDir });
    const tables = store['file'].database
      .prepare<[], { name: string }>(`SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name`)
      .all();
    const ofCopies = tables.map(({ name }) => name).filter((name) => /^(rows|terms|counters)_/.test(name));
    expect(ofCopies).toEqual([]);
    expect(tables.map(({ name }) => name)).toContain('copies');
  });

  it('sets what makes it safe at every open', async () => {
    for (let opened = 0; opened < 2; opened += 1) {
      const { database } = store['file'];
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.pragma('synchronous', { simple: true })).toBe(1);
      expect(database.pragma('secure_delete', { simple: true })).toBe(1);
      await reopen();
    }
    expect(statSync(join(dataDir, 'read.sqlite')).mode & 0o077).toBe(0);
  });

  it('leaves no trace of removed content in any file after a scrub', async () => {
    const dice = new Dice(20_300_101);
    const secrets = new Secrets(dice);
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    const alive = new Map<string, string>();
    const put = (key: string): StoredRow => {
      const secret = secrets.make();
      alive.set(key, secret);
      const body = { text: 'x'.repeat(dice.roll(dice.roll(10) === 0 ? 9_000 : 900)), secret };
      return row(key, { fields: { name: secret }, words: [secret], counters: [secret], body });
    };
    const changeSome = async (): Promise<void> => {
      const keys = [...alive.keys()];
      const changed = [...new Set(Array.from({ length: 20 }, () => keys[dice.roll(keys.length)] ?? 'first'))];
      for (const key of changed) secrets.gone.add(alive.get(key) ?? '');
      const deletes = changed.slice(0, 8);
      for (const key of deletes) alive.delete(key);
      const added = Array.from({ length: 15 }, () => `stream-${dice.roll(2 ** 31)}`);
      await store.save(copy, lease, { ...none, puts: [...changed.slice(8), ...added].map(put), deletes });
    };
    for (let round = 0; round < 3; round += 1) {
      for (let batch = 0; batch < 60; batch += 1) await changeSome();
      expect(secrets.tracesIn(dataDir).length).toBeGreaterThan(0);
      await store.scrub();
      expect(secrets.tracesIn(dataDir)).toEqual([]);
    }
    // What was overwritten does not come back with what SQLite writes next.
    for (let batch = 0; batch < 5; batch += 1) {
      const goneBefore = new Set(secrets.gone);
      await changeSome();
      store['file'].database.pragma('wal_checkpoint(TRUNCATE)');
      expect(secrets.tracesIn(dataDir).filter((secret) => goneBefore.has(secret))).toEqual([]);
    }
    const rows = await store.load(copy, [...alive.keys()]);
    expect([...rows.values()].map(({ body }) => body['secret']).sort()).toEqual([...alive.values()].sort());
    await store.close();
    checkIntegrity(join(dataDir, 'read.sqlite'));
  });

  it('leaves no trace of a dropped copy in any file after a scrub', async () => {
    const secrets = new Secrets(new Dice(7));
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    const puts = Array.from({ length: 1_500 }, (_, index) => {
      const secret = secrets.make();
      secrets.gone.add(secret);
      return row(`k${index}`, { fields: { name: secret }, words: [secret], body: { secret } });
    });
    await store.save(copy, lease, {
      ...none,
      puts,
      counts: new Map(puts.map(({ body }) => [body['secret'] as string, 1])),
    });
    await store.drop(copy);
    await store.scrub();
    expect(secrets.tracesIn(dataDir)).toEqual([]);
  });

  it('takes writes while it is being scrubbed', async () => {
    const lease = await acquire(store, 'lease', 'owner', LEASE_MS);
    const many = (from: number): ReturnType<typeof row>[] =>
      Array.from({ length: 500 }, (_, index) => row(`k${from + ((index * 7_919) % 500)}`, { words: [`w${index}`] }));
    for (let from = 0; from < 10_000; from += 500) await store.save(copy, lease, { ...none, puts: many(from) });
    let isScrubbed = false;
    const scrubs = [store.scrub(), store.scrub(), store.scrub()];
    void Promise.all(scrubs).then(() => (isScrubbed = true));
    let written = 0;
    for (; !isScrubbed; written += 1) {
      await store.save(copy, lease, { ...none, puts: [row(`beside-${written}`)] });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(scrubs);
    expect(written).toBeGreaterThan(2);
    await store.close();
    checkIntegrity(join(dataDir, 'read.sqlite'));
  });

  it('closes twice, and makes one file', async () => {
    await store.close();
    await store.close();
    expect(readdirSync(dataDir)).toEqual(['read.sqlite']);
  });

  it('refuses to run at another durability than it was asked for', () => {
    const file = SqliteFile.open(join(dataDir, 'other.sqlite'), 'FULL');
    expect(file.database.pragma('synchronous', { simple: true })).toBe(2);
    return file.close();
  });
});
