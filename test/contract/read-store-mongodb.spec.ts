import { describeWithMongoDb } from './mongodb-suite.js';
import { describeReadStore } from './read-store-contract.js';
import { openTwoMongoReadStores } from './two-mongodb-read-stores.js';

await describeWithMongoDb('MongoDB', (server) => {
  describeReadStore('MongoDB', () => openTwoMongoReadStores(server));
});
