import { expect, it } from '@jest/globals';
import type { EventToAppend, RecordedEvent } from '#kernel';
import { type EventStoreCase, ids, newEvent, newEvents, newStream } from './event-store-case.js';

/** Streams, the global order, positions, and what comes back. */
export function describeReading(begin: () => Promise<EventStoreCase>): void {
  it('reads a stream from a revision on, at most so many', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(10);
    await test.append(stream, 'no-stream', events);
    await test.append(newStream(), 'no-stream', newEvents(1));
    const read = async (from: number, limit: number): Promise<string[]> =>
      ids(await test.store.readStream(stream, from, limit));
    expect(await read(0, 100)).toEqual(ids(events));
    expect(await read(0, Number.MAX_SAFE_INTEGER)).toEqual(ids(events));
    expect(await read(4, 3)).toEqual(ids(events.slice(4, 7)));
    expect(await read(9, 5)).toEqual(ids(events.slice(9)));
    expect(await read(10, 5)).toEqual([]);
  });

  it('reads nothing from a stream that is not there', async () => {
    const test = await begin();
    expect(await test.store.readStream(newStream(), 0, 10)).toEqual([]);
    expect(await test.store.readLast(newStream())).toBeNull();
  });

  it('reads the last event of a stream', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(3);
    await test.append(stream, 'no-stream', events);
    expect(await test.store.readLast(stream)).toMatchObject({ id: events[2]?.id, revision: 2, stream });
  });

  it('gives back exactly what was handed over, by every way of reading', async () => {
    const test = await begin();
    const stream = newStream();
    const events = [newEvent(PLAIN), newEvent({}, SEALED), newEvent({ '': '' }, { version: 12, type: 'Ünï cødé 型' })];
    const { position } = await test.append(stream, 'no-stream', events);
    const expected = events.map((event, revision) => ({ ...event, stream, revision, position: '' }));
    const strip = (event: RecordedEvent): unknown => ({ ...event, position: '' });
    const inOrder = await test.store.readStream(stream, 0, 10);
    expect(inOrder.map(strip)).toStrictEqual(expected);
    expect(inOrder.at(-1)?.position).toBe(position);
    expect((await test.readAll(test.start)).map(strip)).toStrictEqual(expected);
    expect(await test.follow(test.start, position)).toStrictEqual(inOrder);
    expect(await test.store.readLast(stream)).toStrictEqual(inOrder.at(-1));
    expect(JSON.stringify(inOrder[0]?.data)).toBe(JSON.stringify(PLAIN));
  });

  it('pages through the global order from behind any position', async () => {
    const test = await begin();
    const streams = Array.from({ length: 5 }, newStream);
    for (const stream of streams) await test.append(stream, 'no-stream', newEvents(5));
    const all = await test.readAll(test.start, 100);
    expect(all).toHaveLength(25);
    for (const pageSize of [1, 7, 25]) expect(await test.readAll(test.start, pageSize)).toEqual(all);
    for (const [index, { position }] of all.entries()) {
      expect(await test.readAll(position)).toEqual(all.slice(index + 1));
    }
    const beyond = await test.store.readAll(await test.store.head(), 10);
    expect(beyond).toEqual({ events: [], position: all.at(-1)?.position });
  });

  it('reads the beginning of the log behind null', async () => {
    const test = await begin();
    await test.append(newStream(), 'no-stream', newEvents(2));
    const { events, position } = await test.store.readAll(null, 2);
    expect(events).toHaveLength(2);
    expect(position).toBe(events[1]?.position);
    expect(ids((await test.store.readAll(null, 1)).events)).toEqual(ids(events.slice(0, 1)));
  });

  it('orders positions as it reads them', async () => {
    const { store, ...test } = await describedLog(begin);
    for (const [index, a] of test.positions.entries()) {
      expect(store.isPosition(a)).toBe(true);
      for (const [other, b] of test.positions.entries()) {
        expect(Math.sign(store.comparePositions(a, b))).toBe(Math.sign(index - other));
      }
    }
  });

  it("puts another store's positions before everything, and finds nothing there", async () => {
    const { store, positions, foreignPosition } = await describedLog(begin);
    const position = positions[0] ?? '';
    expect(store.isPosition(foreignPosition)).toBe(false);
    expect(store.comparePositions(foreignPosition, position)).toBeLessThan(0);
    expect(store.comparePositions(position, foreignPosition)).toBeGreaterThan(0);
    expect(await store.readAt(foreignPosition)).toBeNull();
    for (const text of ['', ' ', 'no position', '-1', '1.5', `${position} `, `${position}x`, '1'.repeat(40)]) {
      expect([text, store.isPosition(text)]).toEqual([text, false]);
    }
  });

  it('finds the event at exactly its position', async () => {
    const { store, positions, events } = await describedLog(begin);
    for (const [index, position] of positions.entries()) {
      expect(await store.readAt(position)).toEqual(events[index]);
    }
  });
}

/** A log with a dozen new events, so that positions of different lengths are likely. */
async function describedLog(begin: () => Promise<EventStoreCase>): Promise<{
  readonly store: EventStoreCase['store'];
  readonly foreignPosition: string;
  readonly events: readonly RecordedEvent[];
  readonly positions: readonly string[];
}> {
  const test = await begin();
  for (let index = 0; index < 12; index += 1) await test.append(newStream(), 'no-stream', newEvents(1));
  const events = await test.readAll(test.start);
  const positions = events.map(({ position }) => position);
  return { store: test.store, foreignPosition: test.setUp.foreignPosition, events, positions };
}

const PLAIN: EventToAppend['data'] = {
  nested: { list: [1, [2, [3, { deep: null }]], {}, []], yes: true, no: false },
  numbers: [0, -1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, Number.MIN_VALUE],
  text: 'Zoë — 名前 — 👩‍👩‍👧 — \u0000\u001f\u2028 "quoted" \\ \ud800 lone',
  $name: 'with a dollar',
  'key with "quotes" and ü': 'x',
  b: 'keys keep their order',
  a: '',
};

const SEALED: Partial<EventToAppend> = {
  sealed: {
    alg: 'A256GCM',
    key: 'Zm9vYmFyYmF6LWtleS1pZA',
    hash: 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg',
    bytes: Buffer.from(Array.from({ length: 284 }, (_, index) => index % 256)).toString('base64'),
  },
};
