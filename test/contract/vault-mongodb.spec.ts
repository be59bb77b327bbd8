import { MongoVaultStore } from '#vault-mongodb';
import { describeWithMongoDb, newDatabase } from './mongodb-suite.js';
import { describeVaultStore } from './vault-store-contract.js';

await describeWithMongoDb('MongoDB', (server) => {
  describeVaultStore('MongoDB', async () => {
    const { database, drop } = newDatabase(server);
    const store = await MongoVaultStore.open({ url: server.url, database });
    const another = await MongoVaultStore.open({ url: server.url, database });
    const dispose = async (): Promise<void> => {
      await store.close();
      await another.close();
      await drop();
    };
    return { store, another, dispose };
  });
});
