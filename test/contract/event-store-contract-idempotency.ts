import { expect, it } from '@jest/globals';
import { type EventStoreCase, ids, newEvent, newEvents, newStream } from './event-store-case.js';

/** The same ids at the same expectation get the first answer; nothing else does. */
export function describeIdempotency(begin: () => Promise<EventStoreCase>): void {
  it('gives the first answer again, for a new stream and behind a revision', async () => {
    const test = await begin();
    const stream = newStream();
    const [first, second] = [newEvents(2), newEvents(3)];
    const firstAnswer = await test.append(stream, 'no-stream', first);
    const secondAnswer = await test.append(stream, 1, second);
    expect(await test.append(stream, 'no-stream', first)).toEqual(firstAnswer);
    expect(await test.append(stream, 1, second)).toEqual(secondAnswer);
    expect(ids(await test.store.readStream(stream, 0, 100))).toEqual(ids([...first, ...second]));
    expect(ids(await test.readAll(test.start))).toEqual(ids([...first, ...second]));
  });

  it('gives it also after others wrote behind', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(2);
    const answer = await test.append(stream, 'no-stream', events);
    await test.append(stream, 1, newEvents(5));
    await test.append(newStream(), 'no-stream', newEvents(1));
    expect(await test.append(stream, 'no-stream', events)).toEqual(answer);
    expect((await test.store.readLast(stream))?.revision).toBe(6);
  });

  it('gives it for a leading part, with the place of the last event asked for', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(4);
    await test.append(stream, 'no-stream', events);
    const stored = await test.store.readStream(stream, 0, 10);
    for (const count of [1, 2, 3]) {
      const { revision, position } = await test.append(stream, 'no-stream', events.slice(0, count));
      expect({ revision, position }).toEqual({ revision: count - 1, position: stored[count - 1]?.position });
    }
  });

  it('gives it for what two appends wrote one behind the other', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(3);
    await test.append(stream, 'no-stream', events.slice(0, 2));
    const answer = await test.append(stream, 1, events.slice(2));
    expect(await test.append(stream, 'no-stream', events)).toEqual(answer);
  });

  it('refuses known and new ids mixed, another order, and ids that stand elsewhere', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(3);
    const [a, b, c] = events as [(typeof events)[0], (typeof events)[0], (typeof events)[0]];
    await test.append(stream, 'no-stream', events);
    const refused = [[...events, newEvent()], [a, newEvent()], [newEvent(), b], [b, a], [a, c], [b], [c]];
    for (const again of refused) {
      expect(await test.store.append(stream, 'no-stream', again)).toEqual({ outcome: 'conflict', actual: 2 });
    }
    expect(await test.store.append(stream, 0, [a])).toEqual({ outcome: 'conflict', actual: 2 });
    expect(await test.store.append(stream, 5, [a])).toEqual({ outcome: 'conflict', actual: 2 });
    expect(ids(await test.store.readStream(stream, 0, 100))).toEqual(ids(events));
  });

  it('keeps the first body under a known id', async () => {
    const test = await begin();
    const stream = newStream();
    const event = newEvent({ body: 'first' });
    await test.append(stream, 'no-stream', [event]);
    await test.append(stream, 'no-stream', [{ ...event, data: { body: 'second' } }]);
    expect((await test.store.readLast(stream))?.data).toEqual({ body: 'first' });
  });

  it('writes a known id a second time at a later expectation and in another stream', async () => {
    const test = await begin();
    const [stream, another] = [newStream(), newStream()];
    const [event] = newEvents(1) as [ReturnType<typeof newEvent>];
    await test.append(stream, 'no-stream', [event]);
    expect((await test.append(stream, 0, [event])).revision).toBe(1);
    expect((await test.append(another, 'no-stream', [event])).revision).toBe(0);
    expect(ids(await test.readAll(test.start))).toEqual([event.id, event.id, event.id]);
  });

  it('writes once what is asked for many times at once, and answers all alike', async () => {
    const test = await begin();
    const stream = newStream();
    const events = newEvents(3);
    const answers = await Promise.all(Array.from({ length: 16 }, () => test.append(stream, 'no-stream', events)));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(ids(await test.readAll(test.start))).toEqual(ids(events));
  });

  it('tells apart, in one go, who wrote first, who repeats and who is late', async () => {
    const test = await begin();
    const stream = newStream();
    const [mine, others] = [newEvents(2), newEvents(2)];
    const [first, late, again, behind] = await Promise.all([
      test.store.append(stream, 'no-stream', mine),
      test.store.append(stream, 'no-stream', others),
      test.store.append(stream, 'no-stream', mine),
      test.store.append(stream, 1, others),
    ]);
    expect(first).toMatchObject({ outcome: 'appended', revision: 1 });
    expect(late).toMatchObject({ outcome: 'conflict' });
    expect(again).toEqual(first);
    expect(behind).toMatchObject({ outcome: 'appended', revision: 3 });
    expect(ids(await test.store.readStream(stream, 0, 100))).toEqual(ids([...mine, ...others]));
  });
}
