export { DataDirectoryInUse, DataDirectoryLock } from './data-directory-lock.js';
export { SqliteEventStore } from './sqlite-event-store.js';
export type { SqliteEventStoreOptions } from './sqlite-event-store.js';
export { SqliteLogView } from './sqlite-log-view.js';
