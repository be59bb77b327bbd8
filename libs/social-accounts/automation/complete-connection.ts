import { Injectable } from '@nestjs/common';
import { idFromName, isRefusal, Streams, uuidOf, Vault, type TodoOutcome } from '#kernel';
import { addConnectedAccounts, workspace } from '#workspaces';
import {
  completeConnection,
  connection,
  failConnection,
  type Choice,
  type ConnectionFacts,
  type ConnectionState,
  type FailureCode,
} from '../domain/connection.js';
import { detachAccount, grant, isOlder, takeConsent, type GrantState } from '../domain/grant.js';
import { connectAccount, socialAccount } from '../domain/social-account.js';
import { Attempts, type Attempt } from '../write/attempts.js';
import { Candidates } from '../write/candidates.js';
import { Claims } from '../write/claims.js';
import { factsOf } from '../write/settle-authorization.js';
import { carryOutStep, consentedAccount, type Completion, type NextContext } from './completion.js';
import { GrantSecrets } from './grant-secrets.js';
import { OtherAccounts } from './other-accounts.js';

/**
 * Carries out a selection, step by step; each can be repeated, so a crash between any two does no harm:
 * the grant with all its attachments in one append, the accounts, the login's other accounts, the detachments,
 * the chooser's access, and the end.
 */
