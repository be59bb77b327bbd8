import { Injectable } from '@nestjs/common';
import { idFromName, isRefusal, notFound, Refusal, Streams, uuidOf, type CommandContext, type Executed } from '#kernel';
import { membershipOf, workspace } from '#workspaces';
import {
  authorizeConnection,
  CANDIDATE_LIMIT,
  connection,
  failConnection,
  type AuthorizationOutcome,
  type Choice,
  type ConnectionEvent,
  type ConnectionFacts,
  type ConnectionState,
  type FailureCode,
} from '../domain/connection.js';
import { judgeConsent, type JudgedCandidate } from '../domain/consent.js';
import { socialAccount } from '../domain/social-account.js';
import { PlatformLogins, type Authorization } from '../platform.js';
import { Attempts, type Attempt } from './attempts.js';
import { Candidates, type Reach } from './candidates.js';
import { Claims } from './claims.js';

type Settled = Executed<ConnectionState, ConnectionEvent>;

/** Turns a platform's answer into the attempt's next event. Shared by the callback and by whoever carries on after a crash. */
@Injectable()
export class SettleAuthorization {
  constructor(
    private readonly streams: Streams,
    private readonly attempts: Attempts,
    private readonly candidates: Candidates,
    private readonly claims: Claims,
    private readonly logins: PlatformLogins,
  ) {}

  /** What the starter may still do in the workspace, from the workspace's stream: null when the connection may not go on. */
  async reachOf(facts: ConnectionFacts): Promise<Reach | null> {
    const { state } = await this.streams.load(workspace, facts.workspaceId);
    if (facts.startedBy.type !== 'user') return state.exists ? 'all' : null;
    const member = membershipOf(state, facts.startedBy.id);
    if (!member?.permissions.has('accounts:connect')) return null;
    const target = facts.reconnectAccountId;
    const reaches = target === null || member.accountAccess === 'all' || member.accountAccess.has(target);
    return reaches ? member.accountAccess : null;
  }

  /** Keeps the answer, durably and sealed, before anything is decided about it. Null when the attempt has ended meanwhile. */
  async keep(connectionId: string, authorization: Authorization, at: Date, lapsesAt: string): Promise<Attempt | null> {
    const { subject, secrets, grantedScopes, lifetime } = authorization;
    const candidates = authorization.candidates.slice(0, CANDIDATE_LIMIT);
    const listingComplete = authorization.listingComplete && candidates.length === authorization.candidates.length;
    const authorizedAt = at.toISOString();
    return this.attempts.save(
      connectionId,
      { subject, secrets, grantedScopes, lifetime, candidates, listingComplete, authorizedAt },
      lapsesAt,
    );
  }

  /** Decides on the answer that is kept: something to pick from, a choice by itself, or a failure. */
  async settle(
    connectionId: string,
    facts: ConnectionFacts,
    attempt: Attempt,
    context: CommandContext,
  ): Promise<Settled | Refusal> {
    const reach = await this.reachOf(facts);
    if (reach === null) return this.fail(connectionId, facts, 'permission-denied', context);
    const judged = await this.candidates.judge(facts.workspaceId, facts.login, attempt, reach);
    const outcome = await this.#outcome(connectionId, facts, attempt, judged);
    const at = new Date(attempt.authorizedAt);
    const executed = await this.streams.execute({
      definition: connection,
      id: connectionId,
      workspaceId: facts.workspaceId,
      context: { ...context, at },
      decide: (state) =>
        authorizeConnection(state, {
          candidateIds: judged.map(({ candidateId }) => candidateId),
          selectable: judged.filter(({ reason }) => reason === null).length,
          outcome,
          at,
        }),
    });
    if (!isRefusal(executed) && executed.state.status === 'failed') await this.attempts.end(connectionId);
    return executed;
  }

  async fail(
    connectionId: string,
    facts: ConnectionFacts,
    code: FailureCode,
    context: CommandContext,
  ): Promise<Settled | Refusal> {
    const executed = await this.streams.execute({
      definition: connection,
      id: connectionId,
      workspaceId: facts.workspaceId,
      context,
      decide: (state) => failConnection(state, { code }),
    });
    if (!isRefusal(executed) && executed.state.status === 'failed') await this.attempts.end(connectionId);
    return executed;
  }

  /** The choices that these candidates amount to, each with the account that it is or becomes. */
  async choose(
    connectionId: string,
    facts: ConnectionFacts,
    candidates: readonly JudgedCandidate[],
  ): Promise<readonly Choice[]> {
    const choices: Choice[] = [];
    for (const { candidateId, candidate } of candidates) {
      const newId = idFromName('acc', uuidOf(connectionId), candidateId);
      const claim = await this.claims.claimAccount(facts.workspaceId, candidate.platform, candidate.externalId, newId);
      choices.push({ candidateId, accountId: claim.accountId, outcome: claim.isLive ? 'reconnected' : 'connected' });
    }
    return choices;
  }

  async #outcome(
    connectionId: string,
    facts: ConnectionFacts,
    attempt: Attempt,
    judged: readonly JudgedCandidate[],
  ): Promise<AuthorizationOutcome> {
    const setUp = this.logins.find(facts.platform, facts.method);
    if (!setUp) return { kind: 'failed', code: 'platform-error' };
    const reconnect =
      facts.reconnectAccountId === null ? null : await this.#reconnectOf(facts, facts.reconnectAccountId, attempt);
    if (reconnect === 'removed') return { kind: 'failed', code: 'account-removed' };
    const { platform, method, accountType } = facts;
    const outcome = judgeConsent({ platform, method, accountType, reconnect }, setUp.method, attempt, judged);
    if (outcome.kind !== 'chosen') return outcome;
    return { kind: 'chosen', choices: await this.choose(connectionId, facts, outcome.candidates) };
  }

  async #reconnectOf(facts: ConnectionFacts, accountId: string, attempt: Attempt) {
    const { state } = await this.streams.load(socialAccount, accountId);
    if (state.removed) return 'removed';
    const grantId = await this.claims.findGrant(facts.workspaceId, facts.login, attempt.subject);
    return { accountId, sameIdentity: grantId !== null && grantId === state.grantId };
  }
}

/** The attempt's facts, or `not-found` for an attempt that was never started or is another workspace's. */
export async function factsOf(
  streams: Streams,
  connectionId: string,
  workspaceId: string | null,
): Promise<(ConnectionState & { readonly facts: ConnectionFacts }) | Refusal> {
  const { state } = await streams.load(connection, connectionId);
  if (!state.facts || (workspaceId !== null && state.facts.workspaceId !== workspaceId)) return notFound('connection');
  return { ...state, facts: state.facts };
}
