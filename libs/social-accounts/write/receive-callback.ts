import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { Clock, isRefusal, Refusal, Streams, type CommandContext } from '#kernel';
import { isPast, type ConnectionFacts, type ConnectionState } from '../domain/connection.js';
import { PlatformFailure, PlatformLogins } from '../platform.js';
import { SocialAccountsSettings } from '../settings.js';
import { Attempts } from './attempts.js';
import { OAuthFlows, type FlowRecord } from './oauth-flows.js';
import { OutcomeOfConnection } from './outcome-of-connection.js';
import { factsOf, SettleAuthorization } from './settle-authorization.js';

/** Where the browser goes on to, and what it may then read. */
export interface CallbackAnswer {
  readonly location: string;
  readonly position: string | null;
}

/** A browser came back from a platform. */
export class ReceiveCallback extends Command<CallbackAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly login: string,
    readonly parameters: URLSearchParams,
    readonly cookie: string | undefined,
  ) {
    super();
  }
}

@CommandHandler(ReceiveCallback)
export class ReceiveCallbackHandler implements ICommandHandler<ReceiveCallback> {
  constructor(
    private readonly streams: Streams,
    private readonly flows: OAuthFlows,
    private readonly attempts: Attempts,
    private readonly logins: PlatformLogins,
    private readonly settling: SettleAuthorization,
    private readonly outcomes: OutcomeOfConnection,
    private readonly settings: SocialAccountsSettings,
    private readonly clock: Clock,
  ) {}

  async execute({ context, login, parameters, cookie }: ReceiveCallback): Promise<CallbackAnswer | Refusal> {
    const record = await this.flows.find(parameters.get('state') ?? '', this.clock.now());
    if (!record || record.flow.login !== login) return unknownState();
    if (!this.flows.isBrowserOf(record.flow, cookie)) {
      return new Refusal(
        'different-browser',
        'This consent was begun in another browser. Finish it there, or begin again here.',
      );
    }
    const { connectionId, workspaceId } = record.flow;
    const state = await factsOf(this.streams, connectionId, workspaceId);
    if (isRefusal(state)) return unknownState();
    if (state.status === 'started' && !isPast(state.facts.lapsesAt, this.clock.now())) {
      const done = await this.#receive(record, state.facts, parameters, { ...context, actor: state.facts.startedBy });
      if (isRefusal(done) && done.code !== 'connection-lapsed') return done;
    }
    return this.#lead(record, await this.#outcome(record));
  }

  /** Exchanges the code once, whatever happens: the flow is taken durably before. */
  async #receive(record: FlowRecord, facts: ConnectionFacts, parameters: URLSearchParams, context: CommandContext) {
    const held = await this.flows.hold(record.id, context.commandId);
    if (!held) return null;
    try {
      const { connectionId } = held.flow;
      if (!held.flow.taken && (await this.flows.take(held))) {
        return await this.#exchange(connectionId, facts, parameters, context);
      }
      const { state } = await this.outcomes.wait(connectionId, () => true);
      if (state.status !== 'started') return null;
      const kept = await this.attempts.read(connectionId);
      if (kept) return await this.settling.settle(connectionId, facts, kept, context);
      return await this.settling.fail(connectionId, facts, 'platform-unavailable', context);
    } finally {
      await this.flows.release(record.id, context.commandId);
    }
  }

  async #exchange(connectionId: string, facts: ConnectionFacts, parameters: URLSearchParams, context: CommandContext) {
    if ((await this.settling.reachOf(facts)) === null) {
      return this.settling.fail(connectionId, facts, 'permission-denied', context);
    }
    const setUp = this.logins.find(facts.platform, facts.method);
    if (!setUp) return this.settling.fail(connectionId, facts, 'platform-error', context);
    const { state, codeVerifier } = this.flows.secretsOf(connectionId);
    const redirectUri = this.settings.redirectUri(facts.login);
    const answer = await setUp.login.authorize({ method: setUp.method, parameters, state, redirectUri, codeVerifier });
    if (answer instanceof PlatformFailure) return this.settling.fail(connectionId, facts, answer.code, context);
    const kept = await this.settling.keep(connectionId, answer, this.clock.now(), facts.lapsesAt);
    return kept && (await this.settling.settle(connectionId, facts, kept, context));
  }

  /** The attempt as far as it has come: decided, and if something was chosen, carried out. */
  async #outcome(record: FlowRecord) {
    const { connectionId } = record.flow;
    const isDecided = (state: ConnectionState): boolean =>
      state.status !== 'selected' &&
      (state.status !== 'started' || isPast(state.facts?.lapsesAt ?? '', this.clock.now()));
    return this.outcomes.wait(connectionId, isDecided);
  }

  async #lead(record: FlowRecord, { position }: { readonly position: string | null }): Promise<CallbackAnswer> {
    const { connectionId, workspaceId, returnUrl } = record.flow;
    if (position !== null) await this.outcomes.waitUntilReadable(workspaceId, position);
    const url = new URL(returnUrl, this.settings.publicUrl);
    url.searchParams.set('connection', connectionId);
    return { location: returnUrl.startsWith('/') ? `${url.pathname}${url.search}${url.hash}` : url.href, position };
  }
}

const unknownState = (): Refusal =>
  new Refusal('state-invalid', 'This consent does not belong to a connection that is under way here. Begin again.');
