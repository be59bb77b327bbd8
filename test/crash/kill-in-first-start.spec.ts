import { afterEach, describe, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { environmentFor } from '../support/service/in-process-service.js';
import { SpawnedService } from '../support/service/spawned-service.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';
import { tell } from './chance.js';

const PROGRAM = join(import.meta.dirname, '../../dist/apps/standalone/main.js');
/** It is killed once there are so many files: the lock, the key, the three stores and the sandbox's two come one by one. */
const FILES = [1, 3, 4, 6, 9, 13];
const START_LIMIT_MS = 30_000;
const SUITE_LIMIT_MS = 180_000;
describe('killed while it makes its files', () => {
  let dataDir: string;

  afterEach(() => {
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<SpawnedService> {
    const service = new SpawnedService(await environmentFor(dataDir, {}));
    await service.start();
    return service;
  }

  /** Starts the program and kills it as soon as there are so many files. */
  async function killWith(files: number): Promise<void> {
    const environment = { PATH: process.env['PATH'], ...(await environmentFor(dataDir, {})) };
    const child = spawn(process.execPath, [PROGRAM], { env: environment });
    const ended = once(child, 'exit');
    const deadline = performance.now() + START_LIMIT_MS;
    while (readdirSync(dataDir).length < files && performance.now() < deadline) await nextTurn();
    child.kill('SIGKILL');
    await ended;
  }

  async function expectToServe(service: SpawnedService): Promise<void> {
    const ada = await service.as('ada');
    const workspaceId = await createWorkspace(ada);
    expectStatus(await ada.get(`/v1/workspaces/${workspaceId}`), 200);
  }

  it(
    'starts afterwards, whatever was there of them',
    async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-'));
      const found: number[] = [];
      for (const files of FILES) {
        await killWith(files);
        found.push(readdirSync(dataDir).length);
        const service = await start();
        await expectToServe(service);
        await service.stop();
        mkdirSync(dataDir);
      }
      tell(`kill in a first start: with ${found.join(', ')} files`);
    },
    SUITE_LIMIT_MS,
  );

  it(
    'takes a key that was not finished for none',
    async () => {
      dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-'));
      writeFileSync(join(dataDir, 'vault.key.new'), 'half a k');
      const service = await start();
      await expectToServe(service);
      await service.kill();
      await service.start();
      await expectToServe(service);
      await service.stop();
    },
    SUITE_LIMIT_MS,
  );
});
