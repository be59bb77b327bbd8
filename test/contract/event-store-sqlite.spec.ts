import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from '#event-store-sqlite';
import { describeEventStore } from './event-store-contract.js';

describeEventStore('SQLite', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'event-store-'));
  let store = await SqliteEventStore.open({ dataDir });
  return {
    store: () => store,
    restart: async () => {
      await store.close();
      store = await SqliteEventStore.open({ dataDir });
    },
    survivesRestart: false,
    foreignPosition: '1234/1200',
    dispose: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
});
