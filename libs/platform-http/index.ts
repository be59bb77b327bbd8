export { deniedFailure, platformFailure } from './failure.js';
export type { FailureKind } from './failure.js';
export { classifyGraphError, classifyGraphTokenError } from './graph-errors.js';
export { openTokens, sealTokens } from './grant-secrets.js';
export type { GrantTokens } from './grant-secrets.js';
export { earlierInstant, instantOfUnix, secondsAfter, wholeSecond } from './instants.js';
export { AUTHORIZE_BUDGET_MS, HTTP_LIMITS, TimeBudget } from './limits.js';
export type { HttpLimits } from './limits.js';
export { OAuthClient } from './oauth-client.js';
export type { OAuthSettings } from './oauth-client.js';
export { kindOfStatus, parseJson, PlatformHttp } from './platform-http.js';
export type { Classify, PlatformAnswer, PlatformRequest } from './platform-http.js';
export {
  displayName,
  externalId,
  lifetimeSeconds,
  scopeList,
  shownUrl,
  tokenText,
  unixSeconds,
} from './provider-values.js';
