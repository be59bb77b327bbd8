import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteReadStore } from '#read-store-sqlite';
import { describeReadStore } from './read-store-contract.js';

describeReadStore('SQLite', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'read-store-'));
  const store = await SqliteReadStore.open({ dataDir });
  return {
    store,
    another: store,
    dispose: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});
