import { afterAll, afterEach, beforeAll, describe } from '@jest/globals';
import { EventStoreCase, type EventStoreSetUp } from './event-store-case.js';
import { describeAppending } from './event-store-contract-appending.js';
import { describeIdempotency } from './event-store-contract-idempotency.js';
import { describeReading } from './event-store-contract-reading.js';
import { describeRestarts } from './event-store-contract-restarts.js';
import { describeSubscriptions } from './event-store-contract-subscriptions.js';

/** Everything that the port promises, for any adapter. Every test works on streams of its own in the log that is set up. */
export function describeEventStore(name: string, setUpStore: () => Promise<EventStoreSetUp>): void {
  describe(`EventStore on ${name}`, () => {
    let setUp: EventStoreSetUp | null = null;
    beforeAll(async () => {
      setUp = await setUpStore();
    });
    afterAll(() => setUp?.dispose());

    let cases: EventStoreCase[] = [];
    afterEach(() => {
      for (const one of cases) one.end();
      cases = [];
    });

    const begin = async (): Promise<EventStoreCase> => {
      if (!setUp) throw new Error('The store was not set up.');
      const begun = await EventStoreCase.begin(setUp);
      cases.push(begun);
      return begun;
    };
    describe('appending', () => describeAppending(begin));
    describe('appending again', () => describeIdempotency(begin));
    describe('reading', () => describeReading(begin));
    describe('subscriptions', () => describeSubscriptions(begin));
    describe('restarts', () => describeRestarts(begin));
  });
}
