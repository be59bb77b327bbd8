import assert from 'node:assert/strict';
import { anEvent, type Behaviour, type Probe, refusal, within } from './probe.js';

const NO_STREAM = 'no_stream';
const KIBIBYTE = 1024;

/** What a real server answers to appends. */
export const appending: Readonly<Record<string, Behaviour>> = {
  'the first event is revision 0, and commit equals prepare': async (probe) => {
    const { success, nextExpectedRevision, position } = await probe.append(probe.newStream(), anEvent(), NO_STREAM);
    assert.deepEqual([success, nextExpectedRevision, position?.commit], [true, 0n, position?.prepare]);
  },
  'several events answer with the revision and the position of the last': async (probe) => {
    const stream = probe.newStream();
    const answer = await probe.append(stream, [anEvent(), anEvent(), anEvent()], NO_STREAM);
    assert.equal(answer.nextExpectedRevision, 2n);
    assert.deepEqual((await probe.read(stream))[2]?.position, answer.position);
  },
  'the same id at the same expectation answers as before, also when others have written behind it': async (probe) => {
    const [stream, a, b] = [probe.newStream(), anEvent(), anEvent()];
    const first = await probe.append(stream, a, NO_STREAM);
    const second = await probe.append(stream, b, 0n);
    assert.deepEqual(await probe.append(stream, a, NO_STREAM), first);
    assert.deepEqual(await probe.append(stream, b, 0n), second);
    assert.deepEqual(await probe.revisions(stream), [0, 1]);
  },
  'events written at once answer as before, and so does a leading part of them': async (probe) => {
    const [stream, three] = [probe.newStream(), [anEvent(), anEvent(), anEvent()]];
    await probe.append(stream, anEvent(), NO_STREAM);
    const first = await probe.append(stream, three, 0n);
    assert.deepEqual(await probe.append(stream, three, 0n), first);
    assert.equal((await probe.append(stream, three.slice(0, 2), 0n)).nextExpectedRevision, 2n);
    assert.equal((await probe.revisions(stream)).length, 4);
  },
  'known and new ids mixed are refused': async (probe) => {
    const [stream, known] = [probe.newStream(), anEvent()];
    await probe.append(stream, known, NO_STREAM);
    await probe.append(stream, anEvent(), 0n);
    await isWrongVersion(probe.append(stream, [known, anEvent()], NO_STREAM), 1n);
    await isWrongVersion(probe.append(stream, [known, anEvent()], 'any'), 1n);
  },
  'with any and with stream_exists the earlier revision is answered': async (probe) => {
    const [stream, a] = [probe.newStream(), anEvent()];
    await probe.append(stream, a, NO_STREAM);
    await probe.append(stream, anEvent(), 0n);
    assert.equal((await probe.append(stream, a, 'any')).nextExpectedRevision, 0n);
    assert.equal((await probe.append(stream, a, 'stream_exists')).nextExpectedRevision, 0n);
    assert.equal((await probe.revisions(stream)).length, 2);
  },
  'the same id at a later expectation is written twice': async (probe) => {
    const [stream, a] = [probe.newStream(), anEvent()];
    await probe.append(stream, a, NO_STREAM);
    await probe.append(stream, anEvent(), 0n);
    assert.equal((await probe.append(stream, a, 1n)).nextExpectedRevision, 2n);
    assert.deepEqual(await probe.revisions(stream), [0, 1, 2]);
  },
  'the id decides, and another body under it is ignored': async (probe) => {
    const [stream, a] = [probe.newStream(), anEvent('One', { n: 1 })];
    await probe.append(stream, a, NO_STREAM);
    await probe.append(stream, anEvent('Two', { n: 2 }, a.id), NO_STREAM);
    const [event] = await probe.read(stream);
    assert.deepEqual([event?.type, event?.data], ['One', { n: 1 }]);
  },
  'one id twice in one append is written twice': async (probe) => {
    const [stream, a] = [probe.newStream(), anEvent()];
    assert.equal((await probe.append(stream, [a, a], NO_STREAM)).nextExpectedRevision, 1n);
    assert.equal((await probe.revisions(stream)).length, 2);
  },
  'the same id in another stream is another event': async (probe) => {
    const a = anEvent();
    await probe.append(probe.newStream(), a, NO_STREAM);
    assert.equal((await probe.append(probe.newStream(), a, NO_STREAM)).nextExpectedRevision, 0n);
  },
  'what does not meet the expectation is refused with what stands there': async (probe) => {
    const stream = probe.newStream();
    await probe.append(stream, anEvent());
    await isWrongVersion(probe.append(stream, anEvent(), 7n), 0n);
    await isWrongVersion(probe.append(stream, anEvent(), NO_STREAM), 0n);
    await isWrongVersion(probe.append(probe.newStream(), anEvent(), 'stream_exists'), NO_STREAM);
    await isWrongVersion(probe.append(probe.newStream(), anEvent(), 0n), NO_STREAM);
  },
  'the unary Append of a call with credentials refuses and writes alike': async (probe) => {
    const stream = probe.newStream();
    const credentials = { username: 'admin', password: 'changeit' };
    const append = (expectedRevision: bigint) =>
      within(probe.client.appendToStream(stream, anEvent(), { expectedRevision, credentials }));
    const first = await probe.append(stream, anEvent());
    await isWrongVersion(append(7n), 0n);
    const second = await append(0n);
    assert.equal(second.nextExpectedRevision, 1n);
    assert.ok((second.position?.commit ?? 0n) > (first.position?.commit ?? 0n));
  },
  'one append takes 1 MiB in all': async (probe) => {
    const large = (kibibytes: number) => anEvent('Large', { x: 'x'.repeat(kibibytes * KIBIBYTE) });
    assert.equal((await probe.append(probe.newStream(), large(900))).success, true);
    await isTooLarge(probe.append(probe.newStream(), large(1100)));
  },
  'many events that are too large together are refused, nothing is written, and the client goes on': async (probe) => {
    const stream = probe.newStream();
    const large = Array.from({ length: 40 }, () => anEvent('Large', { x: 'x'.repeat(100 * KIBIBYTE) }));
    await isTooLarge(probe.append(stream, large));
    assert.equal((await probe.append(stream, anEvent(), NO_STREAM)).nextExpectedRevision, 0n);
  },
  '2,000 small events are one append': async (probe) => {
    const many = Array.from({ length: 2000 }, () => anEvent());
    assert.equal((await probe.append(probe.newStream(), many, NO_STREAM)).nextExpectedRevision, 1999n);
  },
  'an append of nothing answers success and makes no stream': async (probe) => {
    const stream = probe.newStream();
    assert.equal((await probe.append(stream, [])).success, true);
    assert.equal((await refusal(probe.read(stream))).type, 'stream-not-found');
  },
  'spaces, slashes, accents and 2,000 letters are good stream names': async (probe) => {
    for (const category of ['with space', 'sl/ash', 'ünïcode', 'a'.repeat(2000)]) {
      const stream = probe.newStream(category);
      await probe.append(stream, anEvent(), NO_STREAM);
      assert.deepEqual((await probe.read(stream))[0]?.streamId, stream);
    }
  },
  'of 64 writers at no_stream one wins': async (probe) => {
    const stream = probe.newStream();
    const results = await Promise.allSettled(
      Array.from({ length: 64 }, () => probe.append(stream, anEvent(), NO_STREAM)),
    );
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 63);
    assert.ok(refused.every(({ reason }) => (reason as { type?: string }).type === 'wrong-expected-version'));
  },
  '200 appends side by side get 200 positions, and $all is in their order': async (probe) => {
    const [from, prefix] = [await probe.head(), `${probe.newStream('order')}-`];
    const appends = Array.from({ length: 200 }, (_, n) => probe.append(`${prefix}${n}`, anEvent(), NO_STREAM));
    const positions = (await Promise.all(appends)).map((answer) => answer.position?.commit ?? 0n);
    assert.equal(new Set(positions).size, 200);
    const read = (await ownEvents(probe, from, prefix)).map((event) => event.position.commit);
    assert.deepEqual(
      read,
      positions.sort((a, b) => (a < b ? -1 : 1)),
    );
  },
  'the events of one append stand side by side in $all': async (probe) => {
    const [from, prefix] = [await probe.head(), `${probe.newStream('block')}-`];
    const ten = () => Array.from({ length: 10 }, () => anEvent());
    await Promise.all(Array.from({ length: 20 }, (_, n) => probe.append(`${prefix}${n}`, ten(), NO_STREAM)));
    const order = (await ownEvents(probe, from, prefix)).map((event) => event.streamId);
    assert.equal(order.length, 200);
    for (let n = 0; n < order.length; n += 10) assert.equal(new Set(order.slice(n, n + 10)).size, 1);
  },
};

async function isWrongVersion(append: Promise<unknown>, actual: bigint | 'no_stream'): Promise<void> {
  const { type, actualVersion } = await refusal(append);
  assert.deepEqual([type, actualVersion], ['wrong-expected-version', actual]);
}

async function isTooLarge(append: Promise<unknown>): Promise<void> {
  assert.equal((await refusal(append)).type, 'maximum-append-size-exceeded');
}

async function ownEvents(probe: Probe, from: Awaited<ReturnType<Probe['head']>>, prefix: string) {
  return (await probe.readAll(from)).filter((event) => event.streamId.startsWith(prefix));
}
