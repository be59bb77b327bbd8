import { MongoReadStore } from '#read-store-mongodb';
import type { MongoDb } from '../support/mongodb/start-mongodb.js';
import { newDatabase } from './mongodb-suite.js';

/** A new database as two processes have it, and how to get rid of all of it. */
export async function openTwoMongoReadStores(
  server: MongoDb,
): Promise<{ readonly store: MongoReadStore; readonly another: MongoReadStore; dispose(): Promise<void> }> {
  const { database, drop } = newDatabase(server);
  const store = await MongoReadStore.open({ url: server.url, database });
  const another = await MongoReadStore.open({ url: server.url, database });
  const dispose = async (): Promise<void> => {
    await store.close();
    await another.close();
    await drop();
  };
  return { store, another, dispose };
}
