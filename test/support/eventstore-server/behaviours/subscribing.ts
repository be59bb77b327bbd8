import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  END,
  eventTypeFilter,
  excludeSystemEvents,
  type Filter,
  type Position,
  streamNameFilter,
} from '@eventstore/db-client';
import { anEvent, type Behaviour, type Followed, type Probe, within } from './probe.js';

const WINDOW_EVENTS = 32;

/** What a real server gives to subscriptions. */
export const subscribing: Readonly<Record<string, Behaviour>> = {
  'confirmation, past events, caughtUp, live ones; from a revision is exclusive': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent(), anEvent()]);
    const following = probe.follow(probe.client.subscribeToStream(stream, { fromRevision: 0n }), 4);
    await sleep(500);
    await probe.append(stream, [anEvent(), anEvent()], 2n);
    const signals = (await following).seen.map((seen) => (typeof seen === 'string' ? seen : Number(seen.revision)));
    assert.deepEqual(signals, ['confirmation', 1, 2, 'caughtUp', 3, 4]);
  },
  'to a stream that is not yet': async (probe) => {
    const stream = probe.newStream();
    const following = probe.follow(probe.client.subscribeToStream(stream), 1);
    await sleep(300);
    await probe.append(stream, anEvent());
    assert.equal((await following).events.length, 1);
  },
  'nothing is lost or doubled where the past meets the present': async (probe) => {
    const [prefix, from, total] = [`${probe.newStream('seam')}-`, await probe.head(), 600];
    let written = 0;
    const writing = (async () => {
      while (written < total) {
        await Promise.all(Array.from({ length: 20 }, (_, n) => probe.append(`${prefix}${written + n}`, anEvent())));
        written += 20;
      }
    })();
    while (written < 100) await sleep(5);
    const { events } = await followAll(probe, from, streamNameFilter({ prefixes: [prefix] }), total, 20_000);
    await writing;
    assert.equal(new Set(events.map((event) => event.streamId)).size, total);
    assert.ok(events.every((event, n) => n === 0 || event.position.commit > (events[n - 1]?.position.commit ?? 0n)));
  },
  '$all from an event is exclusive': async (probe) => {
    const stream = probe.newStream();
    const { position } = await probe.append(stream, anEvent('A'));
    await probe.append(stream, [anEvent('B'), anEvent('C')], 0n);
    const followed = await followAll(probe, position, streamNameFilter({ prefixes: [stream] }), 2);
    assert.deepEqual(typesOf(followed), ['B', 'C']);
  },
  'filters by event type, by regular expression, and without system events': async (probe) => {
    const [stream, from] = [probe.newStream(), await probe.head()];
    const type = `Rare${stream}`;
    await probe.append(stream, [anEvent(type), anEvent('Other'), anEvent(type)]);
    const typed = await followAll(probe, from, eventTypeFilter({ prefixes: [type] }), 2);
    assert.deepEqual(typesOf(typed), [type, type]);
    const named = await followAll(probe, from, streamNameFilter({ regex: `^${stream}$` }), 3);
    assert.deepEqual(typesOf(named), [type, 'Other', type]);
    await within(probe.client.setStreamMetadata(stream, { maxCount: 100 }));
    await probe.append(probe.newStream(), anEvent());
    const own = await followAll(probe, from, excludeSystemEvents(), 4, 3_000);
    assert.ok(own.events.length >= 4 && typesOf(own).every((name) => !name.startsWith('$')));
  },
  'filtered checkpoints come while nothing matches, only grow, and resuming there misses nothing': async (probe) => {
    const [rare, noise, from] = [probe.newStream('rare'), probe.newStream('noise'), await probe.head()];
    const write = (kind: string) =>
      Promise.all(Array.from({ length: 200 }, (_, n) => probe.append(`${noise}-${kind}-${n}`, anEvent())));
    await write('past');
    const watch = watchCheckpoints(probe, rare, from);
    await sleep(1_000);
    const past = watch.checkpoints.length;
    assert.ok(past >= 3, `${past} checkpoints over 200 events of the past`);
    await write('live');
    await sleep(500);
    assert.ok(watch.checkpoints.length - past >= 3, 'checkpoints over 200 live events');
    const { position } = await probe.append(rare, anEvent('Match'));
    await sleep(300);
    await watch.end();
    assert.equal(watch.matches(), 1);
    const commits = watch.checkpoints.map((checkpoint) => checkpoint.commit);
    assert.ok(commits.every((commit, n) => n === 0 || commit >= (commits[n - 1] ?? 0n)));
    const last = watch.checkpoints.filter((checkpoint) => checkpoint.commit < (position?.commit ?? 0n)).at(-1);
    const resumed = await followAll(probe, last, streamNameFilter({ prefixes: [rare] }), 1);
    assert.deepEqual(typesOf(resumed), ['Match']);
  },
  'no filtered checkpoint comes before a window is full': async (probe) => {
    const [rare, quiet] = [probe.newStream('rare'), probe.newStream('quiet')];
    const watch = watchCheckpoints(probe, rare, await probe.head());
    await sleep(500);
    const before = watch.checkpoints.length;
    for (let n = 0; n < 3; n += 1) await probe.append(`${quiet}-${n}`, anEvent());
    await sleep(500);
    assert.equal(watch.checkpoints.length, before);
    await watch.end();
  },
  'a position that is no record ends the subscription with an error': async (probe) => {
    const stream = probe.newStream();
    const { position } = await probe.append(stream, anEvent());
    assert.ok(position !== undefined);
    const beside = { commit: position.commit - 1n, prepare: position.prepare - 1n };
    const { failure, events } = await followAll(probe, beside, streamNameFilter({ prefixes: [stream] }), 1, 1_500);
    assert.deepEqual([failure?.type, events.length], ['unknown', 0]);
  },
  'a position beyond the end is no error: what is there already is skipped': async (probe) => {
    const [stream, far] = [probe.newStream(), { commit: 1n << 50n, prepare: 1n << 50n }];
    await probe.append(stream, anEvent('There'));
    const following = followAll(probe, far, streamNameFilter({ prefixes: [stream] }), 1, 3_000);
    await sleep(700);
    await probe.append(stream, anEvent('New'), 0n);
    const followed = await following;
    assert.deepEqual([followed.failure, typesOf(followed)], [undefined, ['New']]);
    assert.ok((followed.events[0]?.position.commit ?? far.commit) < far.commit);
  },
  'from the end only what is written afterwards comes': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, anEvent('Before'));
    const following = probe.follow(probe.client.subscribeToStream(stream, { fromRevision: END }), 1);
    await sleep(300);
    await probe.append(stream, anEvent('After'));
    assert.deepEqual(typesOf(await following), ['After']);
  },
  'unsubscribing ends the loop without an error': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, anEvent());
    const subscription = probe.client.subscribeToStream(stream);
    const following = probe.follow(subscription, 2, 2_000);
    await sleep(300);
    await subscription.unsubscribe();
    const { failure, events } = await following;
    assert.deepEqual([failure, events.length], [undefined, 1]);
  },
};

function followAll(
  probe: Probe,
  fromPosition: Position | undefined,
  filter: Filter,
  enough: number,
  ms?: number,
): Promise<Followed> {
  assert.ok(fromPosition !== undefined);
  return probe.follow(probe.client.subscribeToAll({ fromPosition, filter }), enough, ms);
}

function typesOf({ events }: Followed): string[] {
  return events.map((event) => event.type);
}

function watchCheckpoints(probe: Probe, prefix: string, fromPosition: Position) {
  const checkpoints: Position[] = [];
  let matches = 0;
  const filter = streamNameFilter({
    prefixes: [prefix],
    maxSearchWindow: WINDOW_EVENTS,
    checkpointReached: (_subscription, position) => {
      checkpoints.push(position);
      return Promise.resolve();
    },
  });
  const subscription = probe.client.subscribeToAll({ fromPosition, filter });
  subscription.on('data', () => (matches += 1));
  subscription.on('error', () => undefined);
  return { checkpoints, matches: () => matches, end: () => subscription.unsubscribe() };
}
