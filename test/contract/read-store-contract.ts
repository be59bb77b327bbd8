import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeCopies } from './read-store-contract-copies.js';
import { describeDueWork } from './read-store-contract-due.js';
import { describeGenerations } from './read-store-contract-generations.js';
import { describeLeases } from './read-store-contract-leases.js';
import { describeCounters, describeTerms } from './read-store-contract-lookups.js';
import { describeParkedRows, describeParkedStreams, describeSkippedEvents } from './read-store-contract-parked.js';
import { describeQueries } from './read-store-contract-queries.js';
import { describeSaving } from './read-store-contract-saving.js';
import { ReadStoreCase, type ReadStoreSetUp } from './read-store-case.js';

/** Everything that the port promises, for any adapter. Every test works on copies of its own in the store that is set up. */
export function describeReadStore(name: string, setUpStore: () => Promise<ReadStoreSetUp>): void {
  describe(`ReadStore on ${name}`, () => {
    let setUp: ReadStoreSetUp | null = null;
    beforeAll(async () => {
      setUp = await setUpStore();
    });
    afterAll(() => setUp?.dispose());

    const begin = async (): Promise<ReadStoreCase> => {
      if (!setUp) throw new Error('The store was not set up.');
      return ReadStoreCase.begin(setUp);
    };
    describe('saving and loading', () => describeSaving(begin));
    describe('queries', () => describeQueries(begin));
    describe('terms', () => describeTerms(begin));
    describe('counters', () => describeCounters(begin));
    describe('due rows', () => describeDueWork(begin));
    describe('leases and fences', () => describeLeases(begin));
    describe('copies', () => describeCopies(begin));
    describe('generations', () => describeGenerations(begin));
    describe('parked streams', () => describeParkedStreams(begin));
    describe('parked rows', () => describeParkedRows(begin));
    describe('skipped events', () => describeSkippedEvents(begin));
  });
}
