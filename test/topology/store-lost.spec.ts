import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { tell } from '../crash/chance.js';
import type { Fleet } from '../support/fleet/fleet.js';
import { persist } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';
import { describeFleet, useFleet } from './fleet-suite.js';

const LOST_MS = 60_000;
/** A command's own time-out, with room for a busy machine. */
const ANSWER_LIMIT_MS = 10_000 + 2_000;
const BACK_LIMIT_MS = 30_000;
const COMMAND_EVERY_MS = 2_000;
const TEST_LIMIT_MS = 240_000;

interface Loss {
  readonly store: string;
  /** The parts that readiness names, and nothing else. */
  readonly parts: readonly string[];
  readonly lose: (fleet: Fleet) => Promise<void> | void;
  readonly bringBack: (fleet: Fleet) => Promise<void> | void;
}

const LOSSES: readonly Loss[] = [
  {
    store: 'event store, which takes calls and answers none',
    parts: ['eventStore'],
    lose: (fleet) => fleet.orderEventStore('hang'),
    bringBack: (fleet) => fleet.orderEventStore('resume'),
  },
  {
    store: 'MongoDB, which stands still with its connections open',
    parts: ['readStore', 'vault'],
    lose: ({ mongo }) => mongo.freeze(),
    bringBack: ({ mongo }) => mongo.thaw(),
  },
];

await describeFleet('a store that is lost for a minute', () => {
  const fleet = useFleet({ apis: 2, workers: 2 });

  it.each(LOSSES)(
    'lets commands be told so in time, shows in readiness, and everything goes on by itself: $store',
    async ({ parts, lose, bringBack }) => {
      if (!fleet().mongo.isOurs) throw new Error('Leave MONGODB_URL unset: this freezes the server.');
      const people = await Promise.all(fleet().apis.map((api) => fleet().personAt(api, 'ada')));
      for (const person of people) await createWorkspace(person);
      await lose(fleet());
      const lostAt = performance.now();
      const tookMs = await sendUntil(people, lostAt + LOST_MS - ANSWER_LIMIT_MS);
      tell(`a lost store: ${tookMs.length} commands were told 503, the last to hear after ${Math.max(...tookMs)} ms`);
      expect(tookMs.length).toBeGreaterThan(people.length);
      expect(Math.max(...tookMs)).toBeLessThan(ANSWER_LIMIT_MS);
      for (const program of [...fleet().apis, ...fleet().workers]) {
        const { isReady, checks } = await fleet().readinessOf(program);
        const bad = Object.keys(checks).filter((part) => checks[part] !== 'ok' && part !== 'readModels');
        expect({ isReady, bad }).toEqual({ isReady: false, bad: parts });
      }
      await sleep(lostAt + LOST_MS - performance.now());
      await bringBack(fleet());
      const backAt = performance.now();
      await Promise.all([...fleet().apis, ...fleet().workers].map((program) => untilReady(fleet(), program)));
      for (const person of people) {
        const workspaceId = await createWorkspace(person);
        const answer = await persist(async () => {
          const given = await person.get(`/v1/workspaces/${workspaceId}`);
          return given.status === 503 ? null : given;
        }, 'reading');
        expectStatus(answer, 200);
      }
      await fleet().sandbox.rest();
      const tookToReturn = Math.round(performance.now() - backAt);
      tell(`a lost store: ${tookToReturn} ms after its return everything was done`);
      expect(tookToReturn).toBeLessThan(BACK_LIMIT_MS);
    },
    TEST_LIMIT_MS,
  );
});

/** Sends commands at every process until a time; each has to be told 503. Answers how long each took. */
async function sendUntil(people: readonly Person[], until: number): Promise<readonly number[]> {
  const tookMs: number[] = [];
  const send = async (person: Person): Promise<void> => {
    const sentAt = performance.now();
    const answer = await person.post('/v1/workspaces', { name: 'Not now', timezone: 'Europe/Vienna' });
    expectStatus(answer, 503);
    tookMs.push(Math.round(performance.now() - sentAt));
  };
  const sent: Promise<void>[] = [];
  while (performance.now() < until) {
    sent.push(...people.map(send));
    await sleep(COMMAND_EVERY_MS);
  }
  await Promise.all(sent);
  return tookMs;
}

async function untilReady(fleet: Fleet, program: Fleet['apis'][number]): Promise<void> {
  await persist(async () => ((await fleet.readinessOf(program)).isReady ? true : null), 'readiness');
}
