import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem, SandboxClock } from '#contract';
import { startSandbox, type Sandbox } from '../../apps/sandbox/index.js';
import { asSandboxPart } from '../../apps/standalone/sandbox-part.js';
import {
  createLogger,
  openStores,
  readConfiguration,
  startService,
  type Role,
  type SandboxPart,
  type Service,
  type Stores,
} from './index.js';

const DAY_MS = 86_400_000;

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
}

/** Two processes over the same stores, as far as that goes inside of one: each has its own application, loops and port. */
describe('an API and a worker', () => {
  let dataDir: string;
  let stores: Stores;
  let sandbox: Sandbox;
  let api: Service;
  let worker: Service | null = null;
  const started: Service[] = [];
  let token: string;

  const start = async (roles: readonly Role[], more: Partial<SandboxPart> = {}): Promise<Service> => {
    const configuration = readConfiguration({ PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'error' });
    const logger = createLogger(configuration);
    const part = { ...asSandboxPart(sandbox), ...more };
    const service = await startService({ configuration, roles, stores, logger, sandbox: part });
    started.push(service);
    return service;
  };

  async function call(url: string, method = 'GET', body?: object, headers: Record<string, string> = {}) {
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  }

  const startWorker = async (): Promise<Service> => (worker ??= await start(['projector', 'automation']));

  beforeAll(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'roles-'));
    stores = await openStores(readConfiguration({ DATA_DIR: dataDir }), createLogger({ LOG_LEVEL: 'error' }));
    sandbox = await startSandbox({ port: 0, dataDir });
    api = await start(['api']);
    token = await sandbox.issuer.issueSession({ userId: 'olga' });
  });
  afterAll(async () => {
    for (const service of started) await service.close();
    await sandbox.close();
    await stores.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('share the work: what the API acknowledges is readable there once a worker has projected it', async () => {
    const created = await call(`${api.url}/v1/workspaces`, 'POST', { name: 'Bakery', timezone: 'UTC' });
    expect(created.status).toBe(201);
    const { id, position } = JSON.parse(created.text) as { readonly id: string; readonly position: string };
    const read = (): ReturnType<typeof call> =>
      call(`${api.url}/v1/workspaces/${id}`, 'GET', undefined, { 'read-after': position });
    expect(api.runners.all).toEqual([]);
    expect((await call(`${api.url}/health/ready`)).status).toBe(503);
    expect((await read()).status).toBe(503);
    await startWorker();
    expect((await read()).status).toBe(200);
    expect((await call(`${api.url}/health/ready`)).status).toBe(200);
    expect((await call(`${api.url}/v1/sandbox/clock`, 'POST', { advance: 'P1D' })).status).toBe(200);
  });

  it('a worker answers health and metrics', async () => {
    const { url } = await startWorker();
    expect(await call(`${url}/health/live`)).toEqual({ status: 200, text: '{"status":"ok"}' });
    expect((await call(`${url}/health/ready`)).status).toBe(200);
    expect((await call(`${url}/metrics`)).text).toContain('projection_at_head');
  });

  it('a worker answers no route of the API, no page and no description', async () => {
    const { url } = await startWorker();
    const { paths } = JSON.parse((await call(`${api.url}/openapi.json`)).text) as OpenApi;
    const routes = Object.entries(paths).flatMap(([path, item]) => Object.keys(item).map((method) => [method, path]));
    expect(routes.length).toBeGreaterThan(15);
    for (const [method = '', path = ''] of [...routes, ['get', '/'], ['get', '/openapi.json'], ['get', '/docs']]) {
      const target = `${url}${path.replaceAll(/\{[^}]+\}/g, 'x')}`;
      const { status } = await call(target, method.toUpperCase(), method === 'get' ? undefined : {});
      expect([method, path, status]).toEqual([method, path, 404]);
    }
  });

  it('two moves of the clock at once come one after the other, whichever process is asked', async () => {
    await startWorker();
    const other = await start(['api']);
    const before = sandbox.clock.now().getTime();
    const answers = await Promise.all([
      call(`${api.url}/v1/sandbox/clock`, 'POST', { advance: 'P40D' }),
      call(`${other.url}/v1/sandbox/clock`, 'POST', { advance: 'P30D' }),
      call(`${api.url}/v1/sandbox/clock`, 'POST', { advance: 'P20D' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const daysOn = answers.map(({ text }) => (Date.parse((JSON.parse(text) as SandboxClock).now) - before) / DAY_MS);
    for (const [index, days] of [40, 30, 20].entries()) expect(daysOn[index]).toBeGreaterThanOrEqual(days);
    // Each was asked for from the time that it found.
    expect(Math.max(...daysOn)).toBeLessThan(91);
  });

  it('a process without a certain time accepts no command and is not ready, until it has it again', async () => {
    await startWorker();
    let isConnected = true;
    const uncertain = await start(['api'], { isConnected: () => isConnected });
    const { url } = uncertain;
    const create = (): ReturnType<typeof call> =>
      call(`${url}/v1/workspaces`, 'POST', { name: 'Books', timezone: 'UTC' });
    expect([(await create()).status, (await call(`${url}/health/ready`)).status]).toEqual([201, 200]);
    isConnected = false;
    const refused = await create();
    expect([refused.status, (JSON.parse(refused.text) as Problem).code]).toEqual([503, 'unavailable']);
    const ready = await call(`${url}/health/ready`);
    expect([ready.status, JSON.parse(ready.text)]).toMatchObject([503, { checks: { sandbox: 'no connection' } }]);
    expect((await call(`${url}/v1/workspaces`)).status).toBe(200);
    isConnected = true;
    expect([(await create()).status, (await call(`${url}/health/ready`)).status]).toEqual([201, 200]);
  });
});
