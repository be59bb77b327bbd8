import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { secureEventStore } from '#event-store-eventstoredb';
import { StoreUnavailable, type AppendResult } from '#kernel';
import { ids, newEvent, newEvents, newStream } from './event-store-case.js';
import { appendAtLast, useStand } from './event-store-eventstoredb-stand.js';

const stand = useStand();

/** The stand-in as one of two members, the other of which is away. */
const severalHosts = (port: number): string => `esdb://127.0.0.1:${port},127.0.0.1:1?tls=false`;

describe('a store of several hosts', () => {
  it('takes appends again once there is a member, although reads went well all along', async () => {
    const back = stand().server.restart(2_500);
    const store = await stand().store({}, severalHosts(stand().server.port));
    const started = performance.now();
    // What the log's watch does in every process: each answer shows that reads work, and says nothing about appends.
    const asking = setInterval(() => void store.head().catch(() => undefined), 1_000);
    try {
      const answer = await appendAtLast(store, newStream(), newEvents(1), 15_000);
      expect(answer).toMatchObject({ outcome: 'appended', revision: 0 });
      expect(performance.now() - started).toBeLessThan(15_000);
    } finally {
      clearInterval(asking);
      await back;
    }
  }, 40_000);
});

describe('an EventStoreDbEventStore', () => {
  it('refuses what it cannot keep under way, by count and by bytes, and serves what it took', async () => {
    const store = await stand().store({ appends: 10, appendBytes: 30_000 });
    stand().server.faults.hang();
    const append = (length: number): Promise<AppendResult> =>
      store.append(newStream(), 'no-stream', [newEvent({ text: 'x'.repeat(length) })]);
    const taken = Array.from({ length: 9 }, () => append(1));
    await expect(append(28_000)).rejects.toThrow(/takes no more/);
    taken.push(append(1));
    await expect(append(1)).rejects.toThrow(StoreUnavailable);
    stand().server.faults.resume();
    for (const answer of await Promise.all(taken)) expect(answer.outcome).toBe('appended');
    await append(28_000);
  });

  it('replaces a client that gives no answers any more', async () => {
    const store = await stand().store({ tryMs: 100, appendMs: 3_000, silenceMs: 400 });
    await store.append(newStream(), 'no-stream', newEvents(1));
    stand().server.faults.hang();
    const [stream, events] = [newStream(), newEvents(1)];
    const answer = store.append(stream, 'no-stream', events);
    await wait(1_200);
    stand().server.faults.resume();
    expect(await answer).toMatchObject({ outcome: 'appended', revision: 0 });
    expect(stand().warnings).toContain("the event store's client is replaced");
    expect(await store.readStream(stream, 0, 10)).toHaveLength(1);
    expect(stand().server.status().connections).toBe(1);
  });

  it('takes no read that the replaced client broke off for one that found nothing, or only this much', async () => {
    const store = await stand().store({ tryMs: 100, appendMs: 3_000, silenceMs: 400 });
    const [stream, events] = [newStream(), newEvents(3)];
    const written = await store.append(stream, 'no-stream', events);
    if (written.outcome !== 'appended') throw new Error('Nobody else writes to this stream.');
    stand().server.faults.hang();
    const reads = Promise.all([
      store.readStream(stream, 0, 10),
      store.readLast(stream),
      store.readAt(written.position),
      store.head(),
      store.readAll(null, 10),
    ]);
    const answer = store.append(newStream(), 'no-stream', newEvents(1));
    await wait(1_200);
    expect(stand().warnings).toContain("the event store's client is replaced");
    stand().server.faults.resume();
    await answer;
    const [all, last, at, head, batch] = await reads;
    expect(ids(all)).toEqual(ids(events));
    expect([last?.id, at?.id]).toEqual([events[2]?.id, events[2]?.id]);
    expect(head).not.toBeNull();
    expect(ids(batch.events).slice(0, 3)).toEqual(ids(events));
  });

  it('answers a read that gets no answer with StoreUnavailable, in time', async () => {
    const store = await stand().store({ readMs: 400 });
    stand().server.faults.hang();
    const started = performance.now();
    await expect(store.readLast(newStream())).rejects.toThrow(StoreUnavailable);
    await expect(store.head()).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('keeps to its own: what others write is in no answer but that about one position', async () => {
    const store = await stand().store();
    const others = EventStoreDBClient.connectionString(stand().server.url);
    const first = await store.append(newStream(), 'no-stream', newEvents(1));
    const theirs = await others.appendToStream(
      `others-${randomUUID()}`,
      jsonEvent({ type: 'Theirs', data: { secret: 1 } }),
    );
    await others.appendToStream(`post-${randomUUID()}`, jsonEvent({ type: 'AlsoTheirs', data: {} }));
    await others.setStreamMetadata('others-1', { maxCount: 5 });
    expect(await store.head()).toBe(first.outcome === 'appended' ? first.position : null);
    expect((await store.readAll(null, 100)).events).toHaveLength(1);
    const position = `${theirs.position?.commit}/${theirs.position?.prepare}`;
    expect(await store.readAt(position)).toMatchObject({ type: 'Theirs', position, data: {}, version: 0 });
    await others.dispose();
  });

  it('refuses a connection string that would give wrong revisions, and quotes none', async () => {
    const wrong = `${stand().server.url}&throwOnAppendFailure=false`;
    await expect(stand().store({}, wrong)).rejects.toThrow(/throwOnAppendFailure/);
    const unreadable = 'esdb://someone:s3cr3t-w0rd@@@host:port';
    const refusal: unknown = await stand()
      .store({}, unreadable)
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Error);
    expect(JSON.stringify([String(refusal), (refusal as Error).stack])).not.toContain('s3cr3t');
  });

  it('can have its streams secured by an administrator', async () => {
    await secureEventStore(stand().server.url);
    const client = EventStoreDBClient.connectionString(stand().server.url);
    const { metadata } = await client.getStreamMetadata('$all');
    expect(metadata?.acl).toEqual({ readRoles: ['$admins', 'social-accounts'] });
    const settings: unknown[] = [];
    for await (const { event } of client.readStream('$settings')) settings.push([event?.type, event?.data]);
    const both = ['social-accounts', '$admins'];
    const admins = '$admins';
    expect(settings).toEqual([
      [
        'update-default-acl',
        {
          $userStreamAcl: { $r: both, $w: both, $mr: both, $d: admins, $mw: admins },
          $systemStreamAcl: { $r: admins, $w: admins, $d: admins, $mr: admins, $mw: admins },
        },
      ],
    ]);
    await client.dispose();
  });
});
