import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { anEvent, Probe, refusal, within } from '../support/eventstore-server/behaviours/probe.js';
import { compileStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { freePorts } from '../support/service/free-ports.js';
import { useNewFolders } from './new-folders.js';
import { retried } from './retried.js';

const newFolder = useNewFolders('eventstore-server-');

describe('durability of the stand-in', () => {
  it('cuts off the torn end of an append, and goes on', async () => {
    const dir = newFolder();
    const first = await startEventStoreServer({ port: 0, dir });
    const probe = new Probe(first.url);
    const stream = probe.newStream();
    await probe.append(stream, [anEvent(), anEvent()]);
    await probe.dispose();
    await first.close();
    appendFileSync(join(dir, 'events.log'), Buffer.from([200, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7]));
    const second = await startEventStoreServer({ port: 0, dir });
    const again = new Probe(second.url);
    expect((await again.append(stream, anEvent(), 1n)).nextExpectedRevision).toBe(2n);
    await again.dispose();
    await second.close();
    const third = await startEventStoreServer({ port: 0, dir });
    const last = new Probe(third.url);
    expect(await last.revisions(stream)).toEqual([0, 1, 2]);
    await last.dispose();
    await third.close();
  });

  it('loses and doubles nothing when it is killed under load', async () => {
    const program = await compileStandIn();
    const dir = newFolder();
    let running = await spawnStandIn(program, { port: 0, dir });
    const probe = new Probe(running.url);
    const acknowledged = new Map<string, bigint>();
    let writing = true;
    const writer = async () => {
      while (writing) {
        const [stream, event] = [probe.newStream('killed'), anEvent()];
        const { position } = await retried(() => probe.append(stream, event, 'no_stream'));
        acknowledged.set(event.id, position?.commit ?? -1n);
      }
    };
    const writers = Array.from({ length: 32 }, writer);
    for (let kill = 0; kill < 3; kill += 1) {
      await sleep(300 + Math.random() * 300);
      running.process.kill('SIGKILL');
      await once(running.process, 'exit');
      running = await spawnStandIn(program, { port: running.port, dir });
    }
    await sleep(300);
    writing = false;
    await within(Promise.all(writers), 20_000);
    const events = (await probe.readAll({ commit: 0n, prepare: 0n })).filter((event) => event.type === 'Happened');
    const stored = new Map(events.map((event) => [event.id, event.position.commit]));
    expect(stored.size).toBe(events.length);
    expect(acknowledged.size).toBeGreaterThan(100);
    expect(stored).toEqual(acknowledged);
    await probe.dispose();
    running.process.kill('SIGTERM');
    expect(await within(once(running.process, 'exit'))).toEqual([0, null]);
  }, 60_000);

  it('can be told to go wrong by another process', async () => {
    const program = await compileStandIn();
    const [controlPort = 0] = await freePorts(1);
    const running = await spawnStandIn(program, { port: 0, dir: newFolder(), controlPort });
    const control = `http://127.0.0.1:${controlPort}`;
    const post = (fault: string, body?: object) =>
      fetch(`${control}/${fault}`, { method: 'POST', body: JSON.stringify(body ?? {}) });
    const probe = new Probe(running.url);
    await probe.append(probe.newStream(), anEvent());
    await expect((await fetch(control)).json()).resolves.toMatchObject({ connections: 1, subscriptions: 0 });
    expect((await fetch(`${control}/health/live`)).status).toBe(204);
    expect((await post('lose-leader', { count: 1 })).status).toBe(200);
    expect((await refusal(probe.append(probe.newStream(), anEvent()))).type).toBe('not-leader');
    expect((await post('answer-late', { ms: 'soon' })).status).toBe(400);
    expect((await post('nothing-known')).status).toBe(404);
    await probe.dispose();
    running.process.kill('SIGTERM');
    expect(await within(once(running.process, 'exit'))).toEqual([0, null]);
  });
});
