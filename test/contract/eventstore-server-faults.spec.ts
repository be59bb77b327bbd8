import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { anEvent, Probe, refusal, within } from '../support/eventstore-server/behaviours/probe.js';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { useNewFolders } from './new-folders.js';
import { retried } from './retried.js';

const newFolder = useNewFolders('eventstore-server-');

describe('faults of the stand-in', () => {
  let server: EventStoreServer;
  let probe: Probe;
  beforeEach(async () => {
    server = await startEventStoreServer({ port: 0, dir: newFolder(), liveBufferEvents: 50 });
    probe = new Probe(server.url);
    await probe.append(probe.newStream(), anEvent());
  });
  afterEach(async () => {
    server.faults.clear();
    await probe.dispose();
    await server.close();
  });

  it('hangs: takes appends and reads, answers none, and works through them when it goes on', async () => {
    const stream = probe.newStream();
    server.faults.hang();
    const appends = [0, 1, 2].map((n) => probe.client.appendToStream(stream, anEvent(`Number${n}`)));
    await expect(within(Promise.race(appends), 400)).rejects.toThrow('no answer');
    await expect(within(probe.head(), 400)).rejects.toThrow('no answer');
    server.faults.resume();
    await within(Promise.all(appends));
    expect((await probe.read(stream)).map((event) => event.type)).toEqual(['Number0', 'Number1', 'Number2']);
  });

  it('drops connections: subscriptions end with an error, and the next call connects again', async () => {
    const following = probe.follow(probe.client.subscribeToAll(), Number.POSITIVE_INFINITY);
    await sleep(200);
    expect(server.faults.dropConnections()).toBe(1);
    expect(['unavailable', 'cancelled']).toContain((await following).failure?.type);
    expect((await retried(() => probe.append(probe.newStream(), anEvent()))).success).toBe(true);
  });

  it('answers late', async () => {
    server.faults.answerLate(300);
    const start = performance.now();
    await probe.append(probe.newStream(), anEvent());
    expect(performance.now() - start).toBeGreaterThanOrEqual(299);
  });

  it('answers an append twice', async () => {
    const stream = probe.newStream();
    server.faults.answerTwice();
    const answers = await rawAppend(server, stream, 'Twice', 300);
    expect(answers.map((answer) => answer.getSuccess()?.getCurrentRevision())).toEqual(['0', '0']);
    expect(await probe.revisions(stream)).toEqual([0]);
  });

  it('answers an event without a type twice, as a real server does', async () => {
    const answers = await rawAppend(server, probe.newStream(), '', 2_500);
    expect(answers.map((answer) => answer.getError()?.getMessage())).toEqual(['BadRequest', 'Timeout']);
  });

  it('stores an append and loses its answer: the retry is answered from what was stored', async () => {
    const [stream, event] = [probe.newStream(), anEvent()];
    server.faults.loseAnswers(1);
    const lost = probe.client.appendToStream(stream, event, { expectedRevision: 'no_stream' });
    await expect(within(lost, 400)).rejects.toThrow('no answer');
    const [stored] = await probe.read(stream);
    const again = await probe.append(stream, event, 'no_stream');
    expect(again).toMatchObject({ nextExpectedRevision: 0n, position: stored?.position });
    expect(await probe.revisions(stream)).toEqual([0]);
  });

  it('stores an append and breaks the connection: the client rejects what was stored', async () => {
    const [stream, event] = [probe.newStream(), anEvent()];
    server.faults.loseAnswers(1, 'break');
    const { type } = await refusal(probe.append(stream, event, 'no_stream'));
    expect(['unavailable', 'cancelled']).toContain(type);
    const again = await retried(() => probe.append(stream, event, 'no_stream'));
    expect(again.nextExpectedRevision).toBe(0n);
    expect(await probe.revisions(stream)).toEqual([0]);
  });

  it.each([
    ['end', undefined, undefined],
    ['error', 'unavailable', 14],
    ['slow-consumer', 'timeout', 10],
  ] as const)('closes all subscriptions: %s', async (how, type, code) => {
    const following = [probe.client.subscribeToAll(), probe.client.subscribeToStream(probe.newStream())].map(
      (subscription) => probe.follow(subscription, Number.POSITIVE_INFINITY),
    );
    await sleep(200);
    expect(server.faults.closeSubscriptions(how)).toBe(2);
    for (const { failure } of await Promise.all(following)) {
      // The client closes its channel when one call says "unavailable", which cancels the other.
      if (failure?.type !== 'cancelled') expect([failure?.type, failure?.code]).toEqual([type, code]);
    }
    expect(server.status().subscriptions).toBe(0);
  });

  it('throws out a live consumer that takes nothing, without being told to', async () => {
    const subscription = probe.client.subscribeToAll({ fromPosition: await probe.head() });
    await once(subscription, 'caughtUp');
    const failed = once(subscription, 'error') as Promise<unknown[]>;
    const large = { x: 'x'.repeat(10_000) };
    for (let n = 0; n < 10; n += 1) {
      await probe.append(
        probe.newStream(),
        Array.from({ length: 50 }, () => anEvent('Large', large)),
      );
    }
    subscription.resume();
    const [error] = await within(failed);
    expect(error).toMatchObject({ type: 'timeout', code: 10 });
    expect((error as Error).message).toContain('Consumer too slow to handle');
  });

  it('is not ready for a while', async () => {
    server.faults.notReady(400);
    const refused = await refusal(probe.append(probe.newStream(), anEvent()));
    expect(refused).toMatchObject({ type: 'unknown', message: 'Could not recognize Server Is Not Ready' });
    expect((await refusal(probe.head())).type).toBe('unavailable');
    await sleep(400);
    expect((await retried(() => probe.append(probe.newStream(), anEvent()))).success).toBe(true);
  });

  it('loses its leader: the client learns where the new one is and goes there', async () => {
    server.faults.loseLeader();
    expect((await refusal(probe.append(probe.newStream(), anEvent()))).type).toBe('not-leader');
    expect((await probe.append(probe.newStream(), anEvent())).success).toBe(true);
  });

  it('restarts on the same port with the same events, and its own record behind them', async () => {
    const [stream, before] = [probe.newStream(), anEvent()];
    const { position } = await probe.append(stream, before);
    await server.restart();
    const [event] = await retried(() => probe.read(stream));
    expect(event).toMatchObject({ id: before.id, position });
    const [, behind] = await probe.readAll(position ?? { commit: 0n, prepare: 0n });
    expect(behind?.type).toBe('$epoch-information');
    expect(await probe.append(stream, before)).toMatchObject({ nextExpectedRevision: 0n, position });
  });
});

