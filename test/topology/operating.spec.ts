import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it } from '@jest/globals';
import type { Account, AccountPage } from '#contract';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import type { RecordedEvent } from '#kernel';
import { tell } from '../crash/chance.js';
import { readLog } from '../crash/stored-log.js';
import { runCli, type CliEnded } from '../support/cli/run-cli.js';
import type { Answer } from '../support/service/browser.js';
import { Operator, type Parked, type Projection } from '../support/service/operator.js';
import { isForNow, isWithoutTime, PatientBrowser, persist } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import { appendPoison } from '../support/service/poison.js';
import { connect, createWorkspace, expectStatus } from '../support/service/steps.js';
import { until } from '../support/service/until.js';
import { describeFleet, useFleet } from './fleet-suite.js';
import { underLoad } from './under-load.js';
import { connectUnopenable } from './unopenable-account.js';

const TEST_LIMIT_MS = 120_000;
/** Between the requests of one client, so that the load is bounded. */
const REQUEST_EVERY_MS = 20;
/** A busy machine may hold a read model up for longer than a query waits for it; a switch that did so would do it to most. */
const NOT_NOW_SHARE = 0.2;
const ROUNDS = 3;
const COMMANDS_PER_ROUND = 10;
const PARKED_IN_ACCOUNTS = 'parked_streams{name="accounts",partition="0"}';

