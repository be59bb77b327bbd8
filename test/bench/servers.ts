import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtStandIn, spawnStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { startMongoDb } from '../support/mongodb/start-mongodb.js';

/** The stand-in of EventStoreDB and a real MongoDB, each in a process of its own, for one benchmark. */
export interface Servers {
  /** What a service needs to know of them. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** `fill` is called before the event store starts, with the folder of its log and how to reach the MongoDB. */
export async function startServers(
  fill: (logDir: string, environment: Readonly<Record<string, string>>) => Promise<void> = () => Promise.resolve(),
): Promise<Servers> {
  const mongo = await startMongoDb();
  if ('unavailable' in mongo) throw new Error(mongo.unavailable);
  const logDir = mkdtempSync(join(tmpdir(), 'social-accounts-bench-log-'));
  const url = new URL(mongo.url);
  url.pathname = `/bench_${randomBytes(4).toString('hex')}`;
  const reads = { READ_STORE_URL: url.href, VAULT_MASTER_KEY: randomBytes(32).toString('base64') };
  await fill(logDir, reads);
  const standIn = await spawnStandIn(builtStandIn(), { port: 0, dir: logDir });
  return {
    environment: { ...reads, EVENT_STORE_URL: standIn.url },
    stop: async () => {
      const ended = once(standIn.process, 'exit');
      standIn.process.kill('SIGTERM');
      await ended;
      await mongo.stop();
      await rm(logDir, { recursive: true });
    },
  };
}
