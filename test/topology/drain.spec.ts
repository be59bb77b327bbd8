import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { beforeAll, expect, it } from '@jest/globals';
import type { ReadModel } from '#kernel';
import { tell } from '../crash/chance.js';
import { judgeStores } from '../crash/judge.js';
import type { Fleet } from '../support/fleet/fleet.js';
import type { Answer } from '../support/service/browser.js';
import { type Acknowledged, isWithoutTime, PatientBrowser } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import { modelsOfService } from '../support/service/service-models.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';
import { until } from '../support/service/until.js';
import { fleetAtRest } from './fleet-at-rest.js';
import { describeFleet, useFleet } from './fleet-suite.js';
import { faultsOfAcknowledged } from './life.js';
import { underLoad } from './under-load.js';

const TEST_LIMIT_MS = 180_000;
const IN_FLIGHT = 20;
const CLIENTS = 4;
/** What is under way may take ten seconds when a process is told to end, and this machine may be busy. */
const END_LIMIT_MS = 12_000;
/** A lease that is not released is held for 3.5 s at least after its owner has ended. */
const TAKE_OVER_LIMIT_MS = 2_500;
const CLIENT_HEAD = 'GET /health/ready HTTP/1.1\r\nhost: 127.0.0.1\r\n';
const RETRY_MS = 50;

await describeFleet('one of several processes that is told to end (SIGTERM)', () => {
  const acknowledged: Acknowledged[] = [];
  const patient = (origin: string): PatientBrowser => new PatientBrowser(origin, (one) => acknowledged.push(one));
  const fleet = useFleet({ apis: 2, workers: 2, browser: patient });
  let models: readonly ReadModel[];
  beforeAll(async () => {
    models = await modelsOfService();
  }, TEST_LIMIT_MS);

  /** Clients at the address of all APIs, who make workspaces and read them, until `work` is done. */
  const underCommands = async (work: () => Promise<void>): Promise<void> => {
    const clients = Array.from({ length: CLIENTS }, () => async (goesOn: () => boolean) => {
      const ada = await fleet().as('ada');
      while (goesOn()) expectStatus(await ada.get(`/v1/workspaces/${await createWorkspace(ada)}`), 200);
    });
    // Where the work fails, nobody is left waiting.
    await underLoad(clients, () => work().finally(() => fleet().orderEventStore('clear')));
  };

  const expectNothingLost = async (): Promise<void> => {
    const { events, faults } = await judgeStores(fleet(), models, fleetAtRest);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect([...faults, ...faultsOfAcknowledged(acknowledged, events)].slice(0, 10)).toEqual([]);
  };

  it(
    'O5: an API answers what it has accepted, takes nothing more, and ends with status 0',
    async () => {
      const [ending, other] = fleet().apis as [Fleet['apis'][number], Fleet['apis'][number]];
      const ada = await fleet().personAt(ending, 'ada');
      const correlation = `drain-${randomUUID()}`;
      await underCommands(async () => {
        await createWorkspace(await fleet().as('ada'));
        const probe = await beginRequest(fleet().originOf(ending));
        // Nothing is answered from here on: whatever has been accepted is under way when the process is told to end.
        await fleet().orderEventStore('hang');
        const sent = Array.from({ length: IN_FLIGHT }, (_, index) => send(ada, headersOf(correlation, index)));
        const answers = Promise.allSettled(sent);
        await until(`${IN_FLIGHT} commands are under way`, async () =>
          (await keysOf(fleet(), correlation)) === IN_FLIGHT ? true : null,
        );
        const toldAt = performance.now();
        const ended = ending.end('SIGTERM');
        // Where something fails before, its end is nobody's concern any more.
        ended.catch(() => undefined);
        await until('it takes no connections any more', () => isRefused(fleet().originOf(ending)));
        expect(await finishRequest(probe)).toMatch(/^HTTP\/1\.1 503 /);
        expect((await fetch(`${fleet().originOf(other)}/health/live`)).status).toBe(200);
        await fleet().orderEventStore('resume');
        expect(statusesOf(await answers)).toEqual(Array.from({ length: IN_FLIGHT }, () => 201));
        expect(await ended).toBe(0);
        const tookMs = Math.round(performance.now() - toldAt);
        tell(`drain of an API: ${IN_FLIGHT} commands were answered, and it ended after ${tookMs} ms`);
        expect(tookMs).toBeLessThan(END_LIMIT_MS);
        for (const [index, answer] of (await Promise.all(sent)).entries()) {
          const { 'x-correlation-id': correlationId } = headersOf(correlation, index);
          acknowledged.push({ method: 'POST', path: '/v1/workspaces', correlationId, position: answer.position });
        }
      });
      await ending.start();
      await expectNothingLost();
    },
    TEST_LIMIT_MS,
  );

  it(
    'O5: a worker gives up its leases and ends with status 0, and the other one goes on at once',
    async () => {
      const [ending] = fleet().workers as [Fleet['workers'][number]];
      await underCommands(async () => {
        const all = models.reduce((sum, { partitions }) => sum + partitions, 0);
        let shares: readonly number[] = [];
        const isShared = async (): Promise<true | null> => {
          shares = [...(await copiesByProcess(fleet())).values()];
          const [one = 0, other = 0] = shares;
          return one + other === all && Math.abs(one - other) <= 1 ? true : null;
        };
        await until('the workers share the work', isShared, { limitMs: 60_000, seen: () => shares });
        const toldAt = performance.now();
        expect(await ending.end('SIGTERM')).toBe(0);
        const endedAt = performance.now();
        // Not one is held by the process that has ended, and nobody waits for it to lapse.
        expect((await copiesByProcess(fleet())).size).toBe(1);
        const isTakenOver = async (): Promise<true | null> => {
          shares = [...(await copiesByProcess(fleet())).values()];
          return shares[0] === all ? true : null;
        };
        await until('the other worker has taken all over', isTakenOver, { seen: () => shares });
        const tookMs = Math.round(performance.now() - endedAt);
        tell(`drain of a worker: ended after ${Math.round(endedAt - toldAt)} ms, succeeded after ${tookMs} ms`);
        expect(endedAt - toldAt).toBeLessThan(END_LIMIT_MS);
        expect(tookMs).toBeLessThan(TAKE_OVER_LIMIT_MS);
      });
      await expectNothingLost();
      await ending.start();
    },
    TEST_LIMIT_MS,
  );
});

