import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from '@jest/globals';
import { type CommandStartedEvent, type CommandSucceededEvent, type Document, MongoClient } from 'mongodb';
import { StoreUnavailable } from '#kernel';
import { MongoConnection, MongoReadStore, ReplicaSetRequired } from '#read-store-mongodb';
import { MongoVaultStore } from '#vault-mongodb';
import { startStandAloneMongoDb } from '../support/mongodb/start-mongodb.js';
import { describeWithMongoDb, newDatabase } from './mongodb-suite.js';
import { acquire, row } from './read-store-case.js';

const OPENING_LIMIT_MS = 4_000;
const SHAPE = { name: 'accounts', version: 1, fields: {}, indexes: {}, terms: [] } as const;
const COPY = { name: 'accounts', version: 1, generation: 0, partition: 0 };

await describeWithMongoDb('the connection to MongoDB', (server) => {
  const raw = new MongoClient(server.url);
  const connections: MongoConnection[] = [];
  afterAll(async () => {
    for (const connection of connections) await connection.close();
    await raw.close();
  });

  it('acknowledges by the majority and its journals, whatever the connection string says', async () => {
    const weak = 'w=1&journal=false&readConcernLevel=local&readPreference=secondaryPreferred&retryWrites=false';
    const connection = await MongoConnection.open({ url: `${server.url}&${weak}` });
    connections.push(connection);
    expect(connection.database.writeConcern).toMatchObject({ w: 'majority', journal: true });
    expect(connection.database.readConcern).toMatchObject({ level: 'majority' });
    expect(connection.database.readPreference.mode).toBe('primary');
    expect(connection.client.options).toMatchObject({ retryWrites: true, retryReads: true });
  });

  it('uses the database that it is given, else the one that the connection string names, else its own', async () => {
    const named = server.url.replace('/?', '/of%2Durl?');
    const databases: string[] = [];
    for (const options of [{ url: named, database: 'given' }, { url: named }, { url: server.url }]) {
      const connection = await MongoConnection.open(options);
      databases.push(connection.database.databaseName);
      await connection.close();
    }
    expect(databases).toEqual(['given', 'of-url', 'social_accounts']);
  });

  it('is shared by stores, which leave it open', async () => {
    const { database, drop } = newDatabase(server);
    const connection = await MongoConnection.open({ url: server.url, database });
    const rows = await MongoReadStore.open({ connection });
    const vault = await MongoVaultStore.open({ connection });
    await rows.close();
    expect(await vault.readKey('nobody')).toBeNull();
    await vault.close();
    await connection.close();
    await expect(vault.readKey('nobody')).rejects.toThrow('closed');
    await drop();
  });

  it('keeps everything in the database, for whoever opens it next', async () => {
    const { database, drop } = newDatabase(server);
    const before = await MongoReadStore.open({ url: server.url, database });
    await before.prepare(SHAPE, COPY);
    const lease = await acquire(before, 'lease', 'owner', 60_000);
    const put = { ...row('k1'), fields: {} };
    const checkpoint = { position: '1', anchor: { position: '1', eventId: 'e1' } };
    await before.save(COPY, lease, { puts: [put], deletes: [], counts: new Map(), checkpoint });
    await before.close();
    const after = await MongoReadStore.open({ url: server.url, database });
    await after.prepare(SHAPE, COPY);
    expect([...(await after.load(COPY, ['k1'])).values()]).toEqual([put]);
    expect(await after.checkpoint(COPY)).toEqual(checkpoint);
    expect(await after.acquireLease('lease', 'another owner', 60_000)).toBeNull();
    await after.close();
    await drop();
  });

  it('finishes a drop that was interrupted', async () => {
    const { database, drop } = newDatabase(server);
    const before = await MongoReadStore.open({ url: server.url, database });
    await before.prepare(SHAPE, COPY);
    await before.close();
    // What a drop leaves whose process ends behind its transaction.
    const copies = raw.db(database).collection<{ readonly place: string }>('copies');
    const dropped = raw.db(database).collection<{ readonly _id: string }>('dropped_copies');
    const parked = raw.db(database).collection<{ readonly _id: object }>('parked_streams');
    const entry = await copies.findOneAndDelete({});
    const place = String(entry?.place);
    await dropped.insertOne({ _id: place });
    await parked.insertMany([{ _id: { place, stream: 's1' } }, { _id: { place: 'another', stream: 's1' } }]);
    const after = await MongoReadStore.open({ url: server.url, database });
    const left = (await raw.db(database).listCollections().toArray()).map(({ name }) => name);
    expect(left.sort()).toEqual(['copies', 'dropped_copies', 'fences', 'generations', 'parked_streams']);
    expect(await dropped.countDocuments()).toBe(0);
    expect((await parked.find().toArray()).map(({ _id }) => _id)).toEqual([{ place: 'another', stream: 's1' }]);
    await after.close();
    await drop();
  });

  it('keeps nothing but what its README lists', async () => {
    const { database, drop } = newDatabase(server);
    const store = await MongoReadStore.open({ url: server.url, database });
    await store.prepare(SHAPE, COPY);
    await store.save(COPY, await acquire(store, 'lease', 'owner', 60_000), {
      puts: [{ ...row('k1'), fields: {} }],
      deletes: [],
      counts: new Map([['all', 1]]),
      checkpoint: null,
    });
    await store.fillAnother(COPY);
    await store.skipEvent(COPY.name, 'e1');
    const collections = (await raw.db(database).listCollections().toArray()).map(({ name }) => name);
    const kinds = collections.map((name) => name.replace(/_[0-9a-f-]{36}$/, '_<place>'));
    const readme = await readFile(join(import.meta.dirname, '../../libs/read-store-mongodb/README.md'), 'utf8');
    const listed = [...readme.matchAll(/^\| `([a-z_<>]+)` +\|/gm)].map(([, name]) => name);
    expect(kinds.sort()).toEqual(listed.sort());
    await store.close();
    await drop();
  });

  it('refuses a save to a copy that another process dropped', async () => {
    const { database, drop } = newDatabase(server);
    const [one, other] = [
      await MongoReadStore.open({ url: server.url, database }),
      await MongoReadStore.open({ url: server.url, database }),
    ];
    await one.prepare(SHAPE, COPY);
    const lease = await acquire(one, 'lease', 'owner', 60_000);
    await other.drop(COPY);
    const put = { ...row('k1'), fields: {} };
    const saving = one.save(COPY, lease, { puts: [put], deletes: [], counts: new Map(), checkpoint: null });
    await expect(saving).rejects.toThrow(RangeError);
    const collections = await raw.db(database).listCollections().toArray();
    expect(collections.filter(({ name }) => name.startsWith('rows_'))).toEqual([]);
    await one.close();
    await other.close();
    await drop();
  });

  it('keeps no session for a lease that was given back', async () => {
    const { database, drop } = newDatabase(server);
    const connection = await MongoConnection.open({ url: server.url, database });
    const store = await MongoReadStore.open({ connection });
    let sessions = 0;
    const startSession = connection.client.startSession.bind(connection.client);
    connection.client.startSession = (options) => {
      const session = startSession(options);
      sessions += 1;
      session.once('ended', () => (sessions -= 1));
      return session;
    };
    await store.prepare(SHAPE, COPY);
    for (let move = 0; move < 20; move += 1) {
      const lease = await acquire(store, 'lease', `owner of move ${move}`, 60_000);
      const changes = { puts: [], deletes: [], counts: new Map<string, number>(), checkpoint: null };
      const saving = store.save(COPY, lease, changes);
      await store.releaseLease(lease);
      expect(await saving).toBe('saved');
    }
    expect(sessions).toBe(0);
    // The driver gives an ended session to whoever asks next: no successor may end it.
    expect(await raw.db(database).collection('leases').findOne()).not.toHaveProperty('session');
    await store.close();
    await connection.close();
    await drop();
  });

  it('loads rows no older than what this process has saved, whoever is the primary then', async () => {
    const { database, drop } = newDatabase(server);
    const connection = await MongoConnection.open({ url: `${server.url}&monitorCommands=true`, database });
    const store = await MongoReadStore.open({ connection });
    await store.prepare(SHAPE, COPY);
    const lease = await acquire(store, 'lease', 'owner', 60_000);
    const commits: unknown[] = [];
    const concerns: unknown[] = [];
    connection.client.on('commandSucceeded', ({ commandName, reply }: CommandSucceededEvent) => {
      if (commandName === 'commitTransaction') commits.push((reply as Document)['operationTime']);
    });
    connection.client.on('commandStarted', ({ commandName, command }: CommandStartedEvent) => {
      if (commandName === 'find') concerns.push(command['readConcern']);
    });
    const changes = { puts: [{ ...row('k1'), fields: {} }], deletes: [], counts: new Map<string, number>() };
    await store.save(COPY, lease, { ...changes, checkpoint: { position: '1', anchor: null } });
    expect((await store.load(COPY, ['k1'])).size).toBe(1);
    // What a primary that was just elected has to wait for before it answers.
    expect(concerns).toEqual([{ level: 'majority', afterClusterTime: commits.at(-1) }]);
    await store.close();
    await connection.close();
    await drop();
  });

  it('puts tries off by the clock of the server, whatever the clock of the process says', async () => {
    const { database, drop } = newDatabase(server);
    const store = await MongoReadStore.open({ url: server.url, database });
    await store.prepare(SHAPE, COPY);
    const lease = await acquire(store, 'lease', 'owner', 60_000);
    const put = { ...row('k1'), fields: {}, dueAt: '2030-01-01T00:00:00.000Z' };
    const failed = { tries: 1, waitMs: 0, reason: 'transient' };
    const parked = { stream: 's1', eventId: 'e1', eventType: 'E', revision: 0, position: '1', since: '', ...failed };
    const now = Date.now.bind(Date);
    // An hour ahead: reckoned by it, both would come too late.
    Date.now = () => now() + 3_600_000;
    try {
      const changes = { puts: [put], deletes: [], counts: new Map<string, number>(), checkpoint: null };
      await store.save(COPY, lease, { ...changes, parks: [parked] });
      await store.postpone(COPY, lease, 'k1', failed);
    } finally {
      Date.now = now;
    }
    expect((await store.due(COPY, put.dueAt, 10)).map(({ postponement }) => postponement?.tries)).toEqual([1]);
    expect((await store.parkedStreamsDue(COPY, 10)).map(({ stream }) => stream)).toEqual(['s1']);
    await store.close();
    await drop();
  });

  it('gives a record that was written very often a version that none had', async () => {
    const { database, drop } = newDatabase(server);
    const vault = await MongoVaultStore.open({ url: server.url, database });
    const record = { kind: 'kind', id: 'r1', subject: null, value: {}, sealed: null, dueAt: null };
    await vault.insert(record);
    const first = Number((await vault.read('kind', 'r1'))?.version);
    const lastOfItsLife = first + 2 ** 20 - 1;
    await raw
      .db(database)
      .collection('vault_records')
      .updateOne({ id: 'r1' }, { $set: { version: lastOfItsLife } });
    await vault.insert({ ...record, id: 'r2' });
    const next = Number((await vault.read('kind', 'r2'))?.version);
    expect(next).toBe(lastOfItsLife + 1);
    expect(await vault.replace(record, lastOfItsLife)).toBe('written');
    expect(Number((await vault.read('kind', 'r1'))?.version)).toBeGreaterThan(next);
    await vault.close();
    await drop();
  });

  it('is not there without an answer', async () => {
    const startedAt = performance.now();
    const opening = MongoReadStore.open({ url: 'mongodb://127.0.0.1:9/?replicaSet=rs0' });
    await expect(opening).rejects.toThrow(StoreUnavailable);
    expect(performance.now() - startedAt).toBeLessThan(OPENING_LIMIT_MS);
  });
});

await describeWithMongoDb(
  'a stand-alone MongoDB',
  (server) => {
    it.each([MongoReadStore, MongoVaultStore])('is refused with what to do about it by %p', async (store) => {
      const opening = store.open({ url: server.url });
      await expect(opening).rejects.toThrow(ReplicaSetRequired);
      await expect(opening).rejects.toThrow('Start mongod with --replSet rs0 and run rs.initiate() in mongosh once');
    });
  },
  startStandAloneMongoDb,
);