await describeFleet('operating two APIs and two workers', () => {
  // Whoever prepares and looks on is patient; the load is not.
  const patient = (origin: string): PatientBrowser => new PatientBrowser(origin, () => undefined);
  const fleet = useFleet({ apis: 2, workers: 2, browser: patient });
  let people: readonly Person[];
  let operator: Operator;
  let workspaceId: string;
  let accounts: readonly string[];

  beforeAll(async () => {
    people = await Promise.all(fleet().apis.map((api) => fleet().personAt(api, 'ada')));
    operator = await Operator.of(fleet());
    const ada = await fleet().as('ada');
    workspaceId = await createWorkspace(ada);
    accounts = await connect(ada, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Books'] });
    await fleet().sandbox.advance('P70D');
  }, TEST_LIMIT_MS);

  const withEvents = async <Result>(work: (events: EventStoreDbEventStore) => Promise<Result>): Promise<Result> => {
    const events = await EventStoreDbEventStore.open({ connectionString: fleet().eventStoreUrl });
    try {
      return await work(events);
    } finally {
      await events.close();
    }
  };
  const log = (): Promise<readonly RecordedEvent[]> => withEvents(readLog);
  const cli = (...words: readonly string[]): Promise<CliEnded> => runCli(words, fleet().storeSettings);
  const parkedByCli = async (): Promise<readonly Parked[]> =>
    JSON.parse((await cli('parked', 'list', '--json')).stdout) as readonly Parked[];
  /** Every "not now" that a client was told; it asks again then. */
  const notNow: string[] = [];
  const answered = <Body>(ask: () => Promise<Answer<Body>>): Promise<Answer<Body>> =>
    persist(async () => {
      const answer = await ask().catch((error: unknown) => {
        throw new Error('A request was broken off.', { cause: error });
      });
      if (!isForNow(answer)) return expectStatus(answer, 200);
      if (!isWithoutTime(answer)) notNow.push(answer.text);
      return null;
    }, 'a request');
  const rename = async (person: Person, name: string): Promise<void> => {
    const headers = { 'idempotency-key': randomUUID() };
    await answered(() => person.patch(`/v1/workspaces/${workspaceId}`, { name }, headers));
  };
  const listed = async (person: Person, query = ''): Promise<readonly Account[]> =>
    (await answered(() => person.get<AccountPage>(`/v1/workspaces/${workspaceId}/accounts${query}`))).body.items;

  /** A client at each API process: commands, and queries that include them, until `work` is done. Answers how many commands. */
  const underCommands = async (work: () => Promise<void>): Promise<number> => {
    let commands = 0;
    notNow.length = 0;
    const clients = people.map((person) => async (goesOn: () => boolean) => {
      while (goesOn()) {
        commands += 1;
        await rename(person, `Name ${commands}`);
        const found = await listed(person, '?status=expiring');
        expect(found.map(({ id }) => id).sort()).toEqual([...accounts].sort());
        await sleep(REQUEST_EVERY_MS);
      }
    });
    await underLoad(clients, work);
    if (notNow.length > commands * NOT_NOW_SHARE)
      throw new Error(`${notNow.length} of ${commands} were told ${notNow[0]}`);
    return commands;
  };

  /** All that was written since, apart from what the load wrote. */
  const writtenBesides = async (before: readonly RecordedEvent[]): Promise<readonly string[]> =>
    (await log()).slice(before.length).flatMap(({ type }) => (type === 'WorkspaceRenamed' ? [] : [type]));

  it(
    'O4: rebuilds every read model and automation under load: no request fails, nothing is done again',
    async () => {
      await fleet().sandbox.rest();
      const before = await log();
      const calls = await fleet().sandbox.calls();
      const names = (await operator.projections()).map(({ name }) => name);
      expect(names.length).toBeGreaterThan(5);
      const startedAt = performance.now();
      const commands = await underCommands(async () => {
        for (const name of names) expect(await operator.rebuild(name)).toBe(1);
        await operator.untilSwitched();
      });
      tell(
        `rebuild: ${names.length} under ${commands} commands in ${Math.round(performance.now() - startedAt)} ms, ${notNow.length} of which were asked again`,
      );
      await fleet().sandbox.rest();
      expect(commands).toBeGreaterThan(fleet().apis.length);
      expect(await writtenBesides(before)).toEqual([]);
      expect((await log()).length - before.length).toBe(commands);
      expect(await fleet().sandbox.calls()).toEqual(calls);
      for (const person of people)
        expect((await listed(person)).map(({ token }) => token.status)).toEqual(['expiring', 'expiring']);
    },
    TEST_LIMIT_MS,
  );

  it(
    'O4: is rebuilt and looked at from a terminal, under load as well',
    async () => {
      await fleet().sandbox.rest();
      const before = await log();
      const commands = await underCommands(async () => {
        const done = await cli('rebuild', 'accounts');
        expect(done.stderr).toMatch(/^(accounts: \d{1,3} % of the log\n)*$/);
        expect([done.status, done.stdout]).toEqual([
          0,
          'Generation 2 of accounts fills beside the one that serves.\nDone. Generation 2 of accounts serves.\n',
        ]);
        const begun = await cli('rebuild', 'watch-token-expiry', '--no-wait');
        expect([begun.status, begun.stdout, begun.stderr]).toEqual([
          0,
          'Generation 2 of watch-token-expiry fills beside the one that serves.\n',
          '',
        ]);
        await operator.untilSwitched();
      });
      expect(commands).toBeGreaterThan(0);
      await fleet().sandbox.rest();
      expect(await writtenBesides(before)).toEqual([]);

      const unknown = await cli('rebuild', 'nothing');
      expect([unknown.status, unknown.stdout]).toEqual([1, '']);
      expect(unknown.stderr).toMatch(/^rebuild: There is no read model or automation nothing; there are .*accounts/);
      const table = await cli('projections');
      expect([table.status, table.stderr]).toEqual([0, '']);
      const [head, ...lines] = table.stdout.trimEnd().split('\n');
      expect(head).toMatch(/^name +version +state +lag +lag in time +parked$/);
      expect(lines.pop()).toMatch(/^The newest event stands at \d+\/\d+\.$/);
      const listing = await cli('projections', '--json');
      const told = JSON.parse(listing.stdout) as readonly Projection[];
      const namesOf = (found: readonly Projection[]): readonly string[] => found.map(({ name }) => name);
      expect(namesOf(told)).toEqual(namesOf(await operator.projections()));
      expect(lines.map((line) => line.split(/ +/)[0])).toEqual(namesOf(told));
      for (const one of told) expect(one).toMatchObject({ lag: 0, state: 'live', position: one.head });
      const nothing = await cli('parked', 'list');
      expect([nothing.status, nothing.stdout]).toEqual([0, 'Nothing is parked.\n']);
      for (const verb of ['retry', 'skip']) {
        const refused = await cli('parked', verb, 'nothing');
        expect([refused.status, refused.stdout, refused.stderr]).toEqual([
          1,
          '',
          `parked ${verb}: Nothing with this id is parked. \`parked list\` shows what is.\n`,
        ]);
      }
    },
    TEST_LIMIT_MS,
  );

  /** Commands in rounds, behind each of which everything has to come to the head: what is parked holds nothing else up. */
  const expectFlatLag = async (): Promise<void> => {
    for (let round = 0; round < ROUNDS; round += 1) {
      for (let index = 0; index < COMMANDS_PER_ROUND; index += 1)
        await Promise.all(people.map((person, at) => rename(person, `Round ${round}, ${index} of ${at}`)));
      await operator.untilLive();
      for (const { name, lag } of await operator.projections()) expect([name, lag]).toEqual([name, 0]);
    }
  };
  const expectParkedInAccounts = async (count: number): Promise<void> => {
    for (const program of [...fleet().apis, ...fleet().workers]) {
      let figure = Number.NaN;
      const look = async (): Promise<true | null> => {
        figure = await fleet().metricOf(program, PARKED_IN_ACCOUNTS);
        return figure === count ? true : null;
      };
      await until(`${PARKED_IN_ACCOUNTS} is ${count} at every process`, look, { seen: () => figure });
    }
  };

  it(
    'O4: parks the stream of an event that cannot be folded, and no other; what is skipped lets the stream go on',
    async () => {
      const [ada] = people as [Person];
      const [poisoned = '', other = ''] = accounts;
      const stream = `socialAccount-${poisoned}`;
      const behind = { type: 'PermissionsChanged', data: { granted: [], missing: ['read_insights'] } };
      const eventId = await withEvents((events) => appendPoison(events, stream, behind));
      const one = await operator.untilGivenUp('accounts');
      expect(one).toMatchObject({ stream, eventId, kind: 'stream' });
      await expectFlatLag();
      await expectParkedInAccounts(1);
      const missing = async (id: string): Promise<readonly string[] | undefined> =>
        (await listed(ada)).find((account) => account.id === id)?.permissions.missing;
      expect([await missing(poisoned), await missing(other)]).toEqual([[], []]);
      expect(new Set((await operator.parked()).map((parked) => parked.stream))).toEqual(new Set([stream]));

      const table = await cli('parked', 'list');
      expect([table.status, table.stderr]).toEqual([0, '']);
      expect(table.stdout).toContain(`stream ${stream}, at AccountOfALaterVersion`);
      expect(table.stdout).toContain(one.id);
      const retried = await cli('parked', 'retry', one.id);
      expect([retried.status, retried.stdout]).toEqual([0, 'It is tried again within a second.\n']);
      await operator.untilTriedAnew(one);
      expect(await missing(poisoned)).toEqual([]);

      await operator.skip(one.id);
      await until('what stood behind the poison is folded', async () =>
        (await missing(poisoned))?.includes('read_insights') ? true : null,
      );
      await expectParkedInAccounts(0);
      for (const { id } of await parkedByCli()) {
        const skipped = await cli('parked', 'skip', id);
        expect([skipped.status, skipped.stdout]).toEqual([
          0,
          'The event is passed over, and its stream goes on within a second.\n',
        ]);
      }
      await operator.untilNothingIsParked();
      expect((await cli('rebuild', 'accounts')).status).toBe(0);
      expect([await parkedByCli(), await missing(poisoned)]).toEqual([[], ['read_insights']]);
    },
    TEST_LIMIT_MS,
  );

  it(
    'O4: folds what was parked once its cause is mended and it is tried again',
    async () => {
      const [ada] = people as [Person];
      const names = async (): Promise<readonly string[]> => (await listed(ada)).map(({ name }) => name).sort();
      const before = await names();
      const account = await connectUnopenable(fleet(), accounts[0] ?? '');
      const one = await operator.untilGivenUp('accounts');
      expect(one).toMatchObject({ stream: account.stream, kind: 'stream' });
      await expectParkedInAccounts(1);
      await expectFlatLag();
      expect(await names()).toEqual(before);
      await account.mend();
      expect((await cli('parked', 'retry', one.id)).status).toBe(0);
      await operator.untilNothingIsParked();
      expect(await names()).toEqual([...before, account.name].sort());
      await expectParkedInAccounts(0);
    },
    TEST_LIMIT_MS,
  );
});
