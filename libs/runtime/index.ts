export { Configuration, ConfigurationRefused, readConfiguration } from './configuration.js';
export { createLogger } from './observability.js';
export { Runners } from './runners.js';
export { SandboxControls } from './sandbox-routes.js';
export { startService } from './service.js';
export type { SandboxPart, Service, ServiceOptions } from './service.js';
export { openStores } from './stores.js';
export type { Stores } from './stores.js';
export { runUntilSignal } from './run-until-signal.js';
