import { setTimeout as sleep } from 'node:timers/promises';
import { type Binary, MongoClient } from 'mongodb';
import { expect, it } from '@jest/globals';
import type { Fleet } from '../support/fleet/fleet.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';
import { describeFleet, useFleet } from './fleet-suite.js';

const TAKE_OVER_LIMIT_MS = 10_000;
const TEST_LIMIT_MS = 180_000;
/** A freeze finds a transaction every few times while there is work. */
const FREEZES = 400;

await describeFleet('a worker that dies in the middle of a transaction', () => {
  const fleet = useFleet({ apis: 1, workers: 1 });

  it(
    'is succeeded by another within ten seconds, and nothing is missing',
    async () => {
      const [first] = fleet().workers;
      if (!first) throw new Error('There is no worker.');
      const ada = await fleet().as('ada');
      await createWorkspace(ada);
      // It holds every lease by now; the second one has nothing until the first is gone.
      const second = fleet().anotherWorker();
      await second.start();
      let isOver = false;
      const working = (async () => {
        while (!isOver) await createWorkspace(ada);
      })();
      const open = await freezeInTransaction(fleet(), first);
      const killedAt = performance.now();
      await first.end('SIGKILL');
      isOver = true;
      await working;
      const workspaceId = await createWorkspace(ada);
      const path = `/v1/workspaces/${workspaceId}`;
      while ((await ada.get(path)).status === 503) await sleep(50);
      expectStatus(await ada.get(path), 200);
      await fleet().sandbox.rest();
      expect(performance.now() - killedAt).toBeLessThan(TAKE_OVER_LIMIT_MS);
      expect(open).toBeGreaterThan(0);
    },
    TEST_LIMIT_MS,
  );
});

/** Freezes the worker again and again until it stands in a transaction under a lease; answers how many are open then. */
async function freezeInTransaction(fleet: Fleet, worker: Fleet['workers'][number]): Promise<number> {
  const client = new MongoClient(fleet.readStoreUrl);
  try {
    const leases = client.db(fleet.database).collection<{ readonly session?: Binary }>('leases');
    for (let tries = 0; tries < FREEZES; tries += 1) {
      worker.freeze();
      const sessions = (await leases.find().toArray()).flatMap(({ session }) => session?.toString('hex') ?? []);
      const open = await openTransactions(client);
      const found = open.filter((session) => sessions.includes(session)).length;
      if (found > 0) return found;
      worker.thaw();
      await sleep(tries % 20);
    }
    throw new Error('No freeze has found the worker in a transaction.');
  } finally {
    await client.close();
  }
}

/** The sessions whose transaction has begun and is not over. */
async function openTransactions(client: MongoClient): Promise<readonly string[]> {
  const stages = [{ $currentOp: { idleSessions: true } }, { $match: { 'transaction.parameters': { $exists: true } } }];
  const found = await client.db('admin').aggregate<{ readonly lsid: { readonly id: Binary } }>(stages).toArray();
  return found.map(({ lsid }) => lsid.id.toString('hex'));
}
