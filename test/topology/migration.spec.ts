import { once } from 'node:events';
import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { DataDirectoryLock } from '#event-store-sqlite';
import type { EventStore } from '#kernel';
import { accountsReadModel } from '#social-accounts';
import type { MongoVaultStore } from '#vault-mongodb';
import type { SqliteVaultStore } from '#vault-sqlite';
import { describeWithMongoDb, newDatabase } from '../contract/mongodb-suite.js';
import { runCli, startCli } from '../support/cli/run-cli.js';
import { compileStandIn, spawnStandIn, type SpawnedStandIn } from '../support/eventstore-server/spawn-stand-in.js';
import { ServiceUnderTest } from '../support/service/service-under-test.js';
import { connectOne, expectStatus, listAccounts } from '../support/service/steps.js';
import { makePast, type Past, WORKSPACE_BODY, WORKSPACE_KEY } from './migration-past.js';
import {
  countRows,
  openAnswers,
  positionOfWorkspace,
  startOn,
  type Target,
  untilReady,
  urlOf,
  withSourceOf,
  withTargetOf,
} from './migration-stores.js';
import { allEvents, bytesOf, contentOf } from './stored-data.js';

const IS_LONG = process.env['TEST_LONG'] === '1';
const FURTHER_EVENTS = IS_LONG ? 100_000 : 10_000;
const LIMIT_MS = IS_LONG ? 1_800_000 : 300_000;
const POLL_MS = 20;
/** The further attempts' keys are destroyed by then, which is the one thing that is left to do. */
const REST_LIMIT_MS = IS_LONG ? 600_000 : 60_000;

