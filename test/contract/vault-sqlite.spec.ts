import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable } from '#kernel';
import { SqliteVaultStore } from '#vault-sqlite';
import { checkIntegrity, Dice, Secrets } from './read-store-disk.js';
import { times, VaultCase, wrappedKey } from './vault-case.js';
import { describeVaultStore } from './vault-store-contract.js';

describeVaultStore('SQLite', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'vault-'));
  const store = await SqliteVaultStore.open({ dataDir });
  return {
    store,
    another: store,
    dispose: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});

describe('SqliteVaultStore on disk', () => {
  let dataDir = '';
  let store: SqliteVaultStore;
  let vault: VaultCase;

  const open = async (): Promise<void> => {
    store = await SqliteVaultStore.open({ dataDir });
    vault = new VaultCase({ store, another: store, dispose: () => Promise.resolve() });
  };
  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'vault-'));
    await open();
  });
  afterEach(async () => {
    await store.close();
    rmSync(dataDir, { recursive: true });
  });

  it('keeps everything when it is opened again', async () => {
    const { kind, subject } = vault;
    const key = await vault.makeKey();
    const gone = `${subject}-gone`;
    await store.destroyKey(gone);
    const record = vault.record('r1', { subject, sealed: 'c2VhbGVk', dueAt: '2030-01-01T00:00:00.000Z' });
    const version = await vault.insert(record);
    await store.hold(kind, 'r1', 'first', 60_000);
    await store.close();
    await open();
    expect(await store.readKey(subject)).toEqual(key);
    expect(await store.insertKey(wrappedKey(gone))).toBe('destroyed');
    expect(await store.read(kind, 'r1')).toEqual({ ...record, version });
    expect(await store.hold(kind, 'r1', 'second', 60_000)).toBeNull();
    await store.remove(kind, 'r1');
    expect(await vault.insert(record)).toBeGreaterThan(version);
  });

  it('sets what makes it safe at every open', async () => {
    for (let opened = 0; opened < 2; opened += 1) {
      const { database } = store['file'];
      expect(database.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(database.pragma('synchronous', { simple: true })).toBe(2);
      expect(database.pragma('secure_delete', { simple: true })).toBe(1);
      await store.close();
      await open();
    }
    expect(statSync(join(dataDir, 'vault.sqlite')).mode & 0o077).toBe(0);
  });

  it('lets a write fail alone among those that share its transaction', async () => {
    await vault.makeKey();
    const wrong = store.rewrapKey(wrappedKey(vault.subject), wrappedKey('another subject'));
    const others = Promise.all([store.insert(vault.record('r1')), store.insert(vault.record('r2'))]);
    await expect(wrong).rejects.toThrow(RangeError);
    expect(await others).toEqual(['written', 'written']);
  });

  it('tells nobody of success when the transaction fails', async () => {
    await vault.insert(vault.record('r1'));
    // Another connection holds the write lock for longer than the store waits.
    store['file'].database.pragma('busy_timeout = 10');
    const other = new Database(join(dataDir, 'vault.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    const writes = await Promise.allSettled([
      store.insert(vault.record('r2')),
      store.remove(vault.kind, 'r1'),
      store.destroyKey(vault.subject),
    ]);
    for (const write of writes) {
      expect(write).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    }
    other.exec('ROLLBACK');
    other.close();
    expect(await vault.idsOf()).toEqual(['r1']);
    expect(await store.insert(vault.record('r2'))).toBe('written');
  });

  it('tells nobody of success when the commit fails', async () => {
    store['file'].database.exec(`
      CREATE TABLE parents (id INTEGER PRIMARY KEY);
      CREATE TABLE children (parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED);
      CREATE TRIGGER spoil AFTER INSERT ON records WHEN new.id = 'spoiled'
        BEGIN INSERT INTO children (parent) VALUES (1); END;
    `);
    const writes = await Promise.allSettled([
      store.insert(vault.record('r1')),
      store.insert(vault.record('spoiled')),
      store.insertKey(wrappedKey(vault.subject)),
    ]);
    expect(writes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await vault.idsOf()).toEqual([]);
    expect(await store.readKey(vault.subject)).toBeNull();
    expect(await store.insert(vault.record('r1'))).toBe('written');
  });

  it('is unavailable, and loses nothing, while the disk is full', async () => {
    await vault.insert(vault.record('r1'));
    const { database } = store['file'];
    const pages = database.pragma('page_count', { simple: true }) as number;
    database.pragma(`max_page_count = ${pages}`);
    const writes = await Promise.allSettled([
      store.remove(vault.kind, 'r1'),
      store.insert(vault.record('r2', { sealed: 'x'.repeat(100_000) })),
    ]);
    expect(writes[1]).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
    // What was told to have happened has happened.
    expect(await vault.idsOf()).toEqual(writes[0].status === 'fulfilled' ? [] : ['r1']);
    database.pragma(`max_page_count = ${pages + 1_000}`);
    expect(await store.insert(vault.record('r2', { sealed: 'x'.repeat(100_000) }))).toBe('written');
  });

  it('writes what waits before it closes, and nothing after', async () => {
    const { kind } = vault;
    const waiting = times(20, (index) => store.insert(vault.record(`r${index}`)));
    await store.close();
    expect(await waiting).toEqual(Array.from({ length: 20 }, () => 'written'));
    await expect(store.insert(vault.record('late'))).rejects.toThrow();
    await open();
    expect(await store.list(kind, '', 100)).toHaveLength(20);
  });

  it('refuses writes when too many wait', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10_001 }, (_, index) => store.insert(vault.record(`r${index}`))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10_000);
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: expect.any(StoreUnavailable) });
  });

  it('leaves no trace of destroyed keys and their records in any file after a scrub', async () => {
    const dice = new Dice(20_300_101);
    const secrets = new Secrets(dice);
    const alive = new Map<string, readonly string[]>();
    for (let round = 0; round < 60; round += 1) {
      const subjects = Array.from({ length: 20 }, () => `account:acc_${dice.roll(2 ** 31)}`);
      for (const subject of subjects) alive.set(subject, [secrets.make(), secrets.make(), secrets.make()]);
      await Promise.all(
        subjects.flatMap((subject) => {
          const [wrapped = '', sealed = '', text = ''] = alive.get(subject) ?? [];
          const filling = 'x'.repeat(dice.roll(dice.roll(8) === 0 ? 6_000 : 600));
          return [
            store.insertKey(wrappedKey(subject, wrapped)),
            store.insert(vault.record(subject, { subject, sealed: filling + sealed, value: { text } })),
          ];
        }),
      );
      const known = [...alive.keys()];
      const destroyed = new Set(Array.from({ length: 15 }, () => known[dice.roll(known.length)] ?? ''));
      for (const subject of destroyed) for (const secret of alive.get(subject) ?? []) secrets.gone.add(secret);
      await Promise.all([...destroyed].map((subject) => store.destroyKey(subject)));
      for (const subject of destroyed) alive.delete(subject);
    }
    expect(secrets.tracesIn(dataDir).length).toBeGreaterThan(0);
    await Promise.all([store.scrub(), store.scrub()]);
    expect(secrets.tracesIn(dataDir)).toEqual([]);
    for (const [subject, [wrapped]] of alive)
      expect(await store.readKey(subject)).toEqual(wrappedKey(subject, wrapped));
    await store.close();
    checkIntegrity(join(dataDir, 'vault.sqlite'));
  });
});
