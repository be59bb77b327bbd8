import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { Membership } from '#http';
import { hashOf, idFromCommand, isRefusal, Refusal, Streams, type CommandContext, type FieldError } from '#kernel';
import { PLATFORM_CATALOGUE } from '../catalogue.js';
import { connection, startConnection, type ConnectionStatus } from '../domain/connection.js';
import {
  PlatformLogins,
  type AccountType,
  type ConnectMethod,
  type MethodId,
  type PlatformId,
  type PlatformLogin,
} from '../platform.js';
import { SocialAccountsSettings } from '../settings.js';
import { AccountGate } from './account-gate.js';
import { OAuthFlows } from './oauth-flows.js';

export interface StartedConnection {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
  readonly status: ConnectionStatus;
  readonly authorizationUrl: string;
  readonly startUrl: string;
  readonly lapsesAt: string;
  /** A new cookie for the browser that may bring the callback, a whole `Set-Cookie` value; null when it has one of ours. */
  readonly setCookie: string | null;
}

export interface ConnectionRequest {
  readonly platform: string;
  readonly method?: string;
  readonly accountType?: string;
  readonly reconnectAccountId?: string;
  readonly returnUrl?: string;
}

/** Who starts it, and with which browser. */
export interface Starter {
  readonly membership: Membership;
  /** The token's name, else the id: shown on the start page, kept nowhere else. */
  readonly name: string;
  readonly browserCookie: string | undefined;
}

export class StartConnection extends Command<StartedConnection | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly request: ConnectionRequest,
    readonly starter: Starter,
  ) {
    super();
  }
}

/** What a request asks for, once it is known to make sense. */
interface Target {
  readonly login: PlatformLogin;
  readonly method: ConnectMethod;
  readonly accountType: AccountType | null;
  readonly reconnectAccountId: string | null;
  readonly returnUrl: string;
}

@CommandHandler(StartConnection)
export class StartConnectionHandler implements ICommandHandler<StartConnection> {
  constructor(
    private readonly streams: Streams,
    private readonly logins: PlatformLogins,
    private readonly flows: OAuthFlows,
    private readonly gate: AccountGate,
    private readonly settings: SocialAccountsSettings,
  ) {}

  async execute({ context, workspaceId, request, starter }: StartConnection): Promise<StartedConnection | Refusal> {
    const target = await this.#target(workspaceId, request, starter.membership);
    if (isRefusal(target)) return target;
    const { login, method, accountType, reconnectAccountId, returnUrl } = target;
    const id = idFromCommand('con', context.commandId);
    const facts = {
      workspaceId,
      platform: method.platform,
      method: method.id,
      login: login.id,
      accountType,
      purpose: reconnectAccountId === null ? ('connect' as const) : ('reconnect' as const),
      reconnectAccountId,
      startedBy: context.actor,
      at: context.at,
    };
    const lapsesAt = lapseOf(facts);
    const cookie = this.flows.browserCookie(starter.browserCookie, context.commandId);
    const flow = { connectionId: id, workspaceId, login: login.id, browserHash: hashOf(cookie), returnUrl };
    await this.flows.open(flow, { name: starter.name }, lapsesAt);
    const executed = await this.streams.execute({
      definition: connection,
      id,
      workspaceId,
      context,
      decide: (state) => startConnection(state, facts),
    });
    if (isRefusal(executed)) return executed;
    const secrets = this.flows.secretsOf(id);
    const redirectUri = this.settings.redirectUri(login.id);
    const { name, attributes } = this.settings.flowCookie;
    return {
      id,
      revision: executed.revision,
      position: executed.position,
      status: 'started',
      authorizationUrl: await login.authorizationUrl({
        method,
        state: secrets.state,
        redirectUri,
        codeVerifier: secrets.codeVerifier,
      }),
      startUrl: this.settings.startUrl(secrets.startSecret),
      lapsesAt,
      setCookie: cookie === starter.browserCookie ? null : `${name}=${cookie}; ${attributes}`,
    };
  }

  async #target(workspaceId: string, request: ConnectionRequest, membership: Membership): Promise<Target | Refusal> {
    const returnUrl = this.settings.returnUrl(request.returnUrl);
    if (returnUrl === null)
      return invalid('returnUrl', 'notAllowed', 'returnUrl leads to an origin that is not on the list');
    const found = findMethod(request);
    if (isRefusal(found)) return found;
    const accountType = checkType(found.platform, request.accountType);
    if (isRefusal(accountType)) return accountType;
    const reconnectAccountId = request.reconnectAccountId ?? null;
    if (reconnectAccountId !== null) {
      const account = await this.gate.open(workspaceId, reconnectAccountId, membership);
      if (isRefusal(account)) return account;
      if (account.platform !== found.platform)
        return invalid('platform', 'otherPlatform', "platform is not the account's");
    }
    const setUp = this.logins.find(found.platform, found.method);
    if (!setUp) return new Refusal('platform-not-configured', 'This platform is not set up on this server.');
    return { ...setUp, accountType, reconnectAccountId, returnUrl };
  }
}

/** The platform and method that a request names; a platform with several methods wants one named. */
function findMethod(
  request: ConnectionRequest,
): { readonly platform: PlatformId; readonly method: MethodId } | Refusal {
  const entry = PLATFORM_CATALOGUE.find(({ id }) => id === request.platform);
  if (!entry) return invalid('platform', 'unknown', 'platform is not one that we know');
  const only = entry.methods.length === 1 ? entry.methods[0]?.id : undefined;
  const named = request.method ?? only;
  if (named === undefined) return invalid('method', 'required', 'method must be named: this platform has several');
  const method = entry.methods.find(({ id }) => id === named);
  return method
    ? { platform: entry.id, method: method.id }
    : invalid('method', 'unknown', 'method is not one of this platform');
}

function checkType(platform: PlatformId, asked: string | undefined): AccountType | null | Refusal {
  if (asked === undefined) return null;
  const entry = PLATFORM_CATALOGUE.find(({ id }) => id === platform);
  const unsupported = entry?.unsupportedTypes.find(({ type }) => type === asked);
  if (unsupported) return new Refusal('account-type-not-supported', unsupported.why);
  const type = entry?.accountTypes.find((one) => one === asked);
  return type ?? invalid('accountType', 'unknown', 'accountType is not one of this platform');
}

const lapseOf = (facts: Parameters<typeof startConnection>[1]): string => {
  const events = startConnection(connection.initial, facts);
  const started = isRefusal(events) ? undefined : events[0];
  if (started?.type !== 'ConnectionStarted') throw new Error('A new connection begins with ConnectionStarted.');
  return started.data.lapsesAt;
};

const invalid = (path: string, code: string, message: string): Refusal => {
  const error: FieldError = { path, code, message };
  return new Refusal('validation-failed', 'A field does not hold what it may.', { errors: [error] });
};
