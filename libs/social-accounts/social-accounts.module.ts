import { Module } from '@nestjs/common';
import { Streams, Vault } from '#kernel';
import { CompleteConnection } from './automation/complete-connection.js';
import { completeConnections } from './automation/complete-connections.js';
import { GrantSecrets } from './automation/grant-secrets.js';
import { LapseConnections } from './automation/lapse-connections.js';
import { OtherAccounts } from './automation/other-accounts.js';
import { PurgeRemovedAccounts } from './automation/purge-removed-accounts.js';
import { RevokeEmptyGrants } from './automation/revoke-empty-grants.js';
import { watchTokenExpiry } from './automation/watch-token-expiry.js';
import { PlatformLogins } from './platform.js';
import { AccountList } from './read/account-list.js';
import { AccountQueries } from './read/account-routes.js';
import { ConnectionQueries } from './read/connection-routes.js';
import { PlatformRoutes } from './read/platform-routes.js';
import { RemovalImpactRoute } from './read/removal-impact.js';
import { AccountGate } from './write/account-gate.js';
import { Attempts } from './write/attempts.js';
import { Candidates } from './write/candidates.js';
import { Claims } from './write/claims.js';
import { ConnectionRoutes } from './write/connection-routes.js';
import { OAuthFlows } from './write/oauth-flows.js';
import { OAuthRoutes } from './write/oauth-routes.js';
import { OutcomeOfConnection } from './write/outcome-of-connection.js';
import { ReceiveCallbackHandler } from './write/receive-callback.js';
import { RemoveAccountHandler, RemoveAccountRoute } from './write/remove-account.js';
import { SelectCandidatesHandler } from './write/select-candidates.js';
import { SettleAuthorization } from './write/settle-authorization.js';
import { StartConnectionHandler } from './write/start-connection.js';

/** The policies of this capability, each with what it needs. */
export class SocialAccountsAutomations {
  readonly all;

  constructor(
    streams: Streams,
    vault: Vault,
    attempts: Attempts,
    claims: Claims,
    flows: OAuthFlows,
    settling: SettleAuthorization,
    completion: CompleteConnection,
    secrets: GrantSecrets,
    logins: PlatformLogins,
  ) {
    this.all = [
      watchTokenExpiry(streams),
      completeConnections(completion),
      new LapseConnections(streams, attempts, flows, settling).automation(),
      new RevokeEmptyGrants(streams, vault, claims, secrets, logins).automation(),
      new PurgeRemovedAccounts(streams, vault, claims, secrets).automation(),
    ] as const;
  }
}

const AUTOMATION_NEEDS = [
  Streams,
  Vault,
  Attempts,
  Claims,
  OAuthFlows,
  SettleAuthorization,
  CompleteConnection,
  GrantSecrets,
  PlatformLogins,
];

/** Connections, grants and accounts. `PlatformLogins` and `SocialAccountsSettings` come from outside. */
@Module({
  controllers: [
    PlatformRoutes,
    ConnectionRoutes,
    ConnectionQueries,
    OAuthRoutes,
    AccountQueries,
    RemovalImpactRoute,
    RemoveAccountRoute,
  ],
  providers: [
    AccountGate,
    AccountList,
    Attempts,
    Candidates,
    Claims,
    CompleteConnection,
    GrantSecrets,
    OAuthFlows,
    OtherAccounts,
    OutcomeOfConnection,
    SettleAuthorization,
    StartConnectionHandler,
    ReceiveCallbackHandler,
    SelectCandidatesHandler,
    RemoveAccountHandler,
    {
      provide: SocialAccountsAutomations,
      useFactory: (...needs: ConstructorParameters<typeof SocialAccountsAutomations>) =>
        new SocialAccountsAutomations(...needs),
      inject: AUTOMATION_NEEDS,
    },
  ],
  exports: [SocialAccountsAutomations, OAuthFlows],
})
export class SocialAccountsModule {}