@Injectable()
export class CompleteConnection {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
    private readonly attempts: Attempts,
    private readonly candidates: Candidates,
    private readonly claims: Claims,
    private readonly secrets: GrantSecrets,
    private readonly others: OtherAccounts,
  ) {}

  async run(connectionId: string, workspaceId: string, next: NextContext): Promise<TodoOutcome> {
    const state = await factsOf(this.streams, connectionId, workspaceId);
    if (isRefusal(state)) return { later: state.code };
    const attempt = await this.attempts.read(connectionId);
    if (!attempt) return this.#fail(connectionId, state.facts, 'platform-error', next);
    const { facts } = state;
    const choices = await this.#withoutRemoved(state.choices);
    if (choices.length === 0) return this.#endWithoutAccounts(connectionId, state, attempt, next);
    const candidates = await this.candidates.judge(workspaceId, facts.login, attempt, 'all');
    const isKnown = ({ candidateId }: Choice): boolean => candidates.some((one) => one.candidateId === candidateId);
    if (!choices.every(isKnown)) return { later: 'platform-not-configured' };
    const newGrantId = await this.#newGrantId(connectionId);
    const grantId = await this.claims.claimGrant(workspaceId, facts.login, attempt.subject, newGrantId);
    const completion: Completion = { connectionId, facts, attempt, candidates, choices, grantId, next };
    const taken = await this.#takeGrant(completion);
    if (taken === 'revoked') return { later: 'grant-revoked-meanwhile' };
    await this.#connectAccounts(completion);
    await this.#detachRemoved(state, grantId, next);
    if (!isOlder(attempt.authorizedAt, taken.consentAt)) await this.others.judge(completion, taken);
    await this.#addToAccess(completion);
    return this.#end(completion);
  }

  /** The grant that this attempt makes where its person has none: always the same one, or the next when that has ended meanwhile. */
  async #newGrantId(connectionId: string): Promise<string> {
    for (let ended = 0; ; ended += 1) {
      const id = idFromName('grt', uuidOf(connectionId), ended === 0 ? 'grant' : `grant-${ended}`);
      if (!(await this.streams.load(grant, id)).state.revoked) return id;
    }
  }

  async #withoutRemoved(choices: readonly Choice[]): Promise<readonly Choice[]> {
    const states = await Promise.all(choices.map(({ accountId }) => this.streams.load(socialAccount, accountId)));
    return choices.filter((_, index) => !states[index]?.state.removed);
  }

  /** Every account was removed since it was selected: an earlier run may have attached them. */
  async #endWithoutAccounts(
    connectionId: string,
    state: ConnectionState & { readonly facts: ConnectionFacts },
    attempt: Attempt,
    next: NextContext,
  ): Promise<TodoOutcome> {
    const { facts } = state;
    const grantId = await this.claims.findGrant(facts.workspaceId, facts.login, attempt.subject);
    if (grantId !== null) {
      await this.#detachRemoved(state, grantId, next);
      await this.secrets.keepOnlyCurrent(grantId, connectionId);
    }
    return this.#fail(connectionId, facts, 'account-removed', next);
  }

  /** Accounts that were removed since they were selected feed on nothing: an earlier run may have attached them. */
  async #detachRemoved(
    { choices, facts }: ConnectionState & { readonly facts: ConnectionFacts },
    grantId: string,
    next: NextContext,
  ): Promise<void> {
    const live = new Set((await this.#withoutRemoved(choices)).map(({ accountId }) => accountId));
    for (const { accountId } of choices) {
      if (!live.has(accountId)) await this.#detachElsewhere(accountId, facts.workspaceId, [grantId], next);
    }
  }

  /** The grant with all its attachments, in one append; its secrets stand in the vault before. */
  async #takeGrant({
    connectionId,
    facts,
    attempt,
    choices,
    grantId,
    next,
  }: Completion): Promise<GrantState | 'revoked'> {
    if (!(await this.secrets.keep(grantId, connectionId, attempt.secrets))) return 'revoked';
    const consent = {
      workspaceId: facts.workspaceId,
      platform: facts.login,
      subject: attempt.subject,
      attemptId: connectionId,
      consentAt: attempt.authorizedAt,
      consentBy: facts.startedBy,
      lifetime: attempt.lifetime,
      scopes: attempt.grantedScopes,
      accountIds: choices.map(({ accountId }) => accountId),
    };
    const executed = await this.streams.execute({
      definition: grant,
      id: grantId,
      workspaceId: facts.workspaceId,
      context: next(),
      decide: (state) => takeConsent(state, consent),
    });
    if (isRefusal(executed) || executed.state.revoked) return 'revoked';
    return executed.state;
  }

  async #connectAccounts(completion: Completion): Promise<void> {
    const { facts, candidates, choices, grantId, next } = completion;
    for (const choice of choices) {
      const candidate = candidates.find(({ candidateId }) => candidateId === choice.candidateId);
      if (!candidate) continue;
      const { platform, type } = candidate.candidate;
      const consented = await consentedAccount(this.vault, completion, choice.accountId, candidate);
      const { workspaceId, startedBy: by } = facts;
      const before = (await this.streams.load(socialAccount, choice.accountId)).state;
      const context = next();
      await carryOutStep(this.streams, socialAccount, choice.accountId, workspaceId, context, (state) =>
        connectAccount(state, { ...consented, workspaceId, platform, type, by, at: context.at }),
      );
      await this.#detachElsewhere(choice.accountId, facts.workspaceId, [before.grantId, grantId], next);
    }
  }

  /** A grant is detached from an account only when the account's stream, read to its end, names another one or says removed. */
  async #detachElsewhere(
    accountId: string,
    workspaceId: string,
    grantIds: readonly (string | null)[],
    next: NextContext,
  ): Promise<void> {
    const { state } = await this.streams.load(socialAccount, accountId);
    const previous = await this.#previousGrants(accountId);
    const detached = { accountId, ownedSince: state.removed ? null : state.consentAt };
    for (const grantId of new Set([...grantIds, ...previous])) {
      if (grantId === null || (!state.removed && state.grantId === grantId)) continue;
      await carryOutStep(this.streams, grant, grantId, workspaceId, next(), (now) => detachAccount(now, detached));
    }
  }

  /** Grants that the account was taken from, as its reconnections name them: a crash may have come before each detachment. */
  async #previousGrants(accountId: string): Promise<readonly string[]> {
    const history = await this.streams.history(socialAccount, accountId);
    const named = history.map(({ data }) => data['previousGrantId']);
    return named.filter((id) => typeof id === 'string');
  }

  /** Newly connected accounts are added to a limited member's access before the end is written. */
  async #addToAccess({ facts, choices, next }: Completion): Promise<void> {
    if (facts.startedBy.type !== 'user') return;
    const accountIds = choices.filter(({ outcome }) => outcome === 'connected').map(({ accountId }) => accountId);
    if (accountIds.length === 0) return;
    const { workspaceId, startedBy } = facts;
    await carryOutStep(this.streams, workspace, workspaceId, workspaceId, next(), (state) =>
      addConnectedAccounts(state, { userId: startedBy.id, accountIds }),
    );
  }

  async #end({ connectionId, facts, choices, grantId, next }: Completion): Promise<TodoOutcome> {
    await this.secrets.keepOnlyCurrent(grantId, connectionId);
    const live = await this.#withoutRemoved(choices);
    if (live.length === 0) return this.#fail(connectionId, facts, 'account-removed', next);
    const accountIds = live.map(({ accountId }) => accountId);
    const executed = await carryOutStep(this.streams, connection, connectionId, facts.workspaceId, next(), (state) =>
      completeConnection(state, { accountIds, grantId }),
    );
    return { done: executed.position };
  }

  async #fail(
    connectionId: string,
    facts: ConnectionFacts,
    code: FailureCode,
    next: NextContext,
  ): Promise<TodoOutcome> {
    const executed = await carryOutStep(this.streams, connection, connectionId, facts.workspaceId, next(), (state) =>
      failConnection(state, { code }),
    );
    return { done: executed.position };
  }
}
