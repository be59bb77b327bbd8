import { describe, it } from '@jest/globals';
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
