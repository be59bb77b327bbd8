import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseStreamName, type ReadModel, type RecordedEvent } from '#kernel';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { chanceOf, tell } from './chance.js';
import { judgeStores } from './judge.js';
import { killAt, startAgain, type Moment } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';
import { prepareStages } from './stages.js';

const STAGES = 4;
const DAY_MS = 86_400_000;
/** Beyond the end of every token of the sandbox. */
const MOVE_DAYS = 120;
const KILLS_AT_MOST = 12;
/** Domain time passes with real time as well, and a step waits for its turn. */
const LATE_LIMIT_MS = 5 * 60_000;
const NOTICE_DAYS = [30, 7, 1];
const SUITE_LIMIT_MS = 240_000;

describe('killed while the clock is moved', () => {
  const chance = chanceOf('kill in a clock move');
  let service: SpawnedService;
  let models: readonly ReadModel[];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    await service.stop();
  });

  it(
    'goes on with the same call: every due step happens once, at its time',
    async () => {
      await prepareStages(service, STAGES);
      const target = new Date((await service.sandbox.now()).getTime() + MOVE_DAYS * DAY_MS);
      const written: number[] = [];
      let reached = await service.sandbox.now();
      for (let kills = 0; kills < KILLS_AT_MOST && reached < target; kills += 1) {
        const moment: Moment = chance.isLucky(0.3)
          ? { afterMs: chance.below(60) }
          : { afterEvents: 1 + chance.below(3) };
        written.push((await killAt(service, moment, () => service.sandbox.advance(target))).eventsWritten);
        await startAgain(service);
        const now = await service.sandbox.now();
        expect(now.getTime()).toBeGreaterThanOrEqual(reached.getTime());
        reached = now;
      }
      tell(`kill in a clock move: ${written.length} kills, events written before each: ${written.join(' ')}`);
      if (reached < target) reached = await service.sandbox.advance(target);
      expect(reached.getTime()).toBeGreaterThanOrEqual(target.getTime());
      expect(reached.getTime()).toBeLessThan(target.getTime() + LATE_LIMIT_MS);
      expect(written.filter((events) => events > 0).length).toBeGreaterThanOrEqual(3);
      const { events, faults } = await judgeStores(service, models);
      expect([...faultsOfNotices(events), ...faults]).toEqual([]);
    },
    SUITE_LIMIT_MS,
  );
});

/** Each grant's notices, once each and at their time, and its end. */
function faultsOfNotices(events: readonly RecordedEvent[]): readonly string[] {
  const grants = new Set(events.flatMap(({ stream, type }) => (type === 'GrantObtained' ? [stream] : [])));
  if (grants.size !== 2 * STAGES) return [`there are ${grants.size} grants`];
  return [...grants].flatMap((stream) => {
    const own = events.filter((event) => event.stream === stream);
    const lifetime = own[0]?.data['lifetime'] as { readonly expiresAt: string };
    const notices = own.filter(({ type }) => type === 'TokenExpiringSoon' || type === 'TokenExpired');
    const expected = [...NOTICE_DAYS.map((days) => ({ days, name: `P${days}D` })), { days: 0, name: 'TokenExpired' }];
    const names = notices.map(({ type, data }) => (type === 'TokenExpired' ? type : String(data['step'])));
    const faults = names.join() === expected.map(({ name }) => name).join() ? [] : [`announced ${names.join()}`];
    for (const [index, { days, name }] of expected.entries()) {
      const late = lateness(notices[index], lifetime.expiresAt, days);
      if (late < 0 || late > LATE_LIMIT_MS) faults.push(`${name} came ${late} ms after its time`);
    }
    return faults.map((fault) => `${parseStreamName(stream).id}: ${fault}`);
  });
}

const lateness = (notice: RecordedEvent | undefined, expiresAt: string, days: number): number =>
  Date.parse(notice?.metadata.occurredAt ?? '') - (Date.parse(expiresAt) - days * DAY_MS);
