import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '#contract';
import type { ReadModel } from '#kernel';
import type { Person } from '../support/service/person.js';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import {
  callBack,
  consent,
  createWorkspace,
  expectStatus,
  readConnection,
  startConnection,
} from '../support/service/steps.js';
import { tell } from './chance.js';
import { judgeStores } from './judge.js';
import { killAt, startAgain } from './moments.js';
import { modelsOfService } from '../support/service/service-models.js';

/** Each kill has its own attempts, all called back at once, so that it finds them at different steps. */
const KILLS_AT = [0.25, 0.5, 0.8];
const REQUESTS = [
  { platform: 'facebook' },
  { platform: 'instagram', method: 'direct' },
  { platform: 'linkedin' },
  { platform: 'instagram', method: 'direct' },
];
const ATTEMPTS_PER_KILL = 8;
/** Whoever took a state has this long for its outcome; then another carries on. */
const TAKEN_MS = 30_000;
const SUITE_LIMIT_MS = 240_000;

interface Attempt {
  readonly person: Person;
  readonly workspaceId: string;
  readonly id: string;
  readonly callbackUrl: string;
  wasAnswered: boolean;
}

describe('killed while platforms call back (C7, R17)', () => {
  let service: SpawnedService;
  let models: readonly ReadModel[];

  beforeAll(async () => {
    models = await modelsOfService();
    service = await spawnService({ LOG_LEVEL: 'error' });
  });

  afterAll(async () => {
    await service.stop();
  });

  function prepare(): Promise<readonly Attempt[]> {
    return Promise.all(
      Array.from({ length: ATTEMPTS_PER_KILL }, async (_, index) => {
        const person = await service.as('ada');
        const workspaceId = await createWorkspace(person);
        const request = REQUESTS[index % REQUESTS.length] ?? {};
        const started = await startConnection(person, workspaceId, request);
        const callbackUrl = await consent(started.authorizationUrl, { identity: 'ada' });
        return { person, workspaceId, id: started.id, callbackUrl, wasAnswered: false };
      }),
    );
  }

  const callAllBack = (attempts: readonly Attempt[]): Promise<unknown> =>
    Promise.allSettled(
      attempts.map(async (attempt) => {
        expectStatus(await callBack(attempt.person.browser, attempt.callbackUrl), 302);
        attempt.wasAnswered = true;
      }),
    );

  const read = ({ person, workspaceId, id }: Attempt): Promise<Connection> => readConnection(person, workspaceId, id);

  const outcomeOf = ({ status, failure }: Connection): string => (failure ? `${status}: ${failure.code}` : status);

  it(
    'exchanges a code at most once, and leaves no attempt without an outcome',
    async () => {
      const undisturbed = await prepare();
      const startedAt = performance.now();
      await callAllBack(undisturbed);
      const durationMs = performance.now() - startedAt;
      expect(undisturbed.every(({ wasAnswered }) => wasAnswered)).toBe(true);
      const groups: (readonly Attempt[])[] = [];
      for (const fraction of KILLS_AT) {
        const attempts = await prepare();
        await killAt(service, { afterMs: fraction * durationMs }, () => callAllBack(attempts));
        await startAgain(service);
        groups.push(attempts);
      }
      const answered = new Map<Attempt, string>();
      for (const attempt of groups.flat())
        if (attempt.wasAnswered) answered.set(attempt, outcomeOf(await read(attempt)));
      expect([...answered.values()].filter((outcome) => !/^(authorized|completed)$/.test(outcome))).toEqual([]);

      // One half is called back again, by the same browser with the same code; the other is left to the sweep.
      const again = groups.flatMap((attempts) => attempts.slice(0, ATTEMPTS_PER_KILL / 2));
      const left = groups.flatMap((attempts) => attempts.slice(ATTEMPTS_PER_KILL / 2));
      await sleep(TAKEN_MS);
      await callAllBack(again);
      expect(again.every(({ wasAnswered }) => wasAnswered)).toBe(true);
      const outcomes = await Promise.all(again.map(async (attempt) => outcomeOf(await read(attempt))));
      // A second exchange of a code would be refused, and the attempt fail as `platform-error`.
      expect(outcomes.filter((one) => !/^(authorized|completed|failed: platform-unavailable)$/.test(one))).toEqual([]);

      await service.sandbox.advance('PT16M');
      const swept = await Promise.all(left.map(async (attempt) => outcomeOf(await read(attempt))));
      expect(swept.filter((one) => !/^(lapsed|completed|failed: platform-unavailable)$/.test(one))).toEqual([]);
      tell(
        `kill in callbacks: ${answered.size} answered before; then ${outcomes.join(', ')}; swept: ${swept.join(', ')}`,
      );
      for (const [attempt, outcome] of answered)
        expect(outcomeOf(await read(attempt))).toBe(outcome === 'authorized' ? 'lapsed' : outcome);
      expect((await judgeStores(service, models)).faults).toEqual([]);
    },
    SUITE_LIMIT_MS,
  );
});
