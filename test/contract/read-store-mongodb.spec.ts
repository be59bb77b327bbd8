import { MongoReadStore } from '#read-store-mongodb';
import { describeWithMongoDb, newDatabase } from './mongodb-suite.js';
import { describeReadStore } from './read-store-contract.js';

await describeWithMongoDb('MongoDB', (server) => {
  describeReadStore('MongoDB', async () => {
    const { database, drop } = newDatabase(server);
    const store = await MongoReadStore.open({ url: server.url, database });
    const another = await MongoReadStore.open({ url: server.url, database });
    const dispose = async (): Promise<void> => {
      await store.close();
      await another.close();
      await drop();
    };
    return { store, another, dispose };
  });
});
