import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadModel } from '#kernel';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { faultsOfAnswers, faultsOfLoad, retryUnderKeys } from './accounting.js';
import { chanceOf, tell, wholeNumber } from './chance.js';
import { mixCommands, sendAll } from './commands.js';
import { judgeStores } from './judge.js';
import { startAgain } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';
import { prepareSites, prepareStages } from './stages.js';

const COMMANDS = wholeNumber('CRASH_COMMANDS', 200);
const SITES = 8;
const ROUNDS = 3;
const EXIT_LIMIT_MS = 12_000;
const ROUND_LIMIT_MS = 150_000;
const JITTER_MS = 100;

describe('told to end under load (SIGTERM)', () => {
  const chance = chanceOf('drain');
  let service: SpawnedService;
  let models: readonly ReadModel[];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    await service.stop();
  });

  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'round %i: ends by itself in time, and what it acknowledged is there',
    async () => {
      const stages = await prepareStages(service, 1);
      const sites = await prepareSites(service, SITES);
      const commands = mixCommands(chance, { stages, sites }, COMMANDS);
      const sent = sendAll(commands, () => undefined);
      await sleep(chance.fraction() * JITTER_MS);
      const toldAt = performance.now();
      const exitCode = await service.terminate();
      const tookMs = performance.now() - toldAt;
      await sent;
      const acknowledged = commands.filter(({ answers }) => answers.length > 0).length;
      tell(`drain: ended with ${String(exitCode)} after ${Math.round(tookMs)} ms, ${acknowledged} acknowledged`);
      expect(exitCode).toBe(0);
      expect(tookMs).toBeLessThan(EXIT_LIMIT_MS);
      await startAgain(service);
      const onRetry = await retryUnderKeys(commands);
      const { events, faults } = await judgeStores(service, models);
      const all = [...onRetry, ...faultsOfLoad(commands, events), ...faults];
      expect([...all, ...(await faultsOfAnswers([...stages, ...sites], commands, events))]).toEqual([]);
    },
    ROUND_LIMIT_MS,
  );
});
