import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { expect, it } from '@jest/globals';
import { runCommandLine } from '../../apps/cli/command-line.js';
import { startEventStoreServer } from '../support/eventstore-server/start-server.js';

const SECRET = 's3cr3t-w0rd';

it('cli event-store secure writes the access rules as an administrator, says so, and can be repeated', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'secured-'));
  const server = await startEventStoreServer({ port: 0, dir });
  const client = EventStoreDBClient.connectionString(server.url);
  const texts: string[] = [];
  const out = { write: (text: string) => texts.push(text) };
  const environment = { EVENT_STORE_ADMIN_URL: server.url.replace('esdb://', `esdb://admin:${SECRET}@`) };
  try {
    for (let turn = 0; turn < 2; turn += 1) {
      const status = await runCommandLine(['event-store', 'secure'], { environment, output: out, errors: out });
      expect([status, texts.join('')]).toEqual([0, expect.stringContaining('Only administrators may delete')]);
      const { metadata } = await client.getStreamMetadata('$all');
      expect(metadata?.acl).toEqual({ readRoles: ['$admins', 'social-accounts'] });
      const types: unknown[] = [];
      for await (const { event } of client.readStream('$settings')) types.push(event?.type);
      expect(types.at(-1)).toBe('update-default-acl');
    }
    expect(texts.join('')).not.toContain(SECRET);
  } finally {
    await client.dispose();
    await server.close();
    rmSync(dir, { recursive: true });
  }
});
