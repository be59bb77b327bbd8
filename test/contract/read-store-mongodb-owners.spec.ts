import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type Lease, type StoredRow, StoreUnavailable } from '#kernel';
import { MongoConnection, MongoReadStore } from '#read-store-mongodb';
import { CopyCatalog } from '../../libs/read-store-mongodb/copy-catalog.js';
import { Leases } from '../../libs/read-store-mongodb/leases.js';
import { describeWithMongoDb, newDatabase } from './mongodb-suite.js';
import {
  CONTESTED,
  CONTESTED_COPY,
  CONTESTED_SHAPE,
  OwnerProcess,
  takeAndWrite,
} from './read-store-mongodb-contest.js';
import { LEASE_STEALS } from './read-store-case.js';

/** Less than the five seconds after which the server itself would end a transaction. */
const TAKE_OVER_LIMIT_MS = 4_000;
const LEASE_MS = 60_000;

await describeWithMongoDb('owners of a lease on MongoDB', (server) => {
  let scene: ReturnType<typeof newDatabase>;
  let store: MongoReadStore;
  const processes: OwnerProcess[] = [];
  const connections: MongoConnection[] = [];
  beforeEach(async () => {
    scene = newDatabase(server);
    store = await MongoReadStore.open({ url: server.url, database: scene.database });
    await store.prepare(CONTESTED_SHAPE, CONTESTED_COPY);
  });
  afterEach(async () => {
    for (const owner of processes.splice(0)) {
      owner.signal('SIGKILL');
      await owner.end();
    }
    for (const connection of connections.splice(0)) await connection.close();
    await store.close();
    await scene.drop();
  });
  const start = (task: 'linger' | 'contest', owner: string): OwnerProcess => {
    const started = new OwnerProcess(server.url, scene.database, task, owner);
    processes.push(started);
    return started;
  };
  const takeOver = async (): Promise<Lease> => {
    for (;;) {
      const lease = await store.acquireLease(CONTESTED, 'successor', LEASE_MS);
      if (lease !== null) return lease;
      await sleep(20);
    }
  };
  const scanned = async (): Promise<readonly StoredRow[]> => {
    const rows: StoredRow[] = [];
    for await (const row of store.scan(CONTESTED_COPY)) rows.push(row);
    return rows;
  };

  it.each(['SIGSTOP', 'SIGKILL'] as const)('takes the work over from an owner in a transaction: %s', async (signal) => {
    const lost = start('linger', 'lost');
    await lost.line('in transaction');
    lost.signal(signal);
    const lostAt = performance.now();
    const lease = await takeOver();
    expect(await store.checkpoint(CONTESTED_COPY)).toBeNull();
    const none = { puts: [], deletes: [], counts: new Map<string, number>() };
    const checkpoint = { position: 'of the successor', anchor: null };
    expect(await store.save(CONTESTED_COPY, lease, { ...none, checkpoint })).toBe('saved');
    expect(performance.now() - lostAt).toBeLessThan(TAKE_OVER_LIMIT_MS);
    if (signal === 'SIGSTOP') {
      lost.signal('SIGCONT');
      await lost.line('fenced');
    }
    expect(await store.checkpoint(CONTESTED_COPY)).toEqual(checkpoint);
  });

  it('ends a transaction that its caller gave up, before anybody looks at the checkpoint', async () => {
    const limits = { saveMs: 300 };
    const connection = await MongoConnection.open({ url: server.url, database: scene.database, limits });
    connections.push(connection);
    const [leases, catalog] = [new Leases(connection), new CopyCatalog(connection)];
    const { place } = await catalog.prepare(CONTESTED_SHAPE, CONTESTED_COPY);
    const lease = await leases.acquire(CONTESTED, 'slow', LEASE_MS);
    if (lease === null) throw new Error('The lease is held.');
    const writing = leases.writeUnder(lease, async (session) => {
      const late = { checkpoint: { position: 'late', anchor: null } };
      const outcome = await catalog.move(session, CONTESTED_COPY, place, late);
      await sleep(2 * limits.saveMs);
      return outcome;
    });
    await expect(writing).rejects.toThrow(StoreUnavailable);
    await leases.settle();
    expect(await store.checkpoint(CONTESTED_COPY)).toBeNull();
    await sleep(2 * limits.saveMs);
    expect(await store.checkpoint(CONTESTED_COPY)).toBeNull();
    const checkpoint = { position: 'in time', anchor: null };
    const move = leases.writeUnder(lease, (session) => catalog.move(session, CONTESTED_COPY, place, { checkpoint }));
    expect(await move).toBe('saved');
  });

  it(`lets no loser write behind a winner in ${LEASE_STEALS} steals`, async () => {
    const contestants = [start('contest', 'a'), start('contest', 'b')];
    await Promise.all(contestants.map((one) => one.line('contests')));
    let saved = 0;
    for (let fence = 0; fence < LEASE_STEALS;) {
      saved += await takeAndWrite(store, 'c', () => false);
      fence = Number((await scanned()).at(-1)?.body['fence'] ?? 0);
    }
    await Promise.all(contestants.map((one) => one.end()));
    saved += contestants.reduce((sum, one) => sum + one.saved, 0);

    const rows = (await scanned()).map(({ body }) => body as { position: number; fence: number; owner: string });
    expect(rows.map(({ position }) => position)).toEqual(rows.map((_, index) => index + 1));
    expect(rows).toHaveLength(saved);
    expect(await store.counts(CONTESTED_COPY, ['saves'])).toEqual(new Map([['saves', saved]]));
    expect(await store.checkpoint(CONTESTED_COPY)).toEqual({ position: String(saved), anchor: null });
    for (const [index, row] of rows.entries()) expect(row.fence).toBeGreaterThanOrEqual(rows[index - 1]?.fence ?? 0);
    expect(new Set(rows.map(({ owner }) => owner)).size).toBe(3);
  });
});
