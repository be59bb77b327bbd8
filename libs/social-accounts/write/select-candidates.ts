import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { isRefusal, Refusal, Streams, type CommandContext } from '#kernel';
import { connection, selectCandidates, type Choice, type ConnectionFacts } from '../domain/connection.js';
import { offered } from '../domain/consent.js';
import { Attempts } from './attempts.js';
import { Candidates } from './candidates.js';
import { OutcomeOfConnection } from './outcome-of-connection.js';
import { factsOf, SettleAuthorization } from './settle-authorization.js';

export interface SelectedAccounts {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
  readonly accounts: readonly { readonly id: string; readonly outcome: 'connected' | 'reconnected' | 'unchanged' }[];
  /** Whether the accounts can be read already, or work goes on. */
  readonly completed: boolean;
}

export class SelectCandidates extends Command<SelectedAccounts | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly connectionId: string,
    readonly candidateIds: readonly string[],
  ) {
    super();
  }
}

@CommandHandler(SelectCandidates)
export class SelectCandidatesHandler implements ICommandHandler<SelectCandidates> {
  constructor(
    private readonly streams: Streams,
    private readonly attempts: Attempts,
    private readonly candidates: Candidates,
    private readonly settling: SettleAuthorization,
    private readonly outcomes: OutcomeOfConnection,
  ) {}

  async execute({
    context,
    workspaceId,
    connectionId,
    candidateIds,
  }: SelectCandidates): Promise<SelectedAccounts | Refusal> {
    const state = await factsOf(this.streams, connectionId, workspaceId);
    if (isRefusal(state)) return state;
    if (!isSameActor(state.facts.startedBy, context.actor)) {
      return new Refusal('permission-denied', 'Only whoever began this connection selects its accounts.');
    }
    const choices = state.status === 'authorized' ? await this.#choices(connectionId, state.facts, candidateIds) : [];
    const executed = await this.streams.execute({
      definition: connection,
      id: connectionId,
      workspaceId,
      context,
      decide: (now) => selectCandidates(now, { choices, candidateIds, at: context.at }),
    });
    if (isRefusal(executed)) return executed;
    return this.#answer(connectionId, workspaceId, executed.events.length === 0);
  }

  /** The choices behind the ids, or why they cannot be chosen. What was shown as selectable is checked again. */
  async #choices(
    connectionId: string,
    facts: ConnectionFacts,
    candidateIds: readonly string[],
  ): Promise<readonly Choice[] | Refusal> {
    const reach = await this.settling.reachOf(facts);
    if (reach === null) {
      return new Refusal('permission-denied', 'This needs "accounts:connect", which you do not have here any more.');
    }
    const attempt = await this.attempts.read(connectionId);
    if (!attempt)
      return new Refusal('connection-lapsed', 'What the platform answered is gone. Start a new connection.');
    const { platform, method, accountType } = facts;
    const judged = offered(
      { platform, method, accountType, reconnect: null },
      await this.candidates.judge(facts.workspaceId, facts.login, attempt, reach),
    );
    const asked = [...new Set(candidateIds)].map((id) => judged.find(({ candidateId }) => candidateId === id));
    const chosen = asked.flatMap((candidate) => (candidate && candidate.reason === null ? [candidate] : []));
    if (chosen.length < asked.length) {
      return new Refusal(
        'candidate-not-selectable',
        'One of these is not offered by this connection, or cannot be selected.',
      );
    }
    return this.settling.choose(connectionId, facts, chosen);
  }

  async #answer(connectionId: string, workspaceId: string, unchanged: boolean): Promise<SelectedAccounts | Refusal> {
    const { state, revision, position } = await this.outcomes.waitForEnd(connectionId);
    if (state.status === 'failed') {
      return state.failure === 'account-removed'
        ? new Refusal('account-removed', 'The selected accounts were removed meanwhile.')
        : new Refusal('already-decided', 'This connection has failed. Start a new one.');
    }
    const completed = state.status === 'completed';
    if (completed && position !== null) await this.outcomes.waitUntilReadable(workspaceId, position);
    const done = new Set(state.accountIds);
    const accounts = state.choices
      .filter(({ accountId }) => !completed || done.has(accountId))
      .map(({ accountId, outcome }) => ({ id: accountId, outcome: unchanged ? ('unchanged' as const) : outcome }));
    return { id: connectionId, revision, position: position ?? '', accounts, completed };
  }
}

const isSameActor = (one: { type: string; id: string }, other: { type: string; id: string }): boolean =>
  one.type === other.type && one.id === other.id;
