import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Lease, StoreUnavailable } from '#kernel';
import { MongoConnection, MongoReadStore } from '#read-store-mongodb';
import { MongoVaultStore } from '#vault-mongodb';
import type { MongoDb } from '../support/mongodb/start-mongodb.js';
import { describeWithMongoDb, newDatabase } from './mongodb-suite.js';
import { acquire, row } from './read-store-case.js';
import { VaultCase } from './vault-case.js';

/** What a person waits for, with some room for a busy machine. */
const ANSWER_LIMIT_MS = 4_000;
const SAVE_LIMIT_MS = 6_000;
const RECOVERY_LIMIT_MS = 15_000;
const OUTAGE_TEST_MS = 60_000;
const LEASE_MS = 120_000;
/** A frozen server must have taken the answers of some saves away; on a busy machine it takes more freezes until it has. */
const FREEZES = 8;
const MAX_FREEZES = 24;
const LOST_SAVES = 3;

const SHAPE = {
  name: 'accounts',
  version: 1,
  fields: { name: 'text' },
  indexes: { byName: ['name'] },
  terms: [],
} as const;
const COPY = { name: 'accounts', version: 1, generation: 0, partition: 0 };

const named = (key: string): ReturnType<typeof row> => ({ ...row(key), fields: { name: key } });
const changes = (position: number): Parameters<MongoReadStore['save']>[2] => ({
  puts: [named(`k${position}`)],
  deletes: [],
  counts: new Map([['saves', 1]]),
  checkpoint: { position: String(position), anchor: null },
});

/** Rejects unless the call says in time that the store is unavailable. */
async function expectUnavailable(call: Promise<unknown>, limitMs: number): Promise<void> {
  const startedAt = performance.now();
  await expect(call).rejects.toThrow(StoreUnavailable);
  expect(performance.now() - startedAt).toBeLessThan(limitMs);
}

