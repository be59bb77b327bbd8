import { expect, it } from '@jest/globals';
import { APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS } from '#kernel';
import type { EventToAppend } from '#kernel';
import { type EventStoreCase, ids, newEvent, newEvents, newStream } from './event-store-case.js';

/** Expected revisions, all or none, one winner, limits. */
export function describeAppending(begin: () => Promise<EventStoreCase>): void {
  it('numbers the events of a stream from 0 and puts them behind everything before', async () => {
    const { store, start, append } = await bound(begin);
    const stream = newStream();
    const first = await append(stream, 'no-stream', newEvents(1));
    const second = await append(stream, 0, newEvents(2));
    expect(first.revision).toBe(0);
    expect(second.revision).toBe(2);
    expect(store.comparePositions(first.position, second.position)).toBeLessThan(0);
    if (start !== null) expect(store.comparePositions(start, first.position)).toBeLessThan(0);
    expect(await store.head()).toBe(second.position);
  });

  it('refuses an append whose expectation does not hold, names the last revision, and writes nothing', async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    const events = newEvents(3);
    expect(await store.append(stream, 0, newEvents(1))).toEqual({ outcome: 'conflict', actual: null });
    await append(stream, 'no-stream', events);
    for (const expected of ['no-stream', 0, 1, 3, 1_000] as const) {
      const result = await store.append(stream, expected, newEvents(2));
      expect([expected, result]).toEqual([expected, { outcome: 'conflict', actual: 2 }]);
    }
    expect(ids(await store.readStream(stream, 0, 100))).toEqual(ids(events));
  });

  it('lets one of 64 writers at the same expectation win', async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    await append(stream, 'no-stream', newEvents(1));
    const attempts = Array.from({ length: 64 }, () => newEvent());
    const results = await Promise.all(attempts.map((event) => store.append(stream, 0, [event])));
    const winners = attempts.filter((_, index) => results[index]?.outcome === 'appended');
    expect(winners).toHaveLength(1);
    expect(results.filter(({ outcome }) => outcome === 'conflict')).toEqual(
      Array.from({ length: 63 }, () => ({ outcome: 'conflict', actual: 1 })),
    );
    expect(ids(await store.readStream(stream, 1, 100))).toEqual(ids(winners));
  });

  it('lets every writer of a stream through in turn, without gaps', async () => {
    const { store } = await bound(begin);
    const stream = newStream();
    const mine = newEvents(24);
    await Promise.all(
      mine.map(async (event) => {
        for (let last = await store.readLast(stream); ; last = await store.readLast(stream)) {
          const { outcome } = await store.append(stream, last?.revision ?? 'no-stream', [event]);
          if (outcome === 'appended') return;
        }
      }),
    );
    const events = await store.readStream(stream, 0, 100);
    expect(events.map(({ revision }) => revision)).toEqual(mine.map((_, index) => index));
    expect(ids(events).sort()).toEqual(ids(mine).sort());
  });

  it('keeps the events of one append side by side in the global order', async () => {
    const test = await begin();
    const appends = Array.from({ length: 20 }, () => ({ stream: newStream(), events: newEvents(10) }));
    await Promise.all(appends.map(({ stream, events }) => test.append(stream, 'no-stream', events)));
    const all = ids(await test.readAll(test.start, 37));
    expect(all).toHaveLength(200);
    for (const { events } of appends) {
      const from = all.indexOf(events[0]?.id ?? '');
      expect(all.slice(from, from + 10)).toEqual(ids(events));
    }
  });

  it(`takes ${APPEND_LIMIT_EVENTS} events at once and refuses one more`, async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    const { revision } = await append(stream, 'no-stream', newEvents(APPEND_LIMIT_EVENTS));
    expect(revision).toBe(APPEND_LIMIT_EVENTS - 1);
    await expect(store.append(stream, revision, newEvents(APPEND_LIMIT_EVENTS + 1))).rejects.toThrow(RangeError);
  });

  it(`takes nearly ${APPEND_LIMIT_BYTES} bytes at once and refuses more, in UTF-8`, async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    const nearly = APPEND_LIMIT_BYTES - 1_024;
    await append(stream, 'no-stream', [newEvent({ text: 'a'.repeat(nearly) })]);
    const sealed = { alg: 'A256GCM', key: 'key', hash: 'hash', bytes: 'A'.repeat(nearly) } as const;
    const oversize: EventToAppend[][] = [
      [newEvent({ text: 'a'.repeat(APPEND_LIMIT_BYTES) })],
      [newEvent({ text: 'ü'.repeat(nearly / 2 + 1_024) })],
      [newEvent({ text: 'a'.repeat(nearly / 2) }), newEvent({ text: 'b'.repeat(nearly / 2 + 1_024) })],
      [newEvent({ text: 'a'.repeat(2_048) }, { sealed })],
    ];
    for (const events of oversize) await expect(store.append(stream, 0, events)).rejects.toThrow(RangeError);
    expect((await store.readLast(stream))?.revision).toBe(0);
  });

  it('refuses what no store takes, and goes on', async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    const refused = [
      store.append('', 'no-stream', newEvents(1)),
      store.append(stream, 'no-stream', []),
      store.append(stream, -1, newEvents(1)),
      store.append(stream, 0.5, newEvents(1)),
      store.append(stream, 'no-stream', [newEvent(), newEvent({}, { type: '' })]),
      store.append(stream, 'no-stream', [newEvent({}, { id: 'not a UUID' })]),
    ];
    for (const answer of refused) await expect(answer).rejects.toThrow(RangeError);
    expect(await store.readLast(stream)).toBeNull();
    expect((await append(stream, 'no-stream', newEvents(1))).revision).toBe(0);
  });

  it('takes stream names with spaces, slashes and other letters, each for itself', async () => {
    const { store, append } = await bound(begin);
    const stream = newStream();
    for (const name of [`${stream} a/b`, `${stream} Ünïcödé 名前`, `${stream}%`, stream.toUpperCase(), stream]) {
      const events = newEvents(1);
      await append(name, 'no-stream', events);
      expect(ids(await store.readStream(name, 0, 10))).toEqual(ids(events));
    }
  });
}

async function bound(begin: () => Promise<EventStoreCase>): Promise<{
  readonly store: EventStoreCase['store'];
  readonly start: EventStoreCase['start'];
  readonly append: EventStoreCase['append'];
}> {
  const test = await begin();
  return { store: test.store, start: test.start, append: test.append.bind(test) };
}