/** One batched append without the client, whose data handler throws on a second answer; collects answers for a while. */
async function rawAppend(
  server: EventStoreServer,
  stream: string,
  type: string,
  ms: number,
): Promise<BatchAppendResp[]> {
  const client = createRequire(createRequire(import.meta.url).resolve('@eventstore/db-client/package.json'));
  const { StreamsClient } = client(
    './generated/streams_grpc_pb.js',
  ) as typeof import('@eventstore/db-client/generated/streams_grpc_pb.js');
  const { credentials } = client('@grpc/grpc-js') as typeof import('@grpc/grpc-js');
  const { BatchAppendReq } = client(
    './generated/streams_pb.js',
  ) as typeof import('@eventstore/db-client/generated/streams_pb.js');
  const { StreamIdentifier, UUID } = client(
    './generated/shared_pb.js',
  ) as typeof import('@eventstore/db-client/generated/shared_pb.js');
  const { Empty } = client(
    'google-protobuf/google/protobuf/empty_pb.js',
  ) as typeof import('google-protobuf/google/protobuf/empty_pb.js');
  const options = new BatchAppendReq.Options();
  options.setStreamIdentifier(new StreamIdentifier().setStreamName(Buffer.from(stream))).setAny(new Empty());
  const message = new BatchAppendReq.ProposedMessage().setId(new UUID().setString(randomUUID()));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  const request = new BatchAppendReq().setCorrelationId(new UUID().setString(randomUUID()));
  request.setOptions(options).addProposedMessages(message);
  request.setIsFinal(true);
  const streams = new StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const call = streams.batchAppend();
  const answers: BatchAppendResp[] = [];
  call.on('data', (answer: BatchAppendResp) => answers.push(answer));
  call.on('error', () => undefined);
  call.write(request);
  await sleep(ms);
  call.cancel();
  streams.close();
  return answers;
}
