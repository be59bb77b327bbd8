import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { newEvents } from '../contract/event-store-case.js';
import { runCli } from '../support/cli/run-cli.js';
import type { Fleet } from '../support/fleet/fleet.js';
import { startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { persist } from '../support/service/patient-browser.js';
import { createWorkspace, expectStatus } from '../support/service/steps.js';
import { describeFleet, useFleet } from './fleet-suite.js';

const TEST_LIMIT_MS = 240_000;
/** Looking for ten seconds whether it turns up after all, and what a busy machine adds. */
const NOTICED_LIMIT_MS = 40_000;
const ANSWER_LIMIT_MS = 12_000;
const SENTENCE = /does not hold what was read from it before.*read-store adopt/;
const OTHER_EVENTS = 600;

await describeFleet('an event store that is not the one it was', () => {
  const fleet = useFleet({ apis: 1, workers: 1 });

  /** The folder of the event store, and copies of it. */
  const folder = (name: string): string => join(fleet().dataDir, name);
  const exchange = async (change: () => void | Promise<void>): Promise<void> => {
    await fleet().events.end('SIGTERM');
    await change();
    await fleet().events.start();
  };
  const put = (from: string, to: string): void => {
    rmSync(folder(to), { recursive: true, force: true });
    cpSync(folder(from), folder(to), { recursive: true });
  };

  it(
    'restored from a backup: nothing is projected and no command taken, until somebody says that it is to be so',
    async () => {
      const ada = await fleet().as('ada');
      const kept = await createWorkspace(ada, 'Before the backup');
      await fleet().sandbox.rest();
      await exchange(() => put('events', 'backup'));
      const lost = await untilDone(() => createWorkspace(ada, 'After the backup'));
      await fleet().sandbox.rest();
      await exchange(() => put('backup', 'events'));
      await untilNoticed(fleet());
      await refusesCommands(fleet());
      // What was read before is there to be read still.
      expectStatus(await fleet().newBrowser().call(`/health/live`), 200);
      expectStatus(await ada.browser.call(`/v1/workspaces/${lost}`, { token: ada.token }), 200);

      const environment = fleet().storeSettings;
      const careless = await runCli(['read-store', 'adopt'], environment);
      expect([careless.status, careless.stderr]).toEqual([64, expect.stringContaining('--yes')]);
      const adopted = await runCli(['read-store', 'adopt', '--yes'], environment);
      expect([adopted.status, adopted.stdout]).toEqual([0, expect.stringContaining('begin anew')]);
      await untilReady(fleet());
      await untilDone(() => createWorkspace(ada, 'After the restoration'));
      await fleet().sandbox.rest();
      const { status } = await ada.browser.call(`/v1/workspaces/${lost}`, { token: ada.token });
      expect(status).toBe(404);
      expectStatus(await ada.browser.call(`/v1/workspaces/${kept}`, { token: ada.token }), 200);
    },
    TEST_LIMIT_MS,
  );

  it(
    'another one that holds more: the same, and once the right one is back everything goes on by itself',
    async () => {
      const ada = await fleet().as('ada');
      const workspaceId = await createWorkspace(ada);
      await fleet().sandbox.rest();
      const elsewhere = mkdtempSync(folder('other-'));
      await fillAnotherLog(elsewhere);
      await exchange(() => {
        put('events', 'right');
        rmSync(folder('events'), { recursive: true });
        cpSync(elsewhere, folder('events'), { recursive: true });
      });
      await untilNoticed(fleet());
      await refusesCommands(fleet());
      await exchange(() => put('right', 'events'));
      await untilReady(fleet());
      const another = await untilDone(() => createWorkspace(ada));
      await fleet().sandbox.rest();
      for (const id of [workspaceId, another])
        expectStatus(await ada.browser.call(`/v1/workspaces/${id}`, { token: ada.token }), 200);
    },
    TEST_LIMIT_MS,
  );
});

/** A log of somebody else's with longer streams of the same names' kinds. */
async function fillAnotherLog(dir: string): Promise<void> {
  const server = await startEventStoreServer({ port: 0, dir });
  const store = await EventStoreDbEventStore.open({ connectionString: server.url });
  for (let written = 0; written < OTHER_EVENTS; written += 100)
    await store.append(`workspace-of another service ${written}`, 'no-stream', newEvents(100));
  await store.close();
  await server.close();
}

/** Whatever was refused for now is asked again. */
const untilDone = <Result>(work: () => Promise<Result>): Promise<Result> =>
  persist(() => work().catch(() => null), 'a command');

async function untilNoticed(fleet: Fleet): Promise<void> {
  const deadline = performance.now() + NOTICED_LIMIT_MS;
  for (const program of [...fleet.apis, ...fleet.workers]) {
    for (;;) {
      const { isReady, checks } = await fleet.readinessOf(program);
      if (!isReady && SENTENCE.test(checks['log'] ?? '')) break;
      if (performance.now() > deadline) throw new Error(`It was not noticed: ${JSON.stringify(checks)}`);
      await sleep(200);
    }
  }
}

async function refusesCommands(fleet: Fleet): Promise<void> {
  const person = await fleet.as('ada');
  const sentAt = performance.now();
  const answer = await person.post('/v1/workspaces', { name: 'Not now', timezone: 'Europe/Vienna' });
  expect([answer.status, answer.code]).toEqual([503, 'unavailable']);
  expect(answer.text).toMatch(SENTENCE);
  expect(performance.now() - sentAt).toBeLessThan(ANSWER_LIMIT_MS);
}

async function untilReady(fleet: Fleet): Promise<void> {
  for (const program of [...fleet.apis, ...fleet.workers])
    await persist(async () => ((await fleet.readinessOf(program)).isReady ? true : null), 'readiness');
}
