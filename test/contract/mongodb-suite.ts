import { randomUUID } from 'node:crypto';
import { afterAll, describe, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { type MongoDb, startMongoDb } from '../support/mongodb/start-mongodb.js';

/** A suite over a server of its own, or one that is skipped and says what to set. */
export async function describeWithMongoDb(
  name: string,
  suite: (server: MongoDb) => void,
  start = startMongoDb,
): Promise<void> {
  const server = await start();
  describe(name, () => {
    if ('unavailable' in server) {
      it.skip(`needs a server: ${server.unavailable}`, () => undefined);
      return;
    }
    suite(server);
    // Behind what the suite itself closes.
    afterAll(() => server.stop());
  });
}

/** A database that no other suite uses, also on a server that is somebody else's. */
export function newDatabase({ url }: MongoDb): { readonly database: string; readonly drop: () => Promise<void> } {
  const database = `test_${randomUUID().replaceAll('-', '')}`;
  const drop = async (): Promise<void> => {
    const client = new MongoClient(url);
    await client.db(database).dropDatabase();
    await client.close();
  };
  return { database, drop };
}
