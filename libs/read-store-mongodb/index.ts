export { MongoReadStore, type MongoStoreOptions } from './mongo-read-store.js';
export { MongoConnection, ReplicaSetRequired, type MongoConnectionOptions } from './connection.js';
export { isDuplicateKey } from './failures.js';
export { MONGO_LIMITS, type MongoLimits } from './limits.js';
export { beginningWith } from './text-order.js';
