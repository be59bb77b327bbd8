export { MongoVaultStore } from './mongo-vault-store.js';
