export { EventStoreDbEventStore } from './eventstoredb-event-store.js';
export type { EventStoreDbOptions } from './eventstoredb-event-store.js';
export { EVENT_STORE_LIMITS } from './limits.js';
export type { EventStoreDbLimits, EventStoreDbLog } from './limits.js';
export { OWN_STREAM_PREFIXES } from './record.js';
export { SERVICE_GROUP, secureEventStore } from './secure-event-store.js';
export { isClientFailure } from './uncaught-failures.js';
