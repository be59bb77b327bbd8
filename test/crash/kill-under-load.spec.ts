import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadModel, RecordedEvent } from '#kernel';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { eventsOf, faultsOfAnswers, faultsOfLoad, retryUnderKeys } from './accounting.js';
import { storedEvents } from '../support/service/stored-events.js';
import { chanceOf, tell, wholeNumber } from './chance.js';
import { mixCommands, sendAll, type LoadCommand } from './commands.js';
import { judgeStores } from './judge.js';
import { killAt, startAgain } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';
import { prepareSites, prepareStages, type Site, type Stage } from './stages.js';

const ROUNDS = wholeNumber('CRASH_ROUNDS', 20);
const COMMANDS = wholeNumber('CRASH_COMMANDS', 200);
const STAGES = 1;
const SITES = 12;
/** Then a new data directory is begun: a replay costs as much as there is, and each beginning is another. */
const ROUNDS_PER_DIRECTORY = 5;
const ROUND_LIMIT_MS = 150_000;
/** A kill comes up to this long after the acknowledgement that it waits for. */
const JITTER_MS = 25;
/** A fault of this many is told; the rest are mostly its consequences. */
const FAULTS_SHOWN = 5;

/** Where the commands of a round do something. */
interface Places {
  readonly stages: readonly Stage[];
  readonly sites: readonly Site[];
}

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
  let places: Places;
  let before: readonly RecordedEvent[] = [];

  beforeAll(async () => {
    models = await modelsOfService();
    await begin();
  });

  afterAll(async () => {
    tell(`kill under load: ${JSON.stringify(tally)}`);
    await service.stop();
  });

  /** Starts the service on an empty data directory. */
  async function begin(): Promise<void> {
    service = await spawnService({ LOG_LEVEL: 'error' });
    places = await preparePlaces();
    before = [];
  }

  async function preparePlaces(): Promise<Places> {
    const [stages, sites] = await Promise.all([prepareStages(service, STAGES), prepareSites(service, SITES)]);
    return { stages, sites };
  }

  /** Sends the commands, and kills the service at a moment of the load. */
  async function killDuring(commands: readonly LoadCommand[]): Promise<void> {
    const share = chance.fraction();
    const jitterMs = chance.fraction() * JITTER_MS;
    // Just behind a commit stand commands that are carried out and not yet answered: half of the kills look for that.
    const events = commands.reduce((sum, { writes }) => sum + writes.length, 0);
    const afterEvents = 1 + Math.floor(share * events);
    if (chance.isLucky(0.5)) await killAt(service, { afterEvents }, () => sendAll(commands, () => undefined));
    else await killAfterAnswers(Math.floor(share * commands.length), jitterMs, commands);
    tally.kills += 1;
  }

  async function killAfterAnswers(count: number, jitterMs: number, commands: readonly LoadCommand[]): Promise<void> {
    let acknowledged = 0;
    let die: () => void = () => undefined;
    const moment = new Promise<void>((resolve) => (die = resolve));
    if (count === 0) die();
    const sent = sendAll(commands, () => {
      acknowledged += 1;
      if (acknowledged === count) die();
    });
    await Promise.race([moment, sent]);
    await sleep(jitterMs);
    await service.kill();
    await sent;
  }

  /** Everything that can be told about a round once the service runs again; nothing wrong is an empty list. */
  async function judge(commands: readonly LoadCommand[]): Promise<readonly string[]> {
    const { events, faults, rows } = await judgeStores(service, models);
    const ofRound = events.slice(before.length);
    const isKept = before.every(({ id }, index) => events[index]?.id === id);
    before = events;
    tally.events += ofRound.length;
    tally.rows += rows;
    return [
      ...(isKept ? [] : ['the log of the round before is not the beginning of this one']),
      ...faultsOfLoad(commands, ofRound),
      ...faults,
      ...(await faultsOfAnswers([...places.stages, ...places.sites], commands, ofRound)),
    ];
  }

  it.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))(
    'round %i: nothing acknowledged is lost, nothing is doubled, and the rows equal a fresh replay',
    async (round) => {
      const commands = mixCommands(chance, places, COMMANDS);
      await killDuring(commands);
      const acknowledged = new Set(commands.filter(({ answers }) => answers.length > 0));
      await startAgain(service);
      const unheard = storedEvents(service.dataDir, null);
      // A key whose owner was killed is held for some seconds; meanwhile the next round is prepared.
      const [onRetry, next] = await Promise.all([retryUnderKeys(commands), preparePlaces()]);
      const faults = [...onRetry, ...(await judge(commands))];
      places = next;
      tally.acknowledged += acknowledged.size;
      for (const command of commands.filter((one) => !acknowledged.has(one)))
        tally[eventsOf(command, unheard).length > 0 ? 'carriedOutUnheard' : 'leftUndone'] += 1;
      if (round % ROUNDS_PER_DIRECTORY === 0 && faults.length === 0 && round < ROUNDS) {
        await service.stop();
        await begin();
      }
      expect({ seed: chance.seed, faults: faults.slice(0, FAULTS_SHOWN) }).toEqual({ seed: chance.seed, faults: [] });
    },
    ROUND_LIMIT_MS,
  );
});
