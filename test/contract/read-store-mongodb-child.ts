import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoConnection, MongoReadStore } from '#read-store-mongodb';
import { CopyCatalog } from '../../libs/read-store-mongodb/copy-catalog.js';
import { Leases } from '../../libs/read-store-mongodb/leases.js';
import { CONTESTED, CONTESTED_COPY, CONTESTED_SHAPE, takeAndWrite } from './read-store-mongodb-contest.js';

/*
 * A process of its own for the tests of what owners of a lease do to each other: `<url> <database> <task> <owner>`. `linger`
 * takes the lease and stays in the middle of a transaction for a second; `contest` writes under the lease until it loses it,
 * takes it again, and so on until its input ends. It writes a line for each thing that happened, at once.
 */

const LINGER_MS = 1_000;
const LEASE_MS = 500;

const say = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`);

async function linger(url: string, database: string, owner: string): Promise<void> {
  const connection = await MongoConnection.open({ url, database });
  const [leases, catalog] = [new Leases(connection), new CopyCatalog(connection)];
  const { place } = await catalog.prepare(CONTESTED_SHAPE, CONTESTED_COPY);
  const lease = await leases.acquire(CONTESTED, owner, LEASE_MS);
  if (!lease) throw new Error('The lease is held.');
  const outcome = await leases.writeUnder(lease, async (session) => {
    const changes = { checkpoint: { position: 'of the loser', anchor: null } };
    const moved = await catalog.move(session, CONTESTED_COPY, place, changes);
    say('in transaction');
    await sleep(LINGER_MS);
    return moved;
  });
  say(outcome);
  await leases.close();
  await connection.close();
}

async function contest(url: string, database: string, owner: string): Promise<void> {
  const store = await MongoReadStore.open({ url, database });
  await store.prepare(CONTESTED_SHAPE, CONTESTED_COPY);
  let isOver = false;
  process.stdin.resume().once('end', () => (isOver = true));
  say('contests');
  while (!isOver) {
    const saved = await takeAndWrite(store, owner, () => isOver);
    if (saved > 0) say('saved', saved);
  }
  await store.close();
}

const [url = '', database = '', task = '', owner = ''] = process.argv.slice(2);
await (task === 'linger' ? linger : contest)(url, database, owner);
