import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ReadModel } from '#kernel';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { expectStatus, listAccounts } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';
import { tell, wholeNumber } from './chance.js';
import { judgeStores } from './judge.js';
import { Histogram, killAt, spread, startAgain, type Moment } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';
import { prepareStages, type Stage } from './stages.js';
import { readVault } from './stored-vault.js';

const SPREAD_KILLS = wholeNumber('CRASH_MOMENTS', 12);
/** Of two removals at once: both removed, both detached, and the grant that has become empty revoked. */
const AFTER_EVENTS = [1, 2, 3, 4, 5];
const EVENTS_OF_REMOVALS = 5;
const SUITE_LIMIT_MS = 240_000;
const PREPARED_AT_ONCE = 4;

describe('killed in the middle of removals (R3, R7, R17)', () => {
  const histogram = new Histogram();
  let service: SpawnedService;
  let models: readonly ReadModel[];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    tell(`kill in removals: ${histogram.toString()}`);
    await service.stop();
  });

  async function prepare(count: number): Promise<readonly Stage[]> {
    const all: Stage[] = [];
    while (all.length < count)
      all.push(...(await prepareStages(service, Math.min(PREPARED_AT_ONCE, count - all.length))));
    return all;
  }

  const remove = async ({ owner, workspaceId }: Stage, ids: readonly string[]): Promise<void> => {
    const paths = ids.map((id) => `/v1/workspaces/${workspaceId}/accounts/${id}`);
    const answers = await Promise.all(paths.map((path) => owner.delete(path)));
    for (const answer of answers) expectStatus(answer, 202);
  };

  /** By the log: the grant that an account was connected with. */
  function grantOf({ workspaceId }: Stage, accountId: string): string {
    const stream = `socialAccount-${accountId}`;
    const connected = storedEvents(service.dataDir, workspaceId).find((event) => event.stream === stream);
    return String(connected?.data['grantId']);
  }

  /** What was removed by then is gone from the vault and from the queries; what was not is untouched. */
  async function expectRemovedWhole(stage: Stage, ids: readonly string[]): Promise<readonly string[]> {
    const events = storedEvents(service.dataDir, stage.workspaceId);
    const removed = ids.filter((id) =>
      events.some(({ stream, type }) => stream === `socialAccount-${id}` && type === 'AccountRemoved'),
    );
    const vault = readVault(service.dataDir);
    const { items } = await listAccounts(stage.owner, stage.workspaceId);
    for (const id of ids) {
      const isRemoved = removed.includes(id);
      expect([vault.keys.has(id), vault.destroyed.has(id)]).toEqual([!isRemoved, isRemoved]);
      expect(items.some((account) => account.id === id)).toBe(!isRemoved);
      if (isRemoved) expect(vault.records.filter(({ subject }) => subject === id)).toEqual([]);
    }
    return removed;
  }

  function expectGrant(grantId: string, isAlive: boolean): void {
    const vault = readVault(service.dataDir);
    const types = storedEvents(service.dataDir, null).flatMap(({ stream, type }) =>
      stream === `grant-${grantId}` && type === 'GrantRevoked' ? [type] : [],
    );
    expect({ types, hasKey: vault.keys.has(grantId), isDestroyed: vault.destroyed.has(grantId) }).toEqual({
      types: isAlive ? [] : ['GrantRevoked'],
      hasKey: isAlive,
      isDestroyed: !isAlive,
    });
    expect(vault.records.filter(({ subject }) => subject === grantId)).toHaveLength(isAlive ? 1 : 0);
  }

  it(
    'leaves no key and no secret of a removed account, and revokes a grant exactly when it is empty',
    async () => {
      const [undisturbed] = await prepare(1);
      if (!undisturbed) throw new Error('Nothing is prepared.');
      const startedAt = performance.now();
      await remove(undisturbed, [undisturbed.sole, undisturbed.pair[0]]);
      await service.sandbox.rest();
      const durationMs = performance.now() - startedAt;
      const moments: readonly Moment[] = [
        ...spread(durationMs, SPREAD_KILLS),
        ...AFTER_EVENTS.map((afterEvents) => ({ afterEvents })),
      ];
      const stages = await prepare(moments.length);
      for (const [index, stage] of stages.entries()) {
        const ids = [stage.sole, stage.pair[0]];
        const [soleGrant, pairGrant] = [grantOf(stage, stage.sole), grantOf(stage, stage.pair[0])];
        const killed = await killAt(service, moments[index] as Moment, () => remove(stage, ids));
        histogram.add(killed.eventsWritten);
        await startAgain(service);
        const removed = await expectRemovedWhole(stage, ids);
        if (killed.wasAnswered) expect(removed).toEqual(ids);
        expectGrant(soleGrant, !removed.includes(stage.sole));
        expectGrant(pairGrant, true);
      }
      expect(histogram.between(0, EVENTS_OF_REMOVALS)).toBeGreaterThanOrEqual(2);
      await removeTheRest(stages);
      expect((await judgeStores(service, models)).faults).toEqual([]);
    },
    SUITE_LIMIT_MS,
  );

  /** Removes everything that is left, killed once in the middle, and asks again for all of it. */
  async function removeTheRest(stages: readonly Stage[]): Promise<void> {
    const removeAll = (): Promise<unknown> =>
      Promise.all(stages.map((stage) => remove(stage, [stage.sole, ...stage.pair])));
    await killAt(service, { afterEvents: stages.length }, removeAll);
    await startAgain(service);
    await removeAll();
    await service.sandbox.rest();
    for (const stage of stages) {
      const ids = [stage.sole, ...stage.pair];
      expect(await expectRemovedWhole(stage, ids)).toEqual(ids);
      for (const id of ids) expectGrant(grantOf(stage, id), false);
    }
  }
});
