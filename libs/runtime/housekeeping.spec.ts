import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthFlows } from '#social-accounts';
import { openSpecStores, type SpecStores } from '../kernel/spec-stores.js';
import { Housekeeping } from './housekeeping.js';

const NOW = new Date('2030-01-02T00:00:00.000Z');
const OVER = '2030-01-01T00:00:00.000Z';
const LATER = '2030-01-03T00:00:00.000Z';
/** More than two passes take. */
const OVER_ROWS = 1_200;

let stores: SpecStores;
let housekeeping: Housekeeping;
let warnings: string[] = [];

beforeEach(async () => {
  stores = await openSpecStores(NOW);
  warnings = [];
  const warn = (_facts: object, message: string): void => void warnings.push(message);
  housekeeping = new Housekeeping(stores.vault, new OAuthFlows(stores.vault), stores.clock, warn);
});

afterEach(async () => {
  await housekeeping.stop();
  await stores.dispose();
});

async function insert(kind: string, count: number, dueAt: string): Promise<void> {
  const record = { kind, subject: null, value: {}, sealed: null, dueAt };
  await Promise.all(
    Array.from({ length: count }, (_, index) => stores.vaultStore.insert({ ...record, id: `${dueAt}-${index}` })),
  );
}

const left = async (kind: string): Promise<number> => (await stores.vaultStore.list(kind, '', 10_000)).length;

describe('housekeeping', () => {
  it.each(['idempotency', 'oauth-flow'])(
    'removes in one sweep all that is over, and nothing else: %s',
    async (kind) => {
      await insert(kind, OVER_ROWS, OVER);
      await insert(kind, 3, LATER);
      await housekeeping.sweep();
      expect(await left(kind)).toBe(3);
      expect(warnings).toEqual([]);
    },
  );

  it('ends early when the service is told to end', async () => {
    await insert('idempotency', OVER_ROWS, OVER);
    const sweeping = housekeeping.sweep();
    await housekeeping.stop();
    await sweeping;
    const rows = await left('idempotency');
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(OVER_ROWS);
  });
});
