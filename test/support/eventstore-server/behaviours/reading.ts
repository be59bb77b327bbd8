import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { BACKWARDS, END, jsonEvent } from '@eventstore/db-client';
import { anEvent, type Behaviour, refusal, within } from './probe.js';

/** What a real server answers to reads, and what deletion and truncation leave of a stream. */
export const reading: Readonly<Record<string, Behaviour>> = {
  'a stream that is not': async (probe) => {
    assert.equal((await refusal(probe.read(probe.newStream()))).type, 'stream-not-found');
  },
  'from a revision is inclusive, and beyond the end there is nothing': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent(), anEvent()]);
    assert.deepEqual(await probe.revisions(stream, { fromRevision: 1n }), [1, 2]);
    assert.deepEqual(await probe.revisions(stream, { fromRevision: 99n }), []);
    assert.deepEqual(await probe.revisions(stream, { maxCount: 2 }), [0, 1]);
  },
  'backwards from the end and from a revision': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent(), anEvent()]);
    const backwards = { direction: BACKWARDS } as const;
    assert.deepEqual(await probe.revisions(stream, { ...backwards, fromRevision: END, maxCount: 1 }), [2]);
    assert.deepEqual(await probe.revisions(stream, { ...backwards, fromRevision: 1n }), [1, 0]);
  },
  'data, nested metadata, id, type and time come back': async (probe) => {
    const stream = probe.newStream();
    const metadata = { $correlationId: randomUUID(), $causationId: 'c', nested: { a: [1, 'ü'] } };
    const event = jsonEvent({ type: 'Named', data: { list: [1, 2.5, null], text: '日本 "quoted"' }, metadata });
    const before = Date.now();
    await probe.append(stream, event);
    const [read] = await probe.read(stream);
    const { id, type, data } = event;
    assert.deepEqual([read?.id, read?.type, read?.data, read?.metadata], [id, type, data, metadata]);
    assert.ok(read?.isJson === true && Math.abs(read.created.getTime() - before) < 60_000);
  },
  '$all from a position is inclusive, and positions only grow': async (probe) => {
    const stream = probe.newStream();
    const { position } = await probe.append(stream, anEvent());
    await probe.append(stream, anEvent(), 0n);
    assert.ok(position !== undefined);
    const positions = (await probe.readAll(position)).map((event) => event.position.commit);
    assert.equal(positions[0], position.commit);
    assert.ok(positions.every((commit, n) => n === 0 || commit > (positions[n - 1] ?? 0n)));
  },
  'a deleted stream is not found, and its next event continues the numbers': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent(), anEvent()]);
    await within(probe.client.deleteStream(stream));
    assert.equal((await refusal(probe.read(stream))).type, 'stream-not-found');
    assert.equal((await probe.append(stream, anEvent(), 'no_stream')).nextExpectedRevision, 3n);
    assert.deepEqual(await probe.revisions(stream), [3]);
  },
  'a deletion that expects another revision is refused': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, anEvent());
    const refused = await refusal(within(probe.client.deleteStream(stream, { expectedRevision: 7n })));
    assert.deepEqual([refused.type, refused.actualVersion], ['wrong-expected-version', 0n]);
  },
  '$all still holds the events of a deleted stream': async (probe) => {
    const stream = probe.newStream();
    const { position } = await probe.append(stream, anEvent());
    await within(probe.client.deleteStream(stream));
    assert.ok(position !== undefined);
    assert.equal((await probe.readAll(position))[0]?.streamId, stream);
  },
  'a tombstone refuses reading and appending for ever': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, anEvent());
    await within(probe.client.tombstoneStream(stream));
    assert.equal((await refusal(probe.append(stream, anEvent()))).type, 'stream-deleted');
    assert.equal((await refusal(probe.read(stream))).type, 'stream-deleted');
  },
  'truncateBefore and maxCount hide events, and expectations go on': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent(), anEvent(), anEvent()]);
    await within(probe.client.setStreamMetadata(stream, { truncateBefore: 2 }));
    assert.deepEqual(await probe.revisions(stream), [2, 3]);
    assert.equal((await probe.append(stream, anEvent(), 3n)).nextExpectedRevision, 4n);
    await within(probe.client.setStreamMetadata(stream, { maxCount: 1 }));
    assert.deepEqual(await probe.revisions(stream), [4]);
  },
  'the metadata that was set last is answered': async (probe) => {
    const stream = probe.newStream();
    await within(probe.client.setStreamMetadata(stream, { maxCount: 5, acl: { readRoles: ['$all'] } }));
    await within(probe.client.setStreamMetadata(stream, { maxCount: 6 }));
    const { metadata } = await within(probe.client.getStreamMetadata(stream));
    assert.deepEqual([metadata?.maxCount, metadata?.acl], [6, undefined]);
  },
};
