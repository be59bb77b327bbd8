import { Injectable } from '@nestjs/common';
import { Streams, Vault } from '#kernel';
import type { JudgedCandidate } from '../domain/consent.js';
import type { GrantState } from '../domain/grant.js';
import { healAccount, loseAccess, socialAccount } from '../domain/social-account.js';
import { PlatformLogins } from '../platform.js';
import { carryOutStep, consentedAccount, type Completion } from './completion.js';
import { GrantSecrets } from './grant-secrets.js';

/** The other accounts of a login: one consent heals them all, or shows which are lost (C6). */
@Injectable()
export class OtherAccounts {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
    private readonly secrets: GrantSecrets,
    private readonly logins: PlatformLogins,
  ) {}

  /** Heals the accounts that the consent reaches; those that the platform says it does not reach are lost. */
  async judge(completion: Completion, taken: GrantState): Promise<void> {
    const chosen = new Set(completion.choices.map(({ accountId }) => accountId));
    for (const accountId of taken.attached.keys()) {
      if (!chosen.has(accountId)) await this.#judgeOther(completion, accountId);
    }
  }

  async #judgeOther(completion: Completion, accountId: string): Promise<void> {
    const { attempt, candidates, facts, grantId, next } = completion;
    const { state } = await this.streams.load(socialAccount, accountId);
    if (state.removed || state.grantId !== grantId) return;
    const candidate = candidates.find((one) => one.accountId === accountId);
    if (candidate && candidate.reason === null) {
      const consented = await consentedAccount(this.vault, completion, accountId, candidate);
      await carryOutStep(this.streams, socialAccount, accountId, facts.workspaceId, next(), (now) =>
        healAccount(now, consented),
      );
      return;
    }
    const reason = await this.#lossOf(completion, accountId, candidate);
    if (!reason) return;
    const loss = { grantId, consentAt: attempt.authorizedAt, reason };
    await carryOutStep(this.streams, socialAccount, accountId, facts.workspaceId, next(), (now) =>
      loseAccess(now, loss),
    );
  }

  /** Why an account is lost, or null while nobody has said so: a cut listing or a silent platform changes nothing. */
  async #lossOf(
    { attempt, facts }: Completion,
    accountId: string,
    candidate: JudgedCandidate | undefined,
  ): Promise<'not-listed' | 'refused' | 'missing-permissions' | null> {
    if (candidate)
      return candidate.permissions.lacking.length > 0 || candidate.reason === 'missing-permission'
        ? 'missing-permissions'
        : null;
    if (attempt.listingComplete) return 'not-listed';
    const { state } = await this.streams.load(socialAccount, accountId);
    const externalId = await this.secrets.externalIdOf(accountId);
    const login = this.logins.byId(facts.login);
    if (!login || !state.type || externalId === null) return null;
    return (await login.checkAccess(attempt.secrets, { type: state.type, externalId })) === 'refused'
      ? 'refused'
      : null;
  }
}
