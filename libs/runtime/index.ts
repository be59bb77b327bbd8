export { VaultAnswerSealer } from './answer-sealer.js';
export { linkSandbox } from './linked-sandbox.js';
export { Configuration, ConfigurationRefused, readConfiguration } from './configuration.js';
export {
  MIGRATION_RECORD_KIND,
  MIGRATION_STREAM,
  MIGRATION_STREAM_PREFIX,
  migrationEvent,
  readLogMark,
  readVaultMark,
  UnfinishedMigration,
  writeVaultMark,
} from './migration-mark.js';
export type { MigrationMark } from './migration-mark.js';
export { loadModels, STREAMS } from './models.js';
export { createLogger } from './observability.js';
export { openOperatorView } from './operator-stores.js';
export type { OperatorView } from './operator-stores.js';
export { Projections } from './projections.js';
export type { Parked, Projection } from './projections.js';
export { Rest } from './rest.js';
export { ALL_ROLES } from './roles.js';
export type { Role } from './roles.js';
export { Runners } from './runners.js';
export { SandboxControls } from './sandbox-controls.js';
export { startRoles } from './start-roles.js';
export { startService } from './service.js';
export type { SandboxPart, Service, ServiceOptions } from './service.js';
export { openStores, openVault } from './stores.js';
export type { Stores } from './stores.js';
export { runUntilSignal } from './run-until-signal.js';
