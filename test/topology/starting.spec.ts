import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { describeWithMongoDb } from '../contract/mongodb-suite.js';
import { startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { startStandAloneMongoDb } from '../support/mongodb/start-mongodb.js';
import { freePorts } from '../support/service/free-ports.js';

const PROGRAMS = join(import.meta.dirname, '../../dist/apps');
const LIMIT_MS = 60_000;
const VAULT_MASTER_KEY = Buffer.alloc(32, 9).toString('base64');

type Environment = Readonly<Record<string, string>>;

/** A built program in a process of its own, and what it says. */
class Program {
  output = '';
  readonly #child: ChildProcess;

  constructor(name: 'api' | 'worker' | 'sandbox', environment: Environment) {
    const { PATH = '' } = process.env;
    const program = join(PROGRAMS, name, 'main.js');
    if (!existsSync(program)) throw new Error(`${program} is missing: run "npm run build" first.`);
    this.#child = spawn(process.execPath, [program], { env: { PATH, ...environment } });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  async says(text: string): Promise<void> {
    await this.#until(() => this.output.includes(text), `does not say "${text}"`);
  }

  /** Its exit status, once it has ended by itself. */
  async ends(): Promise<number | null> {
    await this.#until(() => this.#hasEnded, 'does not end');
    return this.#child.exitCode;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL'): Promise<void> {
    if (this.#hasEnded) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #until(condition: () => boolean, otherwise: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MS;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`It ${otherwise}:\n${this.output}`);
      await sleep(20);
    }
  }
}

const folder = mkdtempSync(join(tmpdir(), 'starting-'));
const programs: Program[] = [];
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...given: ConstructorParameters<typeof Program>): Program {
  const program = new Program(...given);
  programs.push(program);
  return program;
}

async function untilReady(program: Program): Promise<void> {
  await program.says('listens on');
  const url = /listens on (\S+)/.exec(program.output)?.[1] ?? '';
  while ((await fetch(`${url}/health/ready`)).status !== 200) await sleep(50);
}

/** It lives, and is not ready; everything else is to be asked again later. */
async function expectWaiting(url: string): Promise<void> {
  const ask = async (path: string): Promise<readonly [number, unknown]> => {
    const answer = await fetch(`${url}${path}`);
    return [answer.status, await answer.json()];
  };
  expect(await ask('/health/live')).toEqual([200, { status: 'ok' }]);
  expect(await ask('/health/ready?x')).toMatchObject([
    503,
    { status: 'unavailable', checks: { process: expect.stringContaining('waits') } },
  ]);
  expect(await ask('/v1/workspaces')).toMatchObject([503, { code: 'unavailable', status: 503 }]);
}

await describeWithMongoDb('one of several processes whose servers are away at the start', (mongodb) => {
  (mongodb.isOurs ? it : it.skip)(
    'waits for the sandbox, the event store and MongoDB, says so, and needs no data directory',
    async () => {
      const [sandboxPort = 0, eventStorePort = 0, ...ports] = await freePorts(4);
      const dataDir = join(folder, 'data');
      await mongodb.kill();
      const environment = {
        DATA_DIR: dataDir,
        VAULT_MASTER_KEY,
        EVENT_STORE_URL: `esdb://127.0.0.1:${eventStorePort}?tls=false`,
        READ_STORE_URL: mongodb.url,
        SANDBOX_URL: `http://127.0.0.1:${sandboxPort}`,
      };
      const processes = (['api', 'worker'] as const).map((name, index) =>
        run(name, { ...environment, PORT: String(ports[index]) }),
      );
      await Promise.all(processes.map((one) => one.says('waiting for the sandbox (SANDBOX_URL)')));
      for (const port of ports) await expectWaiting(`http://127.0.0.1:${port}`);
      const sandboxEnvironment = { SANDBOX_PORT: String(sandboxPort), DATA_DIR: join(folder, 'sandbox') };
      await run('sandbox', sandboxEnvironment).says('listens on');
      await Promise.all(processes.map((one) => one.says('waiting for the event store (EVENT_STORE_URL)')));
      const eventStore = await startEventStoreServer({ port: eventStorePort, dir: join(folder, 'log') });
      await Promise.all(processes.map((one) => one.says('waiting for MongoDB (READ_STORE_URL)')));
      await mongodb.restart();
      await Promise.all(processes.map(untilReady));
      expect(existsSync(dataDir)).toBe(false);
      for (const one of processes) await one.stop('SIGTERM');
      await eventStore.close();
    },
    3 * LIMIT_MS,
  );
});

await describeWithMongoDb(
  'one of several processes with a MongoDB that is no replica set',
  (alone) => {
    it(
      'is refused, and does not wait',
      async () => {
        const [eventStorePort = 0] = await freePorts(1);
        const eventStore = await startEventStoreServer({ port: eventStorePort, dir: join(folder, 'other-log') });
        const stores = { EVENT_STORE_URL: eventStore.url, READ_STORE_URL: alone.url, VAULT_MASTER_KEY };
        const worker = run('worker', { PORT: '0', ...stores });
        expect(await worker.ends()).toBe(1);
        expect(worker.output).toContain('does not start: MongoDB runs as a stand-alone server');
        await eventStore.close();
      },
      2 * LIMIT_MS,
    );
  },
  startStandAloneMongoDb,
);

describe('a start that is refused', () => {
  it('says what is wrong with its environment, one sentence for each fault', async () => {
    for (const name of ['api', 'worker'] as const) {
      const program = run(name, { NODE_ENV: 'production', SANDBOX_URL: 'http://127.0.0.1:3001' });
      expect(await program.ends()).toBe(1);
      const lines = program.output.trimEnd().split('\n');
      for (const variable of ['SANDBOX_URL', 'EVENT_STORE_URL', 'READ_STORE_URL', 'VAULT_MASTER_KEY'])
        expect(lines.filter((line) => line.includes(`does not start: ${variable} `))).toHaveLength(1);
      expect(lines).toHaveLength(name === 'api' ? 5 : 4);
    }
  });

  it('of a sandbox is refused in production and away from loopback', async () => {
    const inProduction = run('sandbox', { NODE_ENV: 'production', SANDBOX_PORT: '0', DATA_DIR: join(folder, 'a') });
    const anywhere = run('sandbox', { HOST: '0.0.0.0', SANDBOX_PORT: '0', DATA_DIR: join(folder, 'b') });
    const noPort = run('sandbox', { SANDBOX_PORT: 'http', DATA_DIR: join(folder, 'c') });
    for (const program of [inProduction, anywhere, noPort]) expect(await program.ends()).toBe(1);
    expect(inProduction.output).toContain('production');
    expect(anywhere.output).toContain('loopback');
    expect(noPort.output).toContain('SANDBOX_PORT');
  });
});