async function untilServed<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  for (const deadline = performance.now() + RECOVERY_LIMIT_MS; ;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

await describeWithMongoDb('MongoDB away', (server) => {
  if (!server.isOurs) {
    it.skip('needs a server that may be stopped: leave MONGODB_URL unset', () => undefined);
    return;
  }
  const { database } = newDatabase(server);
  let connection: MongoConnection;
  let store: MongoReadStore;
  let vault: MongoVaultStore;
  let lease: Lease;
  const others: MongoReadStore[] = [];
  beforeAll(async () => {
    connection = await MongoConnection.open({ url: server.url, database });
    store = await MongoReadStore.open({ connection });
    vault = await MongoVaultStore.open({ connection });
    await store.prepare(SHAPE, COPY);
    lease = await acquire(store, 'lease', 'owner', LEASE_MS);
  });
  afterAll(async () => {
    for (const other of others) await other.close();
    await store.close();
    await vault.close();
    await connection.close();
  });

  const outages: readonly [string, (of: MongoDb) => Promise<void> | void, (of: MongoDb) => Promise<void> | void][] = [
    ['killed', (of) => of.kill(), (of) => of.restart()],
    ['frozen', (of) => of.freeze(), (of) => of.thaw()],
  ];

  it.each(outages)(
    'tells so in time when the server is %s, and goes on when it is back',
    async (_name, begin, end) => {
      const from = Number((await store.checkpoint(COPY))?.position ?? 0);
      expect(await store.save(COPY, lease, changes(from + 1))).toBe('saved');
      await begin(server);
      await Promise.all([
        expectUnavailable(store.checkpoint(COPY), ANSWER_LIMIT_MS),
        expectUnavailable(
          store.find(COPY, { index: 'byName', equals: {}, order: 'ascending', limit: 9 }),
          ANSWER_LIMIT_MS,
        ),
        expectUnavailable(store.acquireLease('lease', 'owner', LEASE_MS), ANSWER_LIMIT_MS),
        expectUnavailable(store.save(COPY, lease, changes(from + 2)), SAVE_LIMIT_MS),
        expectUnavailable(vault.readKey('subject'), ANSWER_LIMIT_MS),
        expectUnavailable(vault.destroyKey('subject'), ANSWER_LIMIT_MS),
      ]);
      await end(server);

      expect(await untilServed(() => store.acquireLease('lease', 'owner', LEASE_MS))).toEqual(lease);
      const reached = Number((await untilServed(() => store.checkpoint(COPY)))?.position);
      expect([from + 1, from + 2]).toContain(reached);
      expect(await untilServed(() => store.save(COPY, lease, changes(reached + 1)))).toBe('saved');
      expect([...(await store.load(COPY, [`k${from + 1}`, `k${reached + 1}`])).keys()]).toHaveLength(2);
      expect(await untilServed(() => vault.readKey('nobody'))).toBeNull();
    },
    OUTAGE_TEST_MS,
  );

  it(
    'opens its change stream again',
    async () => {
      const heard = new Set<string>();
      const another = await MongoReadStore.open({ url: server.url, database });
      others.push(another);
      const stopListening = another.onCheckpoint(({ name }) => heard.add(name));
      const untilHeard = async (): Promise<void> => {
        const deadline = performance.now() + RECOVERY_LIMIT_MS;
        for (let position = 1; !heard.has(COPY.name); position += 1) {
          if (performance.now() > deadline) throw new Error('Nobody told of the checkpoint.');
          await untilServed(() => store.save(COPY, lease, changes(1_000 + position)));
          await sleep(50);
        }
      };
      await untilHeard();
      await server.kill();
      await server.restart();
      heard.clear();
      await untilHeard();
      stopListening();
    },
    OUTAGE_TEST_MS,
  );

  it(
    'counts each save once, whatever became of those whose answer was lost',
    async () => {
      const impatient = await MongoReadStore.open({
        url: server.url,
        database,
        limits: { answerMs: 400, saveMs: 400 },
      });
      others.push(impatient);
      const copy = { ...COPY, partition: 1 };
      await untilServed(() => impatient.prepare(SHAPE, copy));
      let isOver = false;
      let lost = 0;
      const freezing = (async () => {
        for (let round = 0; round < FREEZES || (lost < LOST_SAVES && round < MAX_FREEZES); round += 1) {
          await sleep(150 + 37 * (round % FREEZES));
          server.freeze();
          await sleep(600);
          server.thaw();
          await sleep(300);
        }
        isOver = true;
      })();
      while (!isOver) {
        // What the runner of a read model does after a failure: the lease, the checkpoint, and on from there.
        await impatient
          .acquireLease('impatient', 'owner', LEASE_MS)
          .then(
            async (held) => {
              let position = Number((await impatient.checkpoint(copy))?.position ?? 0);
              while (held !== null && !isOver) {
                position += 1;
                await impatient.save(copy, held, changes(position));
              }
            },
            () => undefined,
          )
          .catch((error: unknown) => {
            if (!(error instanceof StoreUnavailable)) throw error;
            lost += 1;
          });
      }
      await freezing;
      const reached = Number((await untilServed(() => impatient.checkpoint(copy)))?.position);
      expect(lost).toBeGreaterThanOrEqual(LOST_SAVES);
      expect(await untilServed(() => impatient.counts(copy, ['saves']))).toEqual(new Map([['saves', reached]]));
    },
    OUTAGE_TEST_MS,
  );

  it(
    'has everything that the vault acknowledged before the server was killed',
    async () => {
      const scene = new VaultCase({ store: vault, another: vault, dispose: () => Promise.resolve() });
      await scene.makeKey();
      const acknowledged: string[] = [];
      let isKilled = false;
      const write = async (worker: number): Promise<void> => {
        for (let index = 0; !isKilled; index += 1) {
          const id = `${worker}-${index}`;
          const outcome = await vault.insert(scene.record(id, { subject: worker === 0 ? scene.subject : null }));
          if (outcome === 'written') acknowledged.push(id);
        }
      };
      const writing = Promise.allSettled([0, 1, 2, 3].map(write));
      await sleep(500);
      await server.kill();
      isKilled = true;
      await writing;
      await server.restart();
      const stored = new Set((await untilServed(() => vault.list(scene.kind, '', 100_000))).map(({ id }) => id));
      expect(acknowledged.length).toBeGreaterThan(10);
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
    },
    OUTAGE_TEST_MS,
  );
});
