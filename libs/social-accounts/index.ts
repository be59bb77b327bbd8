export { PLATFORM_CATALOGUE } from './catalogue.js';
export type { CatalogueMethod, CataloguePlatform } from './catalogue.js';
export { connection, connectionEvents } from './domain/connection.js';
export { grant, grantEvents } from './domain/grant.js';
export { socialAccount, socialAccountEvents } from './domain/social-account.js';
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
export { ConfiguredLogins } from './platform-logins.js';
export { accountsReadModel } from './read/accounts.js';
export { connectionsReadModel } from './read/connections.js';
export { SocialAccountsSettings } from './settings.js';
export { SocialAccountsAutomations, SocialAccountsModule } from './social-accounts.module.js';
export { OAuthFlows } from './write/oauth-flows.js';
