import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadModel, RecordedEvent } from '#kernel';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { eventsOf, faultsOfAnswers, faultsOfLoad, retryUnderKeys } from './accounting.js';
import { chanceOf, tell, wholeNumber } from './chance.js';
import { mixCommands, sendAll, type LoadCommand } from './commands.js';
import { compareWithReplay, modelsOfService } from './replay.js';
import { takeSnapshot } from './snapshot.js';
import { prepareStages, type Stage } from './stages.js';
import { faultsOfLog, readLog } from './stored-log.js';
import { faultsOfVault, readVault } from './stored-vault.js';

const ROUNDS = wholeNumber('CRASH_ROUNDS', 20);
const COMMANDS = wholeNumber('CRASH_COMMANDS', 200);
const STAGES = 2;
const ROUND_LIMIT_MS = 60_000;
/** A kill comes up to this long after the acknowledgement that it waits for. */
const JITTER_MS = 25;
/** A fault of this many is told; the rest are mostly its consequences. */
const FAULTS_SHOWN = 5;

/** What a run did: numbers that show whether it was worth anything. */
interface Tally {
  kills: number;
  acknowledged: number;
  carriedOutUnheard: number;
  leftUndone: number;
  events: number;
  rows: number;
}

describe('killed at random moments under load (R1, R17)', () => {
  const chance = chanceOf('kill under load');
  const tally: Tally = { kills: 0, acknowledged: 0, carriedOutUnheard: 0, leftUndone: 0, events: 0, rows: 0 };
  let service: SpawnedService;
  let models: readonly ReadModel[];
  let before: readonly RecordedEvent[] = [];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    tell(`kill under load: ${JSON.stringify(tally)}`);
    await service.stop();
  });

  /** Sends the commands, and kills the service at a moment of the load. */
  async function killDuring(commands: readonly LoadCommand[]): Promise<void> {
    const killAt = chance.below(commands.length);
    const jitterMs = chance.fraction() * JITTER_MS;
    let acknowledged = 0;
    let die: () => void = () => undefined;
    const moment = new Promise<void>((resolve) => (die = resolve));
    if (killAt === 0) die();
    const sent = sendAll(commands, () => {
      acknowledged += 1;
      if (acknowledged === killAt) die();
    });
    await Promise.race([moment, sent]);
    await sleep(jitterMs);
    await service.kill();
    await sent;
    tally.kills += 1;
  }

  /** Everything that can be told about a round once the service runs again; nothing wrong is an empty list. */
  async function judge(commands: readonly LoadCommand[], stages: readonly Stage[]): Promise<readonly string[]> {
    const snapshot = await takeSnapshot(service);
    try {
      const events = await readLog(snapshot.folder);
      const ofRound = events.slice(before.length);
      const kept = before.every(({ id }, index) => events[index]?.id === id);
      const comparison = await compareWithReplay(snapshot, models);
      before = events;
      tally.events = events.length;
      tally.rows += comparison.rows;
      return [
        ...(kept ? [] : ['the log of the round before is not the beginning of this one']),
        ...faultsOfLog(events),
        ...faultsOfLoad(commands, ofRound),
        ...faultsOfVault(readVault(snapshot.folder), events),
        ...comparison.faults,
        ...(await faultsOfAnswers(stages, commands, ofRound)),
      ];
    } finally {
      snapshot.discard();
    }
  }

  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'round %i: nothing acknowledged is lost, nothing is doubled, and the rows equal a fresh replay',
    async () => {
      const stages = await prepareStages(service, STAGES);
      const commands = mixCommands(chance, stages, COMMANDS);
      await killDuring(commands);
      const acknowledged = new Set(commands.filter(({ answers }) => answers.length > 0));
      await service.start();
      await service.sandbox.rest();
      const onRetry = await retryUnderKeys(commands);
      const faults = [...onRetry, ...(await judge(commands, stages))];
      tally.acknowledged += acknowledged.size;
      for (const command of commands.filter((one) => one.key === null && !acknowledged.has(one)))
        tally[eventsOf(command, before).length > 0 ? 'carriedOutUnheard' : 'leftUndone'] += 1;
      expect({ seed: chance.seed, faults: faults.slice(0, FAULTS_SHOWN) }).toEqual({ seed: chance.seed, faults: [] });
    },
    ROUND_LIMIT_MS,
  );
});
