import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { EVENT_STORE_LIMITS, type EventStoreDbEventStore } from '#event-store-eventstoredb';
import { StoreUnavailable, type EventToAppend } from '#kernel';
import { compileStandIn, type SpawnedStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { ids, newEvent, newEvents, newStream } from './event-store-case.js';
import { appendAtLast, useStand } from './event-store-eventstoredb-stand.js';

const IN_FLIGHT = 64;

const stand = useStand();
let restarting: Promise<void> = Promise.resolve();
const standIns: SpawnedStandIn[] = [];
afterEach(() => {
  // Also those of a test that failed, frozen ones included.
  for (const standIn of standIns.splice(0)) standIn.process.kill('SIGKILL');
});

/** Appends one event each to so many streams, and shows that each stands in the log once, where it was acknowledged. */
async function appendMany(
  store: EventStoreDbEventStore,
  count: number,
  before: (index: number) => void,
  data: EventToAppend['data'] = {},
): Promise<void> {
  const acknowledged = new Map<string, string>();
  let next = 0;
  const appendNext = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) {
      before(index);
      const [stream, event] = [newStream(), newEvent(data)];
      const answer = await appendAtLast(store, stream, [event]);
      if (answer.outcome !== 'appended') throw new Error('Nobody else writes to this stream.');
      expect(answer.revision).toBe(0);
      acknowledged.set(event.id, answer.position);
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, appendNext));
  const { events } = await store.readAll(null, Number.MAX_SAFE_INTEGER);
  expect(events).toHaveLength(count);
  expect(new Map(events.map(({ id, position }) => [id, position]))).toEqual(acknowledged);
}

describe('an append whose answer does not come', () => {
  it('has an end below eight seconds', () => {
    expect(EVENT_STORE_LIMITS.appendMs + EVENT_STORE_LIMITS.tryMs / 10).toBeLessThan(8_000);
  });

  it('is told that the outcome is unknown, and is written once when its caller comes again', async () => {
    const store = await stand().store({ tryMs: 200, appendMs: 700 });
    const [stream, events] = [newStream(), newEvents(2)];
    stand().server.faults.hang();
    const started = performance.now();
    await expect(store.append(stream, 'no-stream', events)).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - started).toBeLessThan(1_500);
    stand().server.faults.resume();
    expect(await appendAtLast(store, stream, events)).toMatchObject({ outcome: 'appended', revision: 1 });
    expect(ids(await store.readStream(stream, 0, 10))).toEqual(ids(events));
  });

  it('is answered by an earlier try when the server is slower than a try', async () => {
    const store = await stand().store({ tryMs: 100 });
    stand().server.faults.answerLate(400);
    const [stream, events] = [newStream(), newEvents(1)];
    expect(await store.append(stream, 'no-stream', events)).toMatchObject({ outcome: 'appended', revision: 0 });
    stand().server.faults.answerLate(0);
    expect(await store.readStream(stream, 0, 10)).toHaveLength(1);
  });

  it('is written once each when every third answer of 2,000 is lost', async () => {
    const store = await stand().store({ tryMs: 150 });
    let [answers, lost] = [0, 0];
    stand().server.faults.takeAnswerFate = () => {
      answers += 1;
      if (answers % 3 !== 0) return 'once';
      lost += 1;
      return 'lost';
    };
    await appendMany(store, 2_000, () => undefined);
    expect(lost).toBeGreaterThan(666);
  }, 120_000);

  it('is a conflict when others wrote meanwhile and it was never taken', async () => {
    const store = await stand().store({ tryMs: 300 });
    const [stream, mine, others] = [newStream(), newEvents(2), newEvents(1)];
    await store.append(newStream(), 'no-stream', newEvents(1));
    stand().server.faults.hang();
    const answer = store.append(stream, 'no-stream', mine);
    await wait(100);
    // The restart drops what the hanging server had taken; another process is the first to come back.
    const restarted = stand().server.restart(1_000);
    await wait(500);
    stand().server.faults.resume();
    await restarted;
    const [first, second] = await Promise.all([(await stand().store()).append(stream, 'no-stream', others), answer]);
    const stored = ids(await store.readStream(stream, 0, 10));
    const outcomes = {
      [ids(others).join()]: [first.outcome, second.outcome],
      [ids(mine).join()]: [second.outcome, first.outcome],
    };
    expect(outcomes[stored.join()]).toEqual(['appended', 'conflict']);
  });
});

describe('appends over a connection that breaks', () => {
  it.each([
    ['in place of answers', () => stand().server.faults.loseAnswers(1, 'break')],
    ['at any time', () => void stand().server.faults.dropConnections()],
    [
      'because the server goes and comes back',
      () => void (restarting = restarting.then(() => stand().server.restart(150))),
    ],
  ])('are written once each: %s', async (_when, fault) => {
    const store = await stand().store();
    await appendMany(store, 1_000, (index) => {
      if (index % 250 === 125) fault();
    });
    await restarting;
  });

  it('are written once each when they are so large that they wait for the connection', async () => {
    const store = await stand().store();
    const text = 'x'.repeat(100_000);
    const drop = (index: number): void => {
      if (index % 75 === 70) stand().server.faults.dropConnections();
    };
    await appendMany(store, 300, drop, { text });
  });

  it('are written once each when the server is not ready, and when it has lost its leader', async () => {
    const store = await stand().store();
    await appendMany(store, 400, (index) => {
      if (index === 100) stand().server.faults.notReady(600);
      if (index === 300) stand().server.faults.loseLeader(2);
    });
  });

  it('are answered once each although the server answers twice', async () => {
    const store = await stand().store();
    stand().server.faults.answerTwice(100);
    await appendMany(store, 200, () => undefined);
  });

  it('are written once each when the server freezes for some seconds, connections and all', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'event-store-'));
    const standIn = await spawnStandIn(await compileStandIn(), { port: 0, dir: folder });
    standIns.push(standIn);
    const store = await stand().store({ tryMs: 500, silenceMs: 1_500 }, standIn.url);
    let thawed: Promise<unknown> = Promise.resolve();
    await appendMany(store, 600, (index) => {
      if (index !== 200) return;
      standIn.process.kill('SIGSTOP');
      thawed = wait(4_000).then(() => standIn.process.kill('SIGCONT'));
    });
    await thawed;
    expect(stand().warnings).toContain("the event store's client is replaced");
    await store.close();
    standIn.process.kill('SIGTERM');
    await once(standIn.process, 'exit');
    rmSync(folder, { recursive: true });
  }, 60_000);
});
