import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { DataDirectoryInUse, DataDirectoryLock, SqliteEventStore } from '#event-store-sqlite';
import type { SqliteEventStoreOptions } from '#event-store-sqlite';
import { StoreUnavailable } from '#kernel';
import { follow, ids, newEvent, newEvents, newStream } from './event-store-case.js';
import { copyFiles, faults, filesWith, readLog, StoreProcess } from './event-store-sqlite-disk.js';

let folder = '';
let dataDir = '';
const opened: SqliteEventStore[] = [];
const processes: StoreProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'event-store-'));
  dataDir = join(folder, 'data');
});

afterEach(async () => {
  for (const child of processes.splice(0)) await child.kill();
  for (const store of opened.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

async function open(options: Partial<SqliteEventStoreOptions> = {}): Promise<SqliteEventStore> {
  const store = await SqliteEventStore.open({ dataDir, ...options });
  opened.push(store);
  return store;
}

function start(...[task, fileLimitBlocks]: [task: 'hold' | 'write', fileLimitBlocks?: number]): StoreProcess {
  const child = StoreProcess.start(dataDir, task, fileLimitBlocks);
  processes.push(child);
  return child;
}

describe('a data directory of a SqliteEventStore', () => {
  it('is entered by its owner alone, and so are its files', async () => {
    const store = await open();
    await store.append(newStream(), 'no-stream', newEvents(1));
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const names = readdirSync(dataDir);
    expect(names).toEqual(expect.arrayContaining(['events.sqlite', 'events.sqlite-wal', 'lock.sqlite']));
    for (const name of names) expect([name, statSync(join(dataDir, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('refuses a second process with a sentence that names it, until the first has ended in whatever way', async () => {
    const first = start('hold');
    await first.line('open');
    const second = start('hold');
    expect(await second.line('not opened')).toContain(`The data directory ${dataDir} is in use by another process`);
    await expect(open()).rejects.toThrow(DataDirectoryInUse);
    await first.kill();
    await open();
  });

  it('refuses a second holder in the same process, and takes the lock of one that has it', async () => {
    const lock = DataDirectoryLock.acquire(dataDir);
    await expect(open()).rejects.toThrow(DataDirectoryInUse);
    const store = await open({ lock });
    expect(() => DataDirectoryLock.acquire(dataDir)).toThrow(dataDir);
    await store.close();
    expect(() => DataDirectoryLock.acquire(dataDir)).toThrow(DataDirectoryInUse);
    lock.release();
    lock.release();
    DataDirectoryLock.acquire(dataDir).release();
  });

  it('is let go when the store in it cannot be opened', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'events.sqlite'), 'this is no database '.repeat(1_000));
    await expect(open()).rejects.toThrow(`${join(dataDir, 'events.sqlite')} cannot be opened`);
    rmSync(join(dataDir, 'events.sqlite'));
    await open();
  });
});

describe('a SqliteEventStore that crashes', () => {
  it('has lost nothing that it acknowledged, and doubled nothing, after kill -9 under load', async () => {
    const acknowledged: string[] = [];
    for (let cycle = 0; cycle < 4; cycle += 1) {
      const child = start('write');
      await child.line('acknowledged');
      await wait(Math.random() * 400);
      await child.kill();
      acknowledged.push(...child.acknowledged);
      const store = await open();
      const log = await readLog(store);
      expect(faults(log)).toEqual([]);
      const stored = new Set(ids(log));
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
      await store.close();
    }
    expect(acknowledged.length).toBeGreaterThan(100);
  }, 60_000);

  it('acknowledges nothing that the disk refused, and writes no more until it is opened again', async () => {
    const child = start('write', 2_048);
    await child.end();
    expect(child.lines).toContain('failed');
    expect(child.lines.filter((line) => line === 'refused StoreUnavailable')).toHaveLength(32);
    expect(child.lines).toContain('refused afterwards StoreUnavailable');
    expect(child.lines).toContain('closed');
    const store = await open();
    const log = await readLog(store);
    expect(faults(log)).toEqual([]);
    const stored = new Set(ids(log));
    expect(child.acknowledged.length).toBeGreaterThan(100);
    expect(child.acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    const { position } = (await store.append(newStream(), 'no-stream', newEvents(1))) as { position: string };
    expect(position).toBe(String(log.length + 1));
  }, 60_000);

  it('opens as a clean beginning of the log when the end of its write-ahead log was cut', async () => {
    const store = await open();
    for (let index = 0; index < 40; index += 1) await store.append(newStream(), 'no-stream', newEvents(3));
    const whole = ids(await readLog(store));
    const wal = statSync(join(dataDir, 'events.sqlite-wal')).size;
    for (const part of [0.97, 0.7, 0.4, 0.1]) {
      const cut = join(folder, `cut-${part}`);
      mkdirSync(cut);
      copyFiles(['events.sqlite', 'events.sqlite-wal'], dataDir, cut);
      truncateSync(join(cut, 'events.sqlite-wal'), Math.floor(wal * part));
      const left = await open({ dataDir: cut });
      const log = await readLog(left);
      expect(faults(log)).toEqual([]);
      expect(log.length % 3).toBe(0);
      expect(log.length).toBeLessThan(whole.length);
      expect(ids(log)).toEqual(whole.slice(0, log.length));
    }
  });
});

describe('a SqliteEventStore whose writer is held up', () => {
  /** Another connection that keeps the database locked, as a backup tool might. */
  async function held(
    options: Partial<SqliteEventStoreOptions>,
  ): Promise<{ store: SqliteEventStore; free: () => void }> {
    const store = await open(options);
    const other = new Database(join(dataDir, 'events.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    return { store, free: () => void other.exec('ROLLBACK').close() };
  }

  it('refuses what its queue cannot hold, by count, and serves what it took', async () => {
    const { store, free } = await held({ queueLimits: { appends: 10 } });
    const taken = Array.from({ length: 10 }, () => store.append(newStream(), 'no-stream', newEvents(1)));
    await expect(store.append(newStream(), 'no-stream', newEvents(1))).rejects.toThrow(/queue is full/);
    free();
    for (const answer of await Promise.all(taken)) expect(answer.outcome).toBe('appended');
    expect(await store.append(newStream(), 'no-stream', newEvents(1))).toMatchObject({ position: '11' });
  });

  it('refuses what its queue cannot hold, by bytes', async () => {
    const { store, free } = await held({ queueLimits: { bytes: 20_000 } });
    const large = (): Promise<unknown> =>
      store.append(newStream(), 'no-stream', [newEvent({ text: 'x'.repeat(9_000) })]);
    const taken = [large(), large()];
    await expect(large()).rejects.toThrow(StoreUnavailable);
    free();
    await Promise.all(taken);
    await large();
  });

  it('says after a while that the outcome is unknown, and answers the same append asked again', async () => {
    const { store, free } = await held({ queueLimits: { answerMs: 200 } });
    const [stream, events] = [newStream(), newEvents(2)];
    await expect(store.append(stream, 'no-stream', events)).rejects.toThrow(StoreUnavailable);
    free();
    const again = await store.append(stream, 'no-stream', events);
    expect(again).toEqual({ outcome: 'appended', revision: 1, position: '2' });
    expect(await store.head()).toBe('2');
  });
});

describe("the end of a SqliteEventStore's log", () => {
  it('is served from memory and from the file without a seam, however much is written meanwhile', async () => {
    const store = await open();
    const count = 24;
    const seen = follow(store, null, String(count * 500));
    const slow = follow(store, null, String(count * 500), () => wait(10));
    for (let index = 0; index < count; index += 1) await store.append(newStream(), 'no-stream', newEvents(500));
    const all = await readLog(store);
    expect(all).toHaveLength(count * 500);
    expect(await seen).toEqual(all);
    expect(await slow).toEqual(all);
    // From far behind, from just outside what is in memory, and from within it.
    for (const from of [0, count * 500 - 4_097, count * 500 - 4_096, count * 500 - 4_095, count * 500 - 1]) {
      expect(ids(await follow(store, String(from), String(count * 500)))).toEqual(ids(all.slice(from)));
    }
  });

  it('comes in bounded portions when events are large', async () => {
    const store = await open();
    const text = 'x'.repeat(400_000);
    for (let index = 0; index < 60; index += 1)
      await store.append(newStream(), 'no-stream', [newEvent({ text, index })]);
    const sizes: number[] = [];
    const stop = new AbortController();
    for await (const { events, position } of store.subscribe(null, stop.signal)) {
      sizes.push(events.length);
      if (position === '60') stop.abort();
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(48);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(60);
  });
});

describe('an erasure in a SqliteEventStore', () => {
  it('leaves nothing of the ciphertext under a key in any file or in memory, and everything else as it was', async () => {
    const store = await open();
    const sealed = (
      key: string,
      letter: string,
      length: number,
    ): { readonly sealed: NonNullable<(typeof plain)['sealed']> } => ({
      sealed: { alg: 'A256GCM', key, hash: `hash-${letter}`, bytes: `c1pher-${letter}-`.repeat(length) },
    });
    const plain = newEvent({ kept: true });
    const small = newEvent({}, sealed('key-one', 'a', 20));
    const large = newEvent({}, sealed('key-one', 'b', 2_000));
    const others = newEvent({}, sealed('key-two', 'c', 20));
    const stream = newStream();
    await store.append(stream, 'no-stream', [small, plain, others]);
    await store.append(newStream(), 'no-stream', [large]);
    const before = await readLog(store);
    expect(await store.eraseSealed('key-one')).toBe(2);
    for (const [text, files] of [
      ['c1pher-a', 0],
      ['c1pher-b', 0],
      ['c1pher-c', 1],
    ] as const) {
      expect([text, filesWith(dataDir, text).length]).toEqual([text, files]);
    }
    const emptied = before.map((event) =>
      event.sealed?.key === 'key-one' ? { ...event, sealed: { ...event.sealed, bytes: '' } } : event,
    );
    expect(await readLog(store)).toEqual(emptied);
    expect(await follow(store, null, '4')).toEqual(emptied);
    expect(await store.eraseSealed('key-one')).toBe(0);
    expect(await store.append(stream, 'no-stream', [small, plain, others])).toMatchObject({ revision: 2 });
    await store.close();
    expect(await readLog(await open())).toEqual(emptied);
  });

  it('is not done while another process reads the write-ahead log, and is done when it is asked for again', async () => {
    const store = await open();
    const sealed = { alg: 'A256GCM', key: 'key-one', hash: 'hash', bytes: 'c1pher-d-'.repeat(20) } as const;
    await store.append(newStream(), 'no-stream', [newEvent({}, { sealed })]);
    const other = new Database(join(dataDir, 'events.sqlite'), { readonly: true });
    other.exec('BEGIN').prepare('SELECT count(*) FROM events').get();
    await expect(store.eraseSealed('key-one')).rejects.toThrow(StoreUnavailable);
    expect(await follow(store, null, '1')).toMatchObject([{ sealed: { key: 'key-one', bytes: '' } }]);
    expect(await store.append(newStream(), 'no-stream', newEvents(1))).toMatchObject({ position: '2' });
    other.close();
    await store.eraseSealed('key-one');
    expect(filesWith(dataDir, 'c1pher-d')).toEqual([]);
  });
});
