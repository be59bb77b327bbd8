import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#event-store-sqlite';
import type { EventToAppend, RecordedEvent } from '#kernel';
import { Progress } from '../progress.js';
import { LogCopy } from './copy-log.js';

function event(text: string): EventToAppend {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: 'NoteWritten',
    version: 3,
    data: { text, 10: 'ten', 2: 'two', nested: [null, { é: '😀' }] },
    sealed: text === 'sealed' ? { alg: 'A256GCM', key: 'k', hash: 'h', bytes: '' } : null,
    metadata: {
      occurredAt: '2029-03-01T09:00:00.000Z',
      workspaceId: 'ws_1',
      actor: { type: 'user', id: 'ann' },
      commandId,
      $correlationId: commandId,
      $causationId: commandId,
      subjects: ['acc_1'],
    },
  };
}

describe('copying a log', () => {
  let folder = '';
  let source: SqliteEventStore;
  let target: SqliteEventStore;
  let appends: number[] = [];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copy-log-'));
    source = await SqliteEventStore.open({ dataDir: join(folder, 'source') });
    target = await SqliteEventStore.open({ dataDir: join(folder, 'target') });
    appends = [];
    const append = target.append.bind(target);
    target.append = (stream, expected, events) => {
      appends.push(events.length);
      return append(stream, expected, events);
    };
  });
  afterEach(async () => {
    await source.close();
    await target.close();
    rmSync(folder, { recursive: true });
  });

  const ends = new Map<string, number>();
  async function write(stream: string, ...texts: readonly string[]): Promise<void> {
    const key = `${folder} ${stream}`;
    const result = await source.append(stream, ends.get(key) ?? 'no-stream', texts.map(event));
    if (result.outcome !== 'appended') throw new Error('The append was a conflict.');
    ends.set(key, result.revision);
  }
  const copy = (): Promise<number> => new LogCopy(source, target, new Progress({ write: () => 0 }, 'events', 0)).run();
  const all = async (store: SqliteEventStore): Promise<readonly RecordedEvent[]> =>
    (await store.readAll(null, 100_000)).events;

  it('keeps events, order and revisions, and appends together what stands together', async () => {
    await write('note-a', 'one', 'two', 'sealed');
    await write('note-b', 'one');
    await write('note-a', 'three');
    await write('note-a', 'four');
    expect(await copy()).toBe(6);
    expect(JSON.stringify(await all(target))).toBe(JSON.stringify(await all(source)));
    expect(appends).toEqual([3, 1, 2]);
  });

  it('splits what is too much for one append, by count and by bytes', async () => {
    await write('note-a', ...Array.from({ length: 250 }, (_, index) => `n${index}`));
    await write('note-b', 'x'.repeat(100_000), 'x'.repeat(100_000), 'x'.repeat(300_000), 'y');
    expect(await copy()).toBe(254);
    expect(JSON.stringify(await all(target))).toBe(JSON.stringify(await all(source)));
    expect(appends).toEqual([100, 100, 50, 1, 1, 1, 1]);
  });

  it('goes on where it stopped, wherever that was', async () => {
    for (let turn = 0; turn < 700; turn += 1) await write(`note-${turn % 7}`, `t${turn}`, `t${turn} too`);
    const append = target.append.bind(target);
    for (const dies of [1, 300, 301, 640]) {
      let left = dies - appends.length;
      target.append = (...parameters) => {
        left -= 1;
        return left < 0 ? Promise.reject(new Error('killed')) : append(...parameters);
      };
      await expect(copy()).rejects.toThrow('killed');
    }
    target.append = append;
    expect(await copy()).toBe(1_400);
    expect(JSON.stringify(await all(target))).toBe(JSON.stringify(await all(source)));
    expect(appends).toHaveLength(700);
    expect(await copy()).toBe(1_400);
    expect(appends).toHaveLength(700);
  });

  it('refuses a target with another event, with other bytes of the same event, and with more', async () => {
    await write('note-a', 'one', 'two');
    const [first, second] = await all(source);
    if (!first || !second) throw new Error('The events are not there.');
    const changed = { ...first, data: { ...first.data, text: 'altered' } };
    await target.append('note-a', 'no-stream', [changed]);
    await expect(copy()).rejects.toThrow(/holds another event than the data directory at note-a, revision 0/);
    await target.close();
    target = await SqliteEventStore.open({ dataDir: join(folder, 'another') });
    await target.append('note-a', 'no-stream', [first, second, event('three')]);
    await expect(copy()).rejects.toThrow(/holds events that are not in the data directory/);
  });

  it('copies an empty log', async () => {
    expect(await copy()).toBe(0);
  });
});
