import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { Fleet, type FleetOptions } from '../support/fleet/fleet.js';
import { findMongod } from '../support/mongodb/mongod-binary.js';

/** A suite over several processes, or one that is skipped and says what to set. With REQUIRE_MONGODB=1 it fails instead. */
export async function describeFleet(name: string, suite: () => void): Promise<void> {
  const isGiven = process.env['MONGODB_URL'] !== undefined || process.env['REQUIRE_MONGODB'] === '1';
  const found = isGiven ? { path: '' } : await findMongod();
  describe(name, () => {
    if ('unavailable' in found) it.skip(`needs a server: ${found.unavailable}`, () => undefined);
    else suite();
  });
}

const START_LIMIT_MS = 180_000;

/** A fleet for all tests of a suite, there from the first of them on. */
export function useFleet(options: FleetOptions): () => Fleet {
  let fleet: Fleet | null = null;
  beforeAll(async () => {
    const started = await Fleet.start(options);
    if ('unavailable' in started) throw new Error(started.unavailable);
    fleet = started;
  }, START_LIMIT_MS);
  afterAll(() => fleet?.stop());
  return () => {
    if (fleet === null) throw new Error('The fleet has not started.');
    return fleet;
  };
}