await describeWithMongoDb('cli migrate', (mongo) => {
  let past: Past;
  let standIn: SpawnedStandIn;
  let folder: string;
  let environment: Readonly<Record<string, string>>;
  let database: ReturnType<typeof newDatabase>;

  beforeAll(async () => {
    past = await makePast(FURTHER_EVENTS);
    folder = mkdtempSync(join(tmpdir(), 'migration-target-'));
    standIn = await spawnStandIn(await compileStandIn(), { port: 0, dir: join(folder, 'events') });
    database = newDatabase(mongo);
    environment = {
      EVENT_STORE_URL: standIn.url,
      READ_STORE_URL: urlOf(mongo, database.database),
      VAULT_MASTER_KEY: past.masterKey,
    };
  }, LIMIT_MS);

  afterAll(async () => {
    standIn.process.kill('SIGKILL');
    await once(standIn.process, 'exit');
    await database.drop();
    for (const directory of [folder, past.dataDir]) rmSync(directory, { recursive: true, force: true });
  });

  const migrate = () => startCli(['migrate', '--from', past.dataDir], environment);
  const withSource = <Result>(look: (events: EventStore, vault: SqliteVaultStore) => Promise<Result>) =>
    withSourceOf(past.dataDir, look);
  const withTarget = <Result>(look: (target: Target) => Promise<Result>) => withTargetOf(environment, look);

  it('refuses what it is not called right for, a data directory in use, and a wrong master key', async () => {
    const { dataDir } = past;
    expect((await runCli(['migrate'], environment)).status).toBe(64);
    expect((await runCli(['migrate', '--from', dataDir])).status).toBe(64);
    const nowhere = await runCli(['migrate', '--from', join(folder, 'nowhere')], environment);
    expect([nowhere.status, nowhere.stderr]).toEqual([1, expect.stringContaining('There is no events.sqlite')]);

    const lock = DataDirectoryLock.acquire(dataDir);
    const inUse = await migrate().ended;
    lock.release();
    expect([inUse.status, inUse.stderr]).toEqual([1, expect.stringContaining('is in use by another process')]);

    const other = { ...environment, VAULT_MASTER_KEY: randomBytes(32).toString('base64') };
    const wrongKey = await runCli(['migrate', '--from', dataDir], other);
    expect([wrongKey.status, wrongKey.stderr]).toEqual([1, expect.stringContaining('is not the key of this data')]);
    expect(wrongKey.stderr).not.toContain(other.VAULT_MASTER_KEY);
    await withTarget(async ({ events, vault }) => {
      expect([await events.head(), await vault.walk(null, 1)]).toEqual([null, []]);
    });
  }, 60_000);

  it(
    'goes on after being killed in the log, in the vault and in the read models',
    async () => {
      const events = await withSource((source) => allEvents(source));
      const records = await withSource(async (_, vault) => (await contentOf(vault)).records);
      const [event, record] = [pick(events), pick(records.filter(({ kind }) => kind === 'claim'))];
      const accounts = { ...{ name: accountsReadModel.name, version: accountsReadModel.version }, generation: 0 };
      const moments: readonly ((target: Target) => Promise<boolean>)[] = [
        async ({ events: log }) => (await log.readStream(event.stream, event.revision, 1)).length > 0,
        async ({ vault }) => (await vault.read(record.kind, record.id)) !== null,
        async ({ rows }) => (await rows.checkpoint({ ...accounts, partition: 0 })) !== null,
      ];
      for (const hasCome of moments) {
        const run = migrate();
        const isOver = run.ended.then(() => true);
        await withTarget(async (target) => {
          while (!(await hasCome(target))) {
            const isEnded = await Promise.race([isOver, sleep(POLL_MS).then(() => false)]);
            if (isEnded) throw new Error(`It ended before it was killed: ${(await run.ended).stderr}`);
          }
        });
        run.process.kill('SIGKILL');
        expect((await run.ended).status).toBeNull();
        await expect(startOn(environment, folder)).rejects.toThrow(/has begun and is not finished/);
      }
      const last = await migrate().ended;
      expect(last.stderr).toMatch(/events: [\d,]+ done in /);
      expect(last).toMatchObject({
        status: 0,
        stdout: expect.stringContaining(`${events.length} events`) as unknown as string,
      });
    },
    LIMIT_MS,
  );

  it(
    'ends with the same ids, order, revisions and bytes',
    async () => {
      const before = await withSource((source) => allEvents(source));
      const after = await withTarget(({ events }) => allEvents(events));
      expect(before.length).toBeGreaterThan(FURTHER_EVENTS);
      expect(bytesOf(after)).toEqual(bytesOf(before));
    },
    LIMIT_MS,
  );

  it(
    'ends with the same keys, destroyed keys, secrets, claims and answers',
    async () => {
      const source = await withSource((_, vault) => contentOf(vault));
      const target = await withTarget(({ vault }) => contentOf(vault));
      expect(source.destroyed.length).toBeGreaterThan(past.accounts);
      expect(target.keys).toEqual(source.keys);
      expect(target.destroyed).toEqual(source.destroyed);
      const kinds = new Set(source.records.map(({ kind }) => kind));
      expect([...kinds]).toEqual(expect.arrayContaining(['claim', 'grant-secret', 'idempotency', 'oauth-flow']));
      const plain = (records: typeof source.records) =>
        records
          .filter(({ kind }) => kind !== 'migration')
          .map(({ version: _version, sealed, ...facts }) => [facts, facts.kind === 'idempotency' ? null : sealed]);
      expect(plain(target.records)).toEqual(plain(source.records));
    },
    LIMIT_MS,
  );

  it(
    'translates every position of stored answers by the event that stands there',
    async () => {
      const [before, after] = [
        await withSource((source) => allEvents(source)),
        await withTarget(({ events }) => allEvents(events)),
      ];
      const translated = new Map(before.map(({ position }, index) => [position, after[index]?.position]));
      const answersOf = (vault: MongoVaultStore | SqliteVaultStore) => openAnswers(vault, past.masterKey);
      const source = await withSource((_, vault) => answersOf(vault));
      const target = await withTarget(({ vault }) => answersOf(vault));
      expect(source.size).toBeGreaterThan(0);
      let positions = 0;
      for (const [id, text] of source) {
        const expected = text.replaceAll(/(\\?"position\\?":\\?")(\d+)/g, (_, name: string, position: string) => {
          positions += 1;
          return `${name}${translated.get(position)}`;
        });
        expect(target.get(id)).toBe(expected);
      }
      expect(positions).toBeGreaterThanOrEqual(2);
    },
    LIMIT_MS,
  );

  it(
    'leaves nothing to do again, and a service that goes on where the old one stopped',
    async () => {
      const head = await withTarget(({ events }) => events.head());
      const target = await startOn(environment, folder);
      try {
        const service = new ServiceUnderTest(target.url, target.sandboxUrl ?? '', folder);
        await untilReady(service, REST_LIMIT_MS);
        await service.sandbox.rest();
        expect(await withTarget(({ events }) => events.head())).toBe(head);

        const owner = await service.as('owner');
        const again = await owner.post<{ position: string }>('/v1/workspaces', WORKSPACE_BODY, {
          'idempotency-key': WORKSPACE_KEY,
        });
        expect(again.body).toEqual({
          ...past.created.body,
          position: expect.stringMatching(/^\d+\/\d+$/) as unknown as string,
        });
        expect(again.position).toBe(again.body.position);
        expect(again.body.position).toBe(await positionOfWorkspace(withTarget, past.workspaceId));
        expect(await withTarget(({ events }) => events.head())).toBe(head);

        // What a caller was told by the old store counts as reached, however large its number.
        const path = `/v1/workspaces/${past.workspaceId}/accounts`;
        for (const position of [past.created.body.position, '9999999999999999']) {
          expectStatus(await owner.get(path, { 'read-after': position }), 200);
        }
        const page = await listAccounts(owner, past.workspaceId);
        expect(page.items.map(({ name }) => name).sort()).toEqual([...past.names].sort());
        expect(await countRows(withTarget)).toBe(past.accounts + past.names.length);

        const more = await connectOne(owner, past.workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams'] });
        expect(more).toMatch(/^acc_/);
      } finally {
        await target.close();
      }
    },
    LIMIT_MS,
  );

  it('refuses servers that are not empty', async () => {
    const done = await migrate().ended;
    expect([done.status, done.stderr]).toEqual([1, expect.stringContaining('is done already')]);
    const fresh = newDatabase(mongo);
    const halfNew = await startCli(['migrate', '--from', past.dataDir], {
      ...environment,
      READ_STORE_URL: urlOf(mongo, fresh.database),
    }).ended;
    await fresh.drop();
    expect([halfNew.status, halfNew.stderr]).toEqual([1, expect.stringContaining('with another MongoDB')]);
  }, 60_000);
});

function pick<Item>(items: readonly Item[]): Item {
  const index = randomInt(Math.floor(items.length / 10), items.length - 1);
  process.stdout.write(`migration: killed at ${index} of ${items.length}\n`);
  const item = items[index];
  if (item === undefined) throw new Error('There is nothing to pick from.');
  return item;
}