async function send(person: Person, headers: ReturnType<typeof headersOf>): Promise<Answer> {
  for (;;) {
    const answer = await person.post('/v1/workspaces', { name: 'In flight', timezone: 'Europe/Vienna' }, headers);
    if (!isWithoutTime(answer)) return answer;
    await sleep(RETRY_MS);
  }
}

const headersOf = (correlation: string, index: number) => ({
  'idempotency-key': `${correlation}-${index}`,
  'x-correlation-id': `${correlation}-${index}`,
});

const statusesOf = (answers: readonly PromiseSettledResult<Answer>[]): readonly unknown[] =>
  answers.map((one) => (one.status === 'fulfilled' ? one.value.status : String(one.reason)));

/** A connection on which a request has begun, so that it is not idle. */
async function beginRequest(origin: string): Promise<Socket> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(CLIENT_HEAD);
  return socket;
}

async function finishRequest(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const closed = once(socket, 'close');
  socket.write('\r\n');
  await closed;
  return text;
}

async function isRefused(origin: string): Promise<true | null> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    return null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error;
    return true;
  } finally {
    socket.destroy();
  }
}

/** How many commands with such correlation ids have been accepted under their keys. */
const keysOf = (fleet: Fleet, correlation: string): Promise<number> =>
  withDatabase(fleet, (database) =>
    database.collection('vault_records').countDocuments({ kind: 'idempotency', value: { $regex: correlation } }),
  );

/** How many copies each process holds, by the name that it gave itself at its start. */
const copiesByProcess = (fleet: Fleet): Promise<ReadonlyMap<string, number>> =>
  withDatabase(fleet, async (database) => {
    const held = { _id: /^copy /, owner: { $ne: null } } as object;
    const leases = await database.collection<{ readonly owner: string }>('leases').find(held).toArray();
    const counts = new Map<string, number>();
    for (const { owner } of leases) {
      const [name = ''] = owner.split(' ');
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  });

async function withDatabase<Result>(
  fleet: Fleet,
  work: (database: ReturnType<MongoClient['db']>) => Promise<Result>,
): Promise<Result> {
  const client = new MongoClient(fleet.readStoreUrl);
  try {
    return await work(client.db(fleet.database));
  } finally {
    await client.close();
  }
}
