import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { StoreUnavailable } from '#kernel';
import type { Position, RecordedEvent } from '#kernel';
import { type EventStoreCase, ids, newEvents, newStream } from './event-store-case.js';

/** What was acknowledged is there after a restart; callers that ask again and followers that resume notice nothing. */
export function describeRestarts(begin: () => Promise<EventStoreCase>): void {
  it('keeps everything, and every answer, over a restart', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(3);
    const answer = await test.append(stream, 'no-stream', events);
    const before = await test.readAll(test.start);
    await test.setUp.restart();
    expect(await test.appendAtLast(stream, 'no-stream', events)).toEqual(answer);
    expect(await test.readAll(test.start)).toEqual(before);
    expect(await test.store.head()).toBe(answer.position);
    const next = await test.append(stream, 2, newEvents(1));
    expect(next.revision).toBe(3);
    expect(test.store.comparePositions(answer.position, next.position)).toBeLessThan(0);
  });

  it('loses and doubles nothing when it restarts under writers and followers', async () => {
    const test = await begin();
    const stop = new AbortController();
    const following = followOver(test, stop.signal);
    const writing = Promise.all(Array.from({ length: 8 }, () => writeOver(test, 60)));
    for (let index = 0; index < 3; index += 1) {
      await wait(40);
      await test.setUp.restart();
    }
    const written = (await writing).flat();
    const { position } = await test.appendAtLast(newStream(), 'no-stream', newEvents(1));
    await test.follow(test.start, position);
    await wait(1_000);
    stop.abort();
    const all = await test.readAll(test.start);
    expect(all).toHaveLength(written.length + 1);
    expect(new Set(ids(all)).size).toBe(all.length);
    const byPosition = new Map(all.map((event) => [event.position, event.id]));
    for (const { id, at } of written) expect(byPosition.get(at)).toBe(id);
    const seen = await following;
    expect(ids(seen.events)).toEqual(ids(all));
    if (test.setUp.survivesRestart) expect(seen.subscriptions).toBe(1);
  });

  it('waits at its close for what was taken, and takes nothing more', async () => {
    const test = await begin();
    const { store } = test;
    const appends = Array.from({ length: 40 }, () => ({ stream: newStream(), events: newEvents(2) }));
    const answers = appends.map(({ stream, events }) => store.append(stream, 'no-stream', events));
    const stop = new AbortController();
    const endless = (async () => {
      let events = 0;
      for await (const batch of test.subscribe(test.start, stop.signal)) events += batch.events.length;
      return events;
    })();
    await Promise.all([store.close(), store.close()]);
    for (const answer of await Promise.all(answers)) expect(answer.outcome).toBe('appended');
    expect(await endless).toBeLessThanOrEqual(80);
    await expect(store.append(newStream(), 'no-stream', newEvents(1))).rejects.toThrow(StoreUnavailable);
    await test.setUp.restart();
    expect(ids(await test.readAll(test.start)).sort()).toEqual(ids(appends.flatMap(({ events }) => events)).sort());
  });
}

interface Written {
  readonly id: string;
  readonly at: Position;
}

/** A writer that asks again as long as the store is away. */
async function writeOver(test: EventStoreCase, appends: number): Promise<Written[]> {
  const stream = newStream();
  const written: Written[] = [];
  for (let revision = -1; written.length < appends; revision += 1) {
    const events = newEvents(1);
    const { position } = await test.appendAtLast(stream, revision < 0 ? 'no-stream' : revision, events);
    written.push({ id: events[0]?.id ?? '', at: position });
    await wait(2);
  }
  return written;
}

/** A follower that resumes from where it came to when its subscription has ended with its store. */
async function followOver(
  test: EventStoreCase,
  signal: AbortSignal,
): Promise<{ readonly events: RecordedEvent[]; readonly subscriptions: number }> {
  const events: RecordedEvent[] = [];
  let subscriptions = 0;
  let checkpoint = test.start;
  while (!signal.aborted && !test.isOver) {
    subscriptions += 1;
    for await (const batch of test.subscribe(checkpoint, signal)) {
      events.push(...batch.events);
      checkpoint = batch.position;
    }
    await wait(5);
  }
  return { events, subscriptions };
}
