import { expect, it } from '@jest/globals';
import type { Lease } from '#kernel';
import { acquire, LEASE_STEALS, row, type ReadStoreCase } from './read-store-case.js';

const SHORT_MS = 300;
const LONG_MS = 60_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function describeLeases(begin: () => Promise<ReadStoreCase>): void {
  const nameFor = (rows: ReadStoreCase): string => `contested ${rows.copy.name}`;

  it('holds a lease against other owners until its time is over', async () => {
    const rows = await begin();
    const first = await acquire(rows.store, nameFor(rows), 'first', SHORT_MS);
    expect(first).toMatchObject({ name: nameFor(rows), owner: 'first' });
    expect(await rows.another.acquireLease(nameFor(rows), 'second', LONG_MS)).toBeNull();
    await pause(SHORT_MS + 200);
    const second = await acquire(rows.another, nameFor(rows), 'second', LONG_MS);
    expect(second.fence).toBeGreaterThan(first.fence);
    expect(await rows.store.acquireLease(nameFor(rows), 'first', LONG_MS)).toBeNull();
  });

  it('lets its owner prolong it under the same fence', async () => {
    const rows = await begin();
    const first = await acquire(rows.store, nameFor(rows), 'first', SHORT_MS);
    expect(await acquire(rows.store, nameFor(rows), 'first', LONG_MS)).toEqual(first);
    await pause(SHORT_MS + 200);
    expect(await rows.another.acquireLease(nameFor(rows), 'second', LONG_MS)).toBeNull();
  });

  it('is free once released, and its next fence is newer', async () => {
    const rows = await begin();
    const first = await acquire(rows.store, nameFor(rows), 'first', LONG_MS);
    await rows.store.releaseLease(first);
    const second = await acquire(rows.another, nameFor(rows), 'second', LONG_MS);
    expect(second.fence).toBeGreaterThan(first.fence);
    await rows.store.releaseLease(first);
    expect(await rows.store.acquireLease(nameFor(rows), 'first', LONG_MS)).toBeNull();
    await rows.another.releaseLease(second);
    expect((await acquire(rows.store, nameFor(rows), 'first', LONG_MS)).fence).toBeGreaterThan(second.fence);
  });

  it('goes to one of many that ask at once', async () => {
    const rows = await begin();
    const asked = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? rows.store : rows.another).acquireLease(nameFor(rows), `owner ${index}`, LONG_MS),
    );
    expect((await Promise.all(asked)).filter((lease) => lease !== null)).toHaveLength(1);
  });

  it('tells who holds the leases whose name begins so, by name', async () => {
    const rows = await begin();
    const prefix = `${nameFor(rows)}/`;
    expect(await rows.store.leaseHolders(prefix)).toEqual([]);
    for (const name of ['b', '\u{1F600}', '\uFFFD', 'a']) await acquire(rows.store, prefix + name, 'first', LONG_MS);
    await acquire(rows.another, `${prefix}a/1`, 'second', LONG_MS);
    await acquire(rows.store, nameFor(rows), 'first', LONG_MS);
    const held = async (of = prefix): Promise<readonly string[]> =>
      (await rows.another.leaseHolders(of)).map(({ name, owner }) => `${name.slice(prefix.length)} by ${owner}`);
    const all = ['a by first', 'a/1 by second', 'b by first', '\uFFFD by first', '\u{1F600} by first'];
    expect(await held()).toEqual(all);
    expect(await held(`${prefix}a`)).toEqual(all.slice(0, 2));
    const everybody = (await rows.store.leaseHolders('')).map(({ name }) => name);
    expect(everybody).toEqual(expect.arrayContaining([rows.lease.name, nameFor(rows), `${prefix}b`]));
  });

  it('names a lease as held until it is released, lapses or changes hands', async () => {
    const rows = await begin();
    const name = nameFor(rows);
    const first = await acquire(rows.store, name, 'first', LONG_MS);
    await rows.store.releaseLease(first);
    expect(await rows.another.leaseHolders(name)).toEqual([]);
    await acquire(rows.another, name, 'second', LONG_MS);
    expect(await rows.store.leaseHolders(name)).toEqual([{ name, owner: 'second' }]);
    await acquire(rows.another, name, 'second', SHORT_MS);
    await pause(SHORT_MS + 200);
    expect(await rows.store.leaseHolders(name)).toEqual([]);
    await acquire(rows.store, name, 'first', LONG_MS);
    expect(await rows.another.leaseHolders(name)).toEqual([{ name, owner: 'first' }]);
  });

  it('refuses everything of an owner whose lease was taken over, and changes nothing', async () => {
    const rows = await begin();
    const stale = await acquire(rows.store, nameFor(rows), 'first', SHORT_MS);
    const before = {
      puts: [row('k1', { dueAt: '2030-01-01T00:00:00.000Z' })],
      deletes: [],
      counts: new Map([['all', 1]]),
    };
    const checkpoint = { position: '1', anchor: null };
    expect(await rows.store.save(rows.copy, stale, { ...before, checkpoint })).toBe('saved');
    await pause(SHORT_MS + 200);
    const current = await acquire(rows.another, nameFor(rows), 'second', LONG_MS);

    const changes = {
      puts: [row('k2')],
      deletes: ['k1'],
      counts: new Map([['all', 5]]),
      checkpoint: { position: '9', anchor: null },
    };
    expect(await rows.store.save(rows.copy, stale, changes)).toBe('fenced');
    expect(await rows.store.save(rows.copy, stale, { ...changes, checkpoint: null })).toBe('fenced');
    expect(await rows.store.postpone(rows.copy, stale, 'k1', { tries: 1, waitMs: null, reason: 'x' })).toBe('fenced');
    expect([...(await rows.store.load(rows.copy, ['k1', 'k2'])).keys()]).toEqual(['k1']);
    expect(await rows.store.counts(rows.copy, ['all'])).toEqual(new Map([['all', 1]]));
    expect(await rows.store.checkpoint(rows.copy)).toEqual(checkpoint);
    expect(await rows.store.countParked(rows.copy)).toBe(0);

    expect(await rows.another.save(rows.copy, current, changes)).toBe('saved');
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: '9', anchor: null });
  });

  it('lets an owner whose lease lapsed go on as long as nobody took it', async () => {
    const rows = await begin();
    const lease = await acquire(rows.store, nameFor(rows), 'first', 1);
    await pause(50);
    const changes = { puts: [row('k1')], deletes: [], counts: new Map<string, number>(), checkpoint: null };
    expect(await rows.store.save(rows.copy, lease, changes)).toBe('saved');
  });

  it('refuses a lease that was never given', async () => {
    const rows = await begin();
    const invented = { name: nameFor(rows), owner: 'nobody', fence: 1 };
    const changes = { puts: [row('k1')], deletes: [], counts: new Map<string, number>(), checkpoint: null };
    expect(await rows.store.save(rows.copy, invented, changes)).toBe('fenced');
    expect(await rows.load('k1')).toBeUndefined();
  });

  it(`lets no loser save behind a winner, and counts every save once, in ${LEASE_STEALS} steals`, async () => {
    const rows = await begin();
    let saved = 0;
    let newest = 0;
    const fences = new Set<number>();
    const isOver = (): boolean => fences.size > LEASE_STEALS;
    const work = async (store: typeof rows.store, owner: string): Promise<void> => {
      while (!isOver()) {
        const lease: Lease | null = await store.acquireLease(nameFor(rows), owner, 20);
        if (lease) fences.add(lease.fence);
        // Holds on beyond its lease: the fence alone keeps the others' work safe.
        for (let turn = 0; lease && turn < 10; turn += 1) {
          const checkpoint = await store.checkpoint(rows.copy);
          const position = Number(checkpoint?.position ?? 0) + 1;
          const outcome = await store.save(rows.copy, lease, {
            puts: [row('k1', { body: { position, fence: lease.fence } })],
            deletes: [],
            counts: new Map([['saves', 1]]),
            checkpoint: { position: String(position), anchor: null },
          });
          if (outcome === 'fenced') break;
          saved += 1;
          expect(lease.fence).toBeGreaterThanOrEqual(newest);
          newest = lease.fence;
          await pause(5);
        }
        if (!lease) await pause(2);
      }
    };
    const workers = ['a', 'b', 'c'].map((owner, index) => work(index === 1 ? rows.another : rows.store, owner));
    await Promise.all(workers);
    expect(saved).toBeGreaterThan(10);
    expect(await rows.store.counts(rows.copy, ['saves'])).toEqual(new Map([['saves', saved]]));
    expect(await rows.store.checkpoint(rows.copy)).toEqual({ position: String(saved), anchor: null });
    expect((await rows.load('k1'))?.body).toEqual({ position: saved, fence: newest });
  }, 120_000);
}
