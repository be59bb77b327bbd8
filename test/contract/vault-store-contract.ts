import { afterAll, beforeAll, describe } from '@jest/globals';
import { VaultCase, type VaultStoreSetUp } from './vault-case.js';
import { describeHolds } from './vault-contract-holds.js';
import { describeKeys } from './vault-contract-keys.js';
import { describeLists } from './vault-contract-lists.js';
import { describeRecords } from './vault-contract-records.js';

/** Everything that the port promises, for any adapter. Every test works under names of its own in the store that is set up. */
export function describeVaultStore(name: string, setUpStore: () => Promise<VaultStoreSetUp>): void {
  describe(`VaultStore on ${name}`, () => {
    let setUp: VaultStoreSetUp | null = null;
    beforeAll(async () => {
      setUp = await setUpStore();
    });
    afterAll(() => setUp?.dispose());

    const begin = (): VaultCase => {
      if (!setUp) throw new Error('The store was not set up.');
      return new VaultCase(setUp);
    };
    describe('keys', () => describeKeys(begin));
    describe('records', () => describeRecords(begin));
    describe('holds', () => describeHolds(begin));
    describe('lists', () => describeLists(begin));
  });
}
