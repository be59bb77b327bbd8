import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SqliteEventStore } from '#event-store-sqlite';
import { runCli, type CliEnded } from '../support/cli/run-cli.js';
import { Operator, type Parked, type Projection } from '../support/service/operator.js';
import type { Person } from '../support/service/person.js';
import { appendPoison } from '../support/service/poison.js';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { connect, createWorkspace, expectStatus, listAccounts } from '../support/service/steps.js';

const TEST_LIMIT_MS = 120_000;

describe('one process with a data directory', () => {
  let service: SpawnedService;
  let ada: Person;
  let workspaceId: string;
  let accounts: readonly string[];

  beforeAll(async () => {
    service = await spawnService({ LOG_LEVEL: 'error' });
    ada = await service.as('ada');
    workspaceId = await createWorkspace(ada);
    accounts = await connect(ada, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Books'] });
  }, TEST_LIMIT_MS);
  afterAll(() => service.stop());

  const cli = (...words: readonly string[]): Promise<CliEnded> => runCli(words, { DATA_DIR: service.dataDir });
  const listed = async (): Promise<readonly string[]> =>
    (await listAccounts(ada, workspaceId)).items.map(({ id }) => id).sort();

  it(
    'O1: is the whole service, with the page and a platform to connect to, and is there again after a restart',
    async () => {
      const page = expectStatus(await service.newBrowser().call('/'), 200);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
      const [, script = ''] = /<script[^>]* src="([^"]+)"/.exec(page.text) ?? [];
      expectStatus(await service.newBrowser().call(script), 200);
      expect(await listed()).toEqual([...accounts].sort());
      expect(await service.terminate()).toBe(0);
      await service.start();
      expect(await listed()).toEqual([...accounts].sort());
      expect((await service.newBrowser().call('/health/ready')).status).toBe(200);
    },
    TEST_LIMIT_MS,
  );

  it(
    'O4: is looked at, rebuilt and freed of what is parked from a terminal while it runs',
    async () => {
      const [poisoned = ''] = accounts;
      await service.terminate();
      const events = await SqliteEventStore.open({ dataDir: service.dataDir });
      const stream = `socialAccount-${poisoned}`;
      const eventId = await appendPoison(events, stream);
      await events.close();
      await service.start();
      const operator = await Operator.of(service);
      const one = await operator.untilGivenUp('accounts');

      const parked = JSON.parse((await cli('parked', 'list', '--json')).stdout) as readonly Parked[];
      expect(parked.map(({ id }) => id)).toEqual((await operator.parked()).map(({ id }) => id));
      expect(parked.find(({ projection }) => projection === 'accounts')).toMatchObject({ stream, eventId });
      const listing = await cli('projections', '--json');
      const told = JSON.parse(listing.stdout) as readonly Projection[];
      expect(told).toEqual(await operator.projections());
      for (const { lag, state } of told) expect([lag, state]).toEqual([0, 'live']);
      const table = await cli('projections');
      expect(table.stdout).toMatch(/^accounts +1 +live +0 +0 s +1$/m);

      expect(await cli('parked', 'retry', one.id)).toMatchObject({ status: 0, stderr: '' });
      await operator.untilTriedAnew(one);
      for (const { id } of parked) expect(await cli('parked', 'skip', id)).toMatchObject({ status: 0, stderr: '' });
      await operator.untilNothingIsParked();
      const rebuilt = await cli('rebuild', 'accounts');
      expect([rebuilt.status, rebuilt.stdout]).toEqual([
        0,
        'Generation 1 of accounts fills beside the one that serves.\nDone. Generation 1 of accounts serves.\n',
      ]);
      const list = await cli('parked', 'list');
      expect([list.status, list.stdout]).toEqual([0, 'Nothing is parked.\n']);
      expect(await listed()).toEqual([...accounts].sort());
    },
    TEST_LIMIT_MS,
  );

  it('is not made up by a command for a folder where there is none', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'nothing-'));
    const calls = [['projections'], ['rebuild', 'accounts'], ['parked', 'list'], ['parked', 'skip', 'x']];
    for (const words of calls) {
      const { status, stdout, stderr } = await runCli(words, { DATA_DIR: empty });
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(/: There is no (vault|log) in the data directory .*\n$/);
    }
    rmSync(empty, { recursive: true });
  });
});
