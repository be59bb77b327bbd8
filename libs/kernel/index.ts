export type {
  Actor,
  EventMetadata,
  EventToAppend,
  Json,
  JsonObject,
  Position,
  RecordedEvent,
  SealedPart,
} from './event.js';
export { APPEND_LIMIT_BYTES, APPEND_LIMIT_EVENTS, EventStore, ForeignLog, StoreUnavailable } from './event-store.js';
export type { AppendResult, EventBatch, ExpectedRevision } from './event-store.js';
export { Clock, SystemClock } from './clock.js';
export { ReadStore } from './read-store.js';
export type {
  Checkpoint,
  DueRow,
  FailedTry,
  FieldValue,
  Generations,
  Lease,
  ParkedStream,
  Postponement,
  ReadModelCopy,
  ReadModelPart,
  ReadModelShape,
  RowChanges,
  RowQuery,
  StoredRow,
  StreamToPark,
  TermQuery,
} from './read-store.js';
export { VaultStore } from './vault-store.js';
export type { RecordPlace, RecordWrite, StoredVaultRecord, VaultRecord, WrappedKey } from './vault-store.js';
export { eventId, idFromCommand, idFromName, isId, newCommandId, newId, uuidOf } from './ids.js';
export type { IdPrefix } from './ids.js';
export { erased, isRefusal, notFound, Refusal, SubjectErased } from './refusal.js';
export type { FieldError, RefusalCode } from './refusal.js';
export { Secret } from './secret.js';
export type { CommandAnswer, CommandContext } from './command.js';
export { CommandGate } from './command-gate.js';
export { DataKey, hashOf, MasterKeys, Vault } from './vault.js';
export { decodeEvent, ERASED, openPersonal, parseStreamName, streamName } from './stream.js';
export type {
  Decision,
  Erased,
  EventDefinition,
  EventDefinitions,
  EventOf,
  OpenedEvent,
  StreamDefinition,
} from './stream.js';
export { Streams } from './streams.js';
export type { Executed, Execution, Loaded } from './streams.js';
export { isAutomation, partitionOf, withoutDeeds } from './read-model.js';
export type { Automation, ReadModel, RowDescription, Todo, TodoOutcome } from './read-model.js';
export { ReadModelRunner } from './read-model-runner.js';
export type { RunnerOptions } from './read-model-runner.js';
export type { RunnerLog, RunnerStores } from './runner-stores.js';
export { copyLeaseName } from './held-leases.js';
export { DOUBT_LIMIT_MS, DOUBT_PAUSE_MS, holdsCheckpoint } from './log-guard.js';
export { ReadModels } from './read-models.js';
export type { ReadyCopy } from './read-models.js';
