export type { FailureKind } from './failure.js';
export { openTokens, sealTokens } from './grant-secrets.js';
export { classifyGraphError, classifyGraphTokenError } from './graph-errors.js';
export { earlierInstant, instantOfUnix, secondsAfter, wholeSecond } from './instants.js';
export { AUTHORIZE_BUDGET_MS, TimeBudget } from './limits.js';
export type { HttpLimits } from './limits.js';
export { OAuthClient } from './oauth-client.js';
export { kindOfStatus, PlatformHttp } from './platform-http.js';
export {
  displayName,
  externalId,
  handleText,
  lifetimeSeconds,
  scopeList,
  shownUrl,
  tokenText,
  unixSeconds,
} from './provider-values.js';
