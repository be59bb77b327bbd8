import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import type { EventBatch, Position } from '#kernel';
import { type EventStoreCase, ids, newEvents, newStream } from './event-store-case.js';

/** How soon a quiet log's head is reached, and an abort is noticed. */
const PROMPT_MS = 1_000;
/** A machine that is busy elsewhere proves nothing about speed: one of so many tries has to be prompt. */
const PROMPT_TRIES = 3;

/** Past and live events from any position, once each and in order, at the consumer's pace. */
export function describeSubscriptions(begin: () => Promise<EventStoreCase>): void {
  it('resumes behind any position', async () => {
    const test = await begin();
    for (let index = 0; index < 4; index += 1) await test.append(newStream(), 'no-stream', newEvents(3));
    const all = await test.readAll(test.start);
    const last = all.at(-1)?.position ?? '';
    expect(await test.follow(test.start, last)).toEqual(all);
    for (const [index, { position }] of all.slice(0, -1).entries()) {
      expect(await test.follow(position, last)).toEqual(all.slice(index + 1));
    }
  });

  it('follows the log from its beginning', async () => {
    const test = await begin();
    const { position } = await test.append(newStream(), 'no-stream', newEvents(2));
    const all = ids(await test.follow(null, position));
    expect(all.slice(-2)).toEqual(ids(await test.readAll(test.start)));
    expect(new Set(all).size).toBeGreaterThanOrEqual(2);
  });

  it('delivers what is written later, and progress with every batch', async () => {
    const test = await begin();
    const stop = new AbortController();
    const subscription = test.subscribe(test.start, stop.signal)[Symbol.asyncIterator]();
    const stream = newStream();
    for (let revision = 0; revision < 5; revision += 1) {
      const event = newEvents(1);
      const { position } = await test.append(stream, revision === 0 ? 'no-stream' : revision - 1, event);
      const batch = await nextWithEvents(subscription);
      expect(ids(batch.events)).toEqual(ids(event));
      expect(test.store.comparePositions(batch.position, position)).toBeGreaterThanOrEqual(0);
    }
    stop.abort();
    expect((await subscription.next()).done).toBe(true);
  });

  it('loses and doubles nothing where catching up meets what is being written', async () => {
    const test = await begin();
    // Every follower is sent everything: as much as shows it, and no more than a busy machine gets through.
    const writing = writeForAWhile(test, { streams: 16, appends: 20, eventsEach: 3 });
    // Subscriptions begin before, during and at the end of the writing, from the test's beginning or from where the log stands.
    const followers: Promise<{ readonly from: Position | null; readonly batches: EventBatch[] }>[] = [];
    const stop = new AbortController();
    for (let index = 0; index < 8; index += 1) {
      const from = index % 2 === 0 ? test.start : await test.store.head();
      followers.push(gather(test, from, stop.signal));
      await wait(15);
    }
    const until = await writing;
    const all = await test.readAll(test.start);
    expect(all).toHaveLength(16 * 20 * 3);
    await test.follow(test.start, until);
    await wait(PROMPT_MS);
    stop.abort();
    for (const { from, batches } of await Promise.all(followers)) {
      const skipped = from === null ? 0 : all.findIndex(({ position }) => position === from) + 1;
      expect(batches.flatMap(({ events }) => ids(events))).toEqual(ids(all.slice(skipped)));
      const positions = batches.map(({ position }) => position);
      expect([...positions].sort((a, b) => test.store.comparePositions(a, b))).toEqual(positions);
    }
  });

  it('waits for a slow consumer without losing anything', async () => {
    const test = await begin();
    const writing = writeForAWhile(test, { streams: 8, appends: 25, eventsEach: 5 });
    const until = await test.append(newStream(), 'no-stream', newEvents(1)).then(() => writing);
    const { position } = await test.append(newStream(), 'no-stream', newEvents(1));
    expect(test.store.comparePositions(until, position)).toBeLessThan(0);
    let batches = 0;
    const slowly = async (): Promise<void> => {
      batches += 1;
      if (batches === 1) await writeForAWhile(test, { streams: 8, appends: 12, eventsEach: 5 });
      await wait(2);
    };
    const seen = ids(await test.follow(test.start, position, slowly));
    const all = ids(await test.readAll(test.start));
    expect(seen).toEqual(all.slice(0, seen.length));
    expect(seen.length).toBeGreaterThanOrEqual(8 * 25 * 5 + 2);
  });

  it("reaches a quiet log's head within a second", async () => {
    const test = await begin();
    const tookMs: number[] = [];
    for (let tries = 0; tries < PROMPT_TRIES && (tries === 0 || Math.min(...tookMs) >= PROMPT_MS); tries += 1) {
      const { position } = await test.append(newStream(), 'no-stream', newEvents(1));
      await test.setUp.writeForeign?.();
      const started = performance.now();
      await test.follow(test.start, position);
      tookMs.push(performance.now() - started);
      const head = (await test.store.head()) ?? '';
      expect(test.store.comparePositions(head, position)).toBe(0);
    }
    expect(Math.min(...tookMs)).toBeLessThan(PROMPT_MS);
  });

  it('serves several subscribers alike, each at its own pace', async () => {
    const test = await begin();
    const writing = writeForAWhile(test, { streams: 8, appends: 30, eventsEach: 2 });
    const marker = writing.then(() => test.append(newStream(), 'no-stream', newEvents(1)));
    const { position } = await marker;
    const paces = [0, 0, 1, 3];
    const seen = await Promise.all(paces.map((ms) => test.follow(test.start, position, () => wait(ms))));
    const all = await test.readAll(test.start);
    for (const events of seen) expect(events).toEqual(all);
  });

  it('ends when it is told to, and only then', async () => {
    const test = await begin();
    const head = (await test.append(newStream(), 'no-stream', newEvents(1))).position;
    const stop = new AbortController();
    let ended = false;
    const following = gather(test, head, stop.signal).finally(() => (ended = true));
    await wait(100);
    expect(ended).toBe(false);
    const started = performance.now();
    stop.abort();
    expect((await following).batches.flatMap(({ events }) => events)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(PROMPT_MS);
  });

  it('delivers nothing to one who has stopped before, or stops in the middle', async () => {
    const test = await begin();
    for (let index = 0; index < 3; index += 1) await test.append(newStream(), 'no-stream', newEvents(500));
    expect((await gather(test, test.start, AbortSignal.abort())).batches).toEqual([]);
    const stop = new AbortController();
    const batches: EventBatch[] = [];
    for await (const batch of test.subscribe(test.start, stop.signal)) {
      batches.push(batch);
      if (batch.events.length > 0) stop.abort();
    }
    expect(batches.filter(({ events }) => events.length > 0)).toHaveLength(1);
    // The consumer may also just leave.
    for await (const batch of test.subscribe(test.start, new AbortController().signal)) {
      if (batch.events.length > 0) break;
    }
  });
}

/** Writers of a stream each, side by side. Answers the last position. */
async function writeForAWhile(
  test: EventStoreCase,
  { streams, appends, eventsEach }: { readonly streams: number; readonly appends: number; readonly eventsEach: number },
): Promise<Position> {
  const write = async (): Promise<Position> => {
    const stream = newStream();
    let last = { revision: -1, position: '' };
    for (let index = 0; index < appends; index += 1) {
      last = await test.append(stream, last.revision < 0 ? 'no-stream' : last.revision, newEvents(eventsEach));
    }
    return last.position;
  };
  const positions = await Promise.all(Array.from({ length: streams }, write));
  return positions.reduce((a, b) => (test.store.comparePositions(a, b) < 0 ? b : a));
}

async function gather(
  test: EventStoreCase,
  from: Position | null,
  signal: AbortSignal,
): Promise<{ readonly from: Position | null; readonly batches: EventBatch[] }> {
  const batches: EventBatch[] = [];
  for await (const batch of test.subscribe(from, signal)) batches.push(batch);
  return { from, batches };
}

async function nextWithEvents(subscription: AsyncIterator<EventBatch>): Promise<EventBatch> {
  for (;;) {
    const next = await subscription.next();
    if (next.done === true) throw new Error('The subscription has ended.');
    if (next.value.events.length > 0) return next.value;
  }
}
