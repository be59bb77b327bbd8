export { SandboxClock, type ClockListener } from './clock.js';
export { SANDBOX_AUDIENCE, SANDBOX_ISSUER, SandboxIssuer, type SessionRequest } from './issuer.js';
export { startSandbox, type Sandbox, type SandboxOptions } from './start-sandbox.js';
