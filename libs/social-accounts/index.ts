export { ACCOUNT_TYPES, METHODS, PLATFORMS, PlatformFailure, PlatformLogin, PlatformLogins } from './platform.js';
export type {
  AccountType,
  Authorization,
  Callback,
  Candidate,
  ConnectMethod,
  GrantLifetime,
  MethodId,
  NotSelectable,
  PlatformFailureCode,
  PlatformId,
} from './platform.js';
