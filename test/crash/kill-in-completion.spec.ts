import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from '#contract';
import type { ReadModel } from '#kernel';
import type { Person } from '../support/service/person.js';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { attempt, createWorkspace, expectStatus, listAccounts, selectIds } from '../support/service/steps.js';
import { storedEvents, type StoredEvent } from '../support/service/stored-events.js';
import { tell, wholeNumber } from './chance.js';
import { judgeStores } from './judge.js';
import { Histogram, killAt, spread, startAgain, type Moment } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';
import { selectableOf } from './stages.js';
import { readVault } from './stored-vault.js';

/** How many kills are spread over the time of a completion. */
const SPREAD_KILLS = wholeNumber('CRASH_MOMENTS', 12);
/** Selected; the grant with its attachments; the accounts one by one; completed. What follows is in the vault. */
const AFTER_EVENTS = [1, 5, 6, 7, 8, 9];
const EVENTS_OF_COMPLETION = 9;
const SUITE_LIMIT_MS = 240_000;
const PREPARED_AT_ONCE = 4;

/** A consent to three Pages that waits for its selection, in a workspace of its own. */
interface Consented {
  readonly owner: Person;
  readonly workspaceId: string;
  readonly connection: Connection;
}

describe('killed between the steps of a connection with three Pages (R17, C3)', () => {
  const histogram = new Histogram();
  let service: SpawnedService;
  let models: readonly ReadModel[];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    tell(`kill in a completion: ${histogram.toString()}`);
    await service.stop();
  });

  async function consentToPages(): Promise<Consented> {
    const owner = await service.as('ada');
    const workspaceId = await createWorkspace(owner);
    const connection = await attempt(owner, workspaceId, { platform: 'facebook' });
    expect(selectableOf(connection)).toHaveLength(3);
    return { owner, workspaceId, connection };
  }

  async function consentMany(count: number): Promise<readonly Consented[]> {
    const all: Consented[] = [];
    while (all.length < count) {
      const some = Math.min(PREPARED_AT_ONCE, count - all.length);
      all.push(...(await Promise.all(Array.from({ length: some }, consentToPages))));
    }
    return all;
  }

  const select = ({ owner, workspaceId, connection }: Consented) =>
    selectIds(owner, workspaceId, connection.id, selectableOf(connection));

  /** All or none, by the log and by the queries; answers whether it is all. */
  async function expectAllOrNone(consented: Consented, wasAnswered: boolean): Promise<boolean> {
    const { owner, workspaceId, connection } = consented;
    const events = storedEvents(service.dataDir, workspaceId);
    const selected = events.find(({ type }) => type === 'ConnectionSelected');
    const { items, counts } = await listAccounts(owner, workspaceId);
    if (!selected) {
      expect(wasAnswered).toBe(false);
      expect({ items, types: typesBehind(events, 'ConnectionAuthorized') }).toEqual({ items: [], types: [] });
      return false;
    }
    const choices = selected.data['choices'] as readonly { readonly accountId: string }[];
    const ids = choices.map(({ accountId }) => accountId);
    expect(items.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(counts.all).toBe(3);
    expect(typesBehind(events, 'ConnectionAuthorized')).toEqual([
      'ConnectionSelected',
      'GrantObtained',
      'GrantAttached',
      'GrantAttached',
      'GrantAttached',
      'AccountConnected',
      'AccountConnected',
      'AccountConnected',
      'ConnectionCompleted',
    ]);
    const vault = readVault(service.dataDir);
    expect(vault.records.filter(({ id, subject }) => id === connection.id || subject === connection.id)).toEqual([]);
    expect(vault.destroyed.has(connection.id)).toBe(true);
    return true;
  }

  /** Selecting again and connecting again find the accounts that are there, and never make a second one. */
  async function expectNoSecondAccount(consented: Consented, isDone: boolean): Promise<void> {
    const { owner, workspaceId } = consented;
    const again = expectStatus(await select(consented), 200).body.accounts;
    expect(again.map(({ outcome }) => outcome)).toEqual(Array(3).fill(isDone ? 'unchanged' : 'connected'));
    const connection = await attempt(owner, workspaceId, { platform: 'facebook' });
    const { accounts } = expectStatus(await select({ ...consented, connection }), 200).body;
    const idsOf = (list: typeof accounts): readonly string[] => list.map(({ id }) => id).sort();
    expect(accounts.map(({ outcome }) => outcome)).toEqual(Array(3).fill('reconnected'));
    expect(idsOf(accounts)).toEqual(idsOf(again));
    const { items } = await listAccounts(owner, workspaceId);
    expect(items.map(({ id }) => id).sort()).toEqual(idsOf(again));
  }

  it(
    'ends with all three accounts or with none, whenever it is killed',
    async () => {
      const undisturbed = await consentToPages();
      const startedAt = performance.now();
      expectStatus(await select(undisturbed), 200);
      const durationMs = performance.now() - startedAt;
      const moments: readonly Moment[] = [
        ...spread(durationMs, SPREAD_KILLS),
        ...AFTER_EVENTS.map((afterEvents) => ({ afterEvents })),
      ];
      const consents = await consentMany(moments.length);
      const done: boolean[] = [];
      for (const [index, consented] of consents.entries()) {
        const moment = moments[index] as Moment;
        const { eventsWritten, wasAnswered } = await killAt(service, moment, () => select(consented));
        histogram.add(eventsWritten);
        await startAgain(service);
        done.push(await expectAllOrNone(consented, wasAnswered));
      }
      // A run whose kills all came before or after the completion would show nothing.
      expect(histogram.between(0, EVENTS_OF_COMPLETION)).toBeGreaterThanOrEqual(3);
      await Promise.all(consents.map((consented, index) => expectNoSecondAccount(consented, done[index] === true)));
      expect((await judgeStores(service, models)).faults).toEqual([]);
    },
    SUITE_LIMIT_MS,
  );
});

const typesBehind = (events: readonly StoredEvent[], type: string): readonly string[] =>
  events.slice(events.findIndex((event) => event.type === type) + 1).map((event) => event.type);
