import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterEach, expect, it } from '@jest/globals';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import type { RecordedEvent } from '#kernel';
import { readLog } from '../crash/stored-log.js';
import type { Fleet } from '../support/fleet/fleet.js';
import type { Answer } from '../support/service/browser.js';
import { isForNow, persist } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import { expectStatus } from '../support/service/steps.js';
import { describeFleet, useFleet } from './fleet-suite.js';

const FROZEN_MS = 30_000;
const TEST_LIMIT_MS = 180_000;
const BODY = { name: 'Once', timezone: 'Europe/Vienna' };

await describeFleet('a command whose process freezes in the middle', () => {
  const fleet = useFleet({ apis: 2, workers: 1 });

  afterEach(async () => {
    await fleet().orderEventStore('clear');
    for (const api of fleet().apis) api.thaw();
  });

  it.each([
    ['the event store has its append, and has not answered', 'hang', {}],
    ['the event store has taken nothing yet', 'not-ready', { ms: 600_000 }],
  ] as const)(
    'is done once by the process that takes it over, also when the first goes on: %s',
    async (_when, fault, how) => {
      const [frozen, other] = fleet().apis;
      if (!frozen || !other) throw new Error('There are two processes.');
      const ada = await fleet().personAt(frozen, 'ada');
      const elsewhere = await fleet().personAt(other, 'ada');
      const headers = { 'idempotency-key': randomUUID(), 'x-correlation-id': `frozen-${randomUUID()}` };
      const send = (person: Person): Promise<Answer> => person.post('/v1/workspaces', BODY, headers);
      const before = await keysIn(fleet());

      await fleet().orderEventStore(fault, how);
      const first = send(ada).catch((error: unknown) => error as Error);
      await untilTrue(async () => (await keysIn(fleet())) > before);
      // Time for the append to be on its way.
      await sleep(300);
      frozen.freeze();
      const frozenAt = performance.now();
      await fleet().orderEventStore('clear');
      const answer = await persist(async () => {
        const given = await send(elsewhere);
        return isForNow(given) ? null : given;
      }, 'the command at the other process');
      expectStatus(answer, 201);
      expect(performance.now() - frozenAt).toBeLessThan(FROZEN_MS);
      expect(await typesOf(fleet(), headers['x-correlation-id'])).toEqual(['WorkspaceCreated', 'MemberAdded']);

      await sleep(Math.max(0, frozenAt + FROZEN_MS - performance.now()));
      frozen.thaw();
      const late = await first;
      if (!(late instanceof Error) && !isForNow(late)) expect(late.text).toBe(answer.text);
      await fleet().sandbox.rest();
      expect(await typesOf(fleet(), headers['x-correlation-id'])).toEqual(['WorkspaceCreated', 'MemberAdded']);
      await untilTrue(async () => (await fleet().readinessOf(frozen)).isReady);
      expect((await send(ada)).text).toBe(answer.text);
    },
    TEST_LIMIT_MS,
  );
});

/** How many commands stand under a key. */
async function keysIn(fleet: Fleet): Promise<number> {
  const client = new MongoClient(fleet.readStoreUrl);
  try {
    return await client.db(fleet.database).collection('vault_records').countDocuments({ kind: 'idempotency' });
  } finally {
    await client.close();
  }
}

/** What a command wrote, in the order of the log. */
async function typesOf(fleet: Fleet, correlationId: string): Promise<readonly string[]> {
  const store = await EventStoreDbEventStore.open({ connectionString: fleet.eventStoreUrl });
  try {
    const isOfCommand = ({ metadata }: RecordedEvent): boolean => metadata.$correlationId === correlationId;
    return (await readLog(store)).filter(isOfCommand).map(({ type }) => type);
  } finally {
    await store.close();
  }
}

async function untilTrue(isSo: () => Promise<boolean>): Promise<void> {
  await persist(async () => ((await isSo()) ? true : null), 'waiting');
}
