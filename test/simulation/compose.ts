import { ReadModels, type EventStore, type ReadStore, type Streams, type Vault } from '#kernel';
import { OAuthFlows, SocialAccountsAutomations, type PlatformLogins } from '#social-accounts';
import { CompleteConnection } from '../../libs/social-accounts/automation/complete-connection.js';
import { GrantSecrets } from '../../libs/social-accounts/automation/grant-secrets.js';
import { OtherAccounts } from '../../libs/social-accounts/automation/other-accounts.js';
import { Attempts } from '../../libs/social-accounts/write/attempts.js';
import { Candidates } from '../../libs/social-accounts/write/candidates.js';
import { Claims } from '../../libs/social-accounts/write/claims.js';
import { OutcomeOfConnection } from '../../libs/social-accounts/write/outcome-of-connection.js';
import { SelectCandidatesHandler } from '../../libs/social-accounts/write/select-candidates.js';
import { SettleAuthorization } from '../../libs/social-accounts/write/settle-authorization.js';

/** Answers with what is known at once: in a simulation nobody else works while a command waits. */
class AtOnce extends OutcomeOfConnection {
  override waitForEnd(connectionId: string): ReturnType<OutcomeOfConnection['wait']> {
    return this.wait(connectionId, () => true);
  }

  override waitUntilReadable(): Promise<void> {
    return Promise.resolve();
  }
}

/** What a process of the service is made of. */
export interface Foundations {
  readonly streams: Streams;
  readonly vault: Vault;
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly logins: PlatformLogins;
}

/** The parts of the capability as the service composes them, over these stores. */
export function compose({ streams, vault, events, rows, logins }: Foundations) {
  const attempts = new Attempts(vault);
  const flows = new OAuthFlows(vault);
  const claims = new Claims(vault, streams);
  const candidates = new Candidates(claims, logins);
  const settling = new SettleAuthorization(streams, attempts, candidates, claims, logins);
  const secrets = new GrantSecrets(vault, streams);
  const others = new OtherAccounts(streams, vault, secrets, logins);
  const completion = new CompleteConnection(streams, vault, attempts, candidates, claims, secrets, others);
  const needs = [streams, vault, attempts, claims, flows, settling, completion, secrets, logins] as const;
  const { all: automations } = new SocialAccountsAutomations(...needs);
  const outcomes = new AtOnce(streams, new ReadModels(rows, events));
  const selecting = new SelectCandidatesHandler(streams, attempts, candidates, settling, outcomes);
  return { streams, vault, claims, settling, secrets, automations, selecting };
}

export type Parts = ReturnType<typeof compose>;
