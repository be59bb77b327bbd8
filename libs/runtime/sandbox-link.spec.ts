import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSandbox, type Sandbox } from '../../apps/sandbox/index.js';
import { LinkedClock } from './linked-clock.js';
import { SandboxLink } from './sandbox-link.js';
import { SeverableConnection } from './spec-severable.js';

const DAY_MS = 86_400_000;

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('It did not come to that in time.');
    await sleep(5);
  }
}

/** A service process as far as the sandbox is concerned. */
interface Process {
  readonly link: SandboxLink;
  readonly connection: SeverableConnection;
}

describe('several processes and one sandbox', () => {
  let dataDir: string;
  let sandbox: Sandbox;
  let processes: Process[];

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'sandbox-link-'));
    sandbox = await startSandbox({ port: 0, dataDir, servesProcesses: true });
    processes = [];
  });
  afterEach(async () => {
    await Promise.all(processes.map(({ link }) => link.close()));
    await Promise.all(processes.map(({ connection }) => connection.close()));
    await sandbox.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const startTwo = async (): Promise<readonly [Process, Process]> => [await start(), await start()];

  async function start(): Promise<Process> {
    const connection = await SeverableConnection.to(sandbox.url);
    const link = new SandboxLink(connection.url);
    const process = { link, connection };
    processes.push(process);
    await until(() => link.isConnected);
    return process;
  }

  /** Asks the sandbox to move its clock as an API process does. Answers the status. */
  async function move(to: Date): Promise<number> {
    const body = JSON.stringify({ to: to.toISOString() });
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${sandbox.url}/v1/sandbox/clock`, { method: 'PUT', headers, body });
    return response.status;
  }

  const inDays = (days: number): Date => new Date(sandbox.clock.now().getTime() + days * DAY_MS);

  it('go by the same time once a move is answered', async () => {
    const [one, other] = await startTwo();
    const heard: string[] = [];
    one.link.clock.onMoved(() => heard.push('one'));
    other.link.clock.onMoved(() => heard.push('other'));
    for (const days of [1, 30, 400]) {
      const to = inDays(days);
      expect(await move(to)).toBe(200);
      for (const { link } of [one, other]) {
        expect(link.clock.now().getTime()).toBeGreaterThanOrEqual(to.getTime());
        expect(link.clock.now().getTime() - sandbox.clock.now().getTime()).toBeLessThanOrEqual(0);
      }
    }
    expect(heard.sort()).toEqual([...Array<string>(3).fill('one'), ...Array<string>(3).fill('other')]);
    expect(await move(new Date(0))).toBe(409);
    expect(await move(inDays(-1))).toBe(409);
  });

  it('a move waits for a process that has received it and not yet confirmed it', async () => {
    const { link, connection } = await start();
    connection.silence();
    const to = inDays(10);
    let answered = false;
    const moving = move(to).then(() => (answered = true));
    await until(() => sandbox.clock.now() >= to);
    expect(answered).toBe(false);
    connection.restore();
    await moving;
    // On a machine that stood still for 2 s it was dropped instead, and knows it.
    expect(link.clock.now() >= to || !link.isConnected).toBe(true);
  });

  it.each(['cut', 'silence'] as const)(
    'one without connection (%s) is dropped, knows it before that, and catches up',
    async (how) => {
      const [one, other] = await startTwo();
      other.connection[how]();
      const to = inDays(100);
      const moving = move(to).then(() => [one.link.isConnected, other.link.isConnected]);
      // When the sandbox no longer waits for it, it has not taken itself for connected any more.
      expect(await moving).toEqual([true, false]);
      expect(other.link.clock.now().getTime()).toBeLessThan(to.getTime());
      other.connection.restore();
      await until(() => other.link.isConnected);
      expect(other.link.clock.now().getTime()).toBeGreaterThanOrEqual(to.getTime());
      const further = inDays(1);
      expect(await move(further)).toBe(200);
      expect(other.link.clock.now().getTime()).toBeGreaterThanOrEqual(further.getTime());
    },
  );

  it('find the same time and the same keys after the sandbox was started again', async () => {
    const [one, other] = await startTwo();
    const to = inDays(70);
    await move(to);
    const keys = await (await fetch(`${sandbox.url}/v1/sandbox/jwks.json`)).json();
    const port = Number(new URL(sandbox.url).port);
    await sandbox.close();
    await until(() => !one.link.isConnected && !other.link.isConnected);
    sandbox = await startSandbox({ port, dataDir, servesProcesses: true });
    expect(sandbox.clock.now().getTime()).toBeGreaterThanOrEqual(to.getTime());
    await until(() => one.link.isConnected && other.link.isConnected);
    for (const { link } of [one, other]) expect(link.clock.now().getTime()).toBeGreaterThanOrEqual(to.getTime());
    expect(await (await fetch(`${sandbox.url}/v1/sandbox/jwks.json`)).json()).toEqual(keys);
  });

  it('no move is answered before those that were there before a restart have noticed it', async () => {
    const { link } = await start();
    const port = Number(new URL(sandbox.url).port);
    const severed = processes[0]?.connection;
    severed?.silence();
    await sandbox.close();
    sandbox = await startSandbox({ port, dataDir, servesProcesses: true });
    const to = inDays(5);
    expect(await move(to)).toBe(200);
    expect(link.isConnected).toBe(false);
    severed?.restore();
  });

  it('have nothing of it for requests that were forwarded', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'content-type': 'application/json' };
    const ask = async (method: string, path: string): Promise<number> =>
      (
        await fetch(`${sandbox.url}/v1/sandbox/${path}`, {
          method,
          headers,
          ...(method === 'GET' ? {} : { body: '{}' }),
        })
      ).status;
    const all = ['GET clock', 'PUT clock', 'POST session', 'GET jwks.json', 'GET clock/moves?process=p'];
    for (const route of [...all, 'POST clock/acknowledgements']) {
      const [method = '', path = ''] = route.split(' ');
      expect([route, await ask(method, path)]).toEqual([route, 404]);
    }
  });

  it('a sandbox inside of another process serves none', async () => {
    const inner = await startSandbox({ port: 0, dataDir: join(dataDir, 'inner') });
    for (const path of ['clock', 'jwks.json', 'clock/moves?process=p']) {
      expect((await fetch(`${inner.url}/v1/sandbox/${path}`)).status).toBe(404);
    }
    await inner.close();
  });

  it('turn down a confirmation of a connection that does not count, and a session for nobody', async () => {
    const post = async (path: string, body: object): Promise<number> => {
      const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
      return (await fetch(`${sandbox.url}/v1/sandbox/${path}`, request)).status;
    };
    expect(await post('clock/acknowledgements', { connection: 'unknown', line: 1 })).toBe(410);
    for (const body of [{}, { userId: '' }, { userId: 'u', name: 7 }, { userId: 'u', workspaces: 'all' }])
      expect([body, await post('session', body)]).toEqual([body, 400]);
    expect(await post('session', { userId: 'u', name: 'U', scope: 'ops', workspaces: ['ws_1'] })).toBe(200);
  });
});

describe('the clock of a process', () => {
  it('goes on running between two tellings, and never back', () => {
    let realMs = 1_000_000;
    const clock = new LinkedClock(() => realMs);
    expect(() => clock.now().toISOString()).toThrow(RangeError);
    clock.follow(new Date(5_000_000), true);
    expect(clock.now().getTime()).toBe(5_000_000);
    realMs += 250;
    expect(clock.now().getTime()).toBe(5_000_250);
    clock.follow(new Date(4_000_000), false);
    expect(clock.now().getTime()).toBe(5_000_250);
    realMs -= 100_000;
    expect(clock.now().getTime()).toBe(5_000_250);
    clock.follow(new Date(5_000_300), false);
    expect(clock.now().getTime()).toBe(5_000_300);
  });

  it('tells of moves alone', () => {
    const clock = new LinkedClock();
    let moves = 0;
    const stop = clock.onMoved(() => (moves += 1));
    clock.follow(new Date(1), false);
    clock.follow(new Date(2), true);
    stop();
    clock.follow(new Date(3), true);
    expect(moves).toBe(1);
  });
});
