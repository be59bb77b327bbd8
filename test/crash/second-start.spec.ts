import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { environmentFor } from '../support/service/in-process-service.js';
import { SpawnedService, spawnService } from '../support/service/spawned-service.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';

const LIMIT_MS = 60_000;

describe('one process for a data directory', () => {
  let first: SpawnedService;

  afterEach(async () => {
    await first.stop();
  });

  it(
    'refuses a second one with one sentence, and the first goes on',
    async () => {
      first = await spawnService();
      const second = new SpawnedService(await environmentFor(first.dataDir, { LOG_LEVEL: 'info' }));
      await expect(second.start()).rejects.toThrow('It ended with 1');
      expect(second.output.trimEnd()).toBe(
        `Social Accounts does not start: The data directory ${first.dataDir} is in use by another process: ` +
          'stop that one first, or choose another DATA_DIR.',
      );
      const ada = await first.as('ada');
      const workspaceId = await createWorkspace(ada);
      expectStatus(await ada.get(`/v1/workspaces/${workspaceId}`), 200);
    },
    LIMIT_MS,
  );

  it(
    'is not blocked by the lock of a process that was killed',
    async () => {
      first = await spawnService();
      const ada = await first.as('ada');
      const workspaceId = await createWorkspace(ada);
      await first.kill();
      expect(existsSync(join(first.dataDir, 'lock.sqlite'))).toBe(true);
      await first.start();
      expectStatus(await ada.get(`/v1/workspaces/${workspaceId}`), 200);
    },
    LIMIT_MS,
  );
});
