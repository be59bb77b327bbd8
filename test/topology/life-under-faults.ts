import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { ReadModel } from '#kernel';
import { chanceOf, tell, wholeNumber } from '../crash/chance.js';
import { judgeStores } from '../crash/judge.js';
import { modelsOfService } from '../support/service/service-models.js';
import { type FaultTally, type Targets, TimeOfFaults } from './faults.js';
import { Life } from './life.js';
import type { Setting } from './settings.js';

const isLong = process.env['TEST_LONG'] === '1';
/** The whole of it takes three minutes; a shorter run has fewer of everything. */
const SECONDS = wholeNumber('TOPOLOGY_SECONDS', isLong ? 180 : 60);
const EVENT_STORE_STOPS = Math.ceil((10 * SECONDS) / 180);
const MONGO_STOPS = Math.ceil((3 * SECONDS) / 180);
/** One every three seconds, of which a busy machine loses those that find everything on its way up. */
const KILLS_EVERY_SECONDS = 10;
const REST_LIMIT_MS = 120_000;
const SUITE_LIMIT_MS = SECONDS * 1_000 + 600_000;
const FAULTS_SHOWN = 10;

/** The one scenario, for any way to set the service up. */
export function describeLifeUnderFaults(name: string, setUp: () => Promise<Setting>): void {
  const chance = chanceOf(name);
  let setting: Setting;
  let models: readonly ReadModel[];
  let faults: TimeOfFaults | null = null;

  beforeAll(async () => {
    models = await modelsOfService();
    setting = await setUp();
  }, SUITE_LIMIT_MS);

  afterAll(async () => {
    await faults?.stop();
    await setting.stop();
  });

  it(
    `loses nothing, does nothing twice, and comes to rest: ${SECONDS} s of kills`,
    async () => {
      const life = new Life(setting.service, chance);
      const plan = { durationMs: SECONDS * 1_000, eventStoreStops: EVENT_STORE_STOPS, mongoStops: MONGO_STOPS };
      faults = new TimeOfFaults(setting.targets, plan, chance);
      do await life.goOn();
      while (!faults.isOver);
      await faults.over;
      const quietFrom = performance.now();
      await setting.service.sandbox.rest();
      const restMs = Math.round(performance.now() - quietFrom);
      const { events, rows, faults: found } = await judgeStores(setting.service, models, setting.atRest);
      const { teams, commands } = life;
      const acknowledged = setting.acknowledged.length;
      const figures = { ...faults.tally, teams, commands, acknowledged, events: events.length, rows, restMs };
      tell(`${name}: ${JSON.stringify(figures)}`);
      const all = [...found, ...(await life.faults(events, setting.acknowledged))];
      expect({ seed: chance.seed, faults: all.slice(0, FAULTS_SHOWN) }).toEqual({ seed: chance.seed, faults: [] });
      expect(restMs).toBeLessThan(REST_LIMIT_MS);
      const { kills, eventStoreStops, mongoStops } = faults.tally;
      expect(kills).toBeGreaterThanOrEqual(SECONDS / KILLS_EVERY_SECONDS);
      expect({ eventStoreStops, mongoStops }).toEqual(stopsMeantFor(setting.targets));
    },
    SUITE_LIMIT_MS,
  );
}

/** Every stop of a store that can be stopped: not an embedded one, and not a MongoDB that is somebody else's. */
const stopsMeantFor = ({ events, mongo }: Targets): Pick<FaultTally, 'eventStoreStops' | 'mongoStops'> => ({
  eventStoreStops: events === null ? 0 : EVENT_STORE_STOPS,
  mongoStops: mongo === null ? 0 : MONGO_STOPS,
});
