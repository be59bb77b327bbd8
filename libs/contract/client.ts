import type { Account, AccountPage, AccountQuery, RemovalImpact } from './accounts.js';
import type { ApiResult, CommandAnswer, Page } from './answers.js';
import type {
  Connection,
  ConnectionStarted,
  ReconnectAccount,
  SelectionAnswer,
  StartConnection,
} from './connections.js';
import type { Platform } from './platforms.js';
import type { MoveSandboxClock, SandboxClock, SandboxSession, StartSandboxSession } from './sandbox.js';
import { Transport, type CallOptions, type CommandOptions, type TransportOptions } from './transport.js';
import type { CreateWorkspace, Me, Member, Workspace, WorkspaceCreated } from './workspaces.js';

/** The sandbox steps through everything that falls due; it gives up by itself after 60 s without progress. */
const CLOCK_TIMEOUT_MS = 600_000;

/** Paging of the lists that have no filters. */
export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

/** The routes of the API, each with its types. Every method answers with a result and does not throw. */
export class ApiClient {
  private readonly transport: Transport;

  constructor(options: TransportOptions = {}) {
    this.transport = new Transport(options);
  }

  /** The position of the newest answer, which queries ask to have been reached. */
  get position(): string | null {
    return this.transport.position;
  }

  platforms(options?: CallOptions): Promise<ApiResult<readonly Platform[]>> {
    return this.transport.query('/v1/platforms', options);
  }

  workspaces(page: PageQuery = {}, options?: CallOptions): Promise<ApiResult<Page<Workspace>>> {
    return this.transport.query(`/v1/workspaces${queryString({ ...page })}`, options);
  }

  createWorkspace(body: CreateWorkspace, options?: CommandOptions): Promise<ApiResult<WorkspaceCreated>> {
    return this.transport.command('POST', '/v1/workspaces', body, options);
  }

  workspace(workspaceId: string, options?: CallOptions): Promise<ApiResult<Workspace>> {
    return this.transport.query(path('workspaces', workspaceId), options);
  }

  me(workspaceId: string, options?: CallOptions): Promise<ApiResult<Me>> {
    return this.transport.query(path('workspaces', workspaceId, 'me'), options);
  }

  members(workspaceId: string, page: PageQuery = {}, options?: CallOptions): Promise<ApiResult<Page<Member>>> {
    return this.transport.query(path('workspaces', workspaceId, 'members') + queryString({ ...page }), options);
  }

  startConnection(
    workspaceId: string,
    body: StartConnection,
    options?: CommandOptions,
  ): Promise<ApiResult<ConnectionStarted>> {
    return this.transport.command('POST', path('workspaces', workspaceId, 'connections'), body, options);
  }

  connection(workspaceId: string, connectionId: string, options?: CallOptions): Promise<ApiResult<Connection>> {
    return this.transport.query(path('workspaces', workspaceId, 'connections', connectionId), options);
  }

  /** Status 202 says that the accounts are decided on and not all there yet. */
  selectCandidates(
    workspaceId: string,
    connectionId: string,
    candidateIds: readonly string[],
    options?: CommandOptions,
  ): Promise<ApiResult<SelectionAnswer>> {
    const route = path('workspaces', workspaceId, 'connections', connectionId, 'selection');
    return this.transport.command('POST', route, { candidateIds }, options);
  }

  accounts(workspaceId: string, query: AccountQuery = {}, options?: CallOptions): Promise<ApiResult<AccountPage>> {
    return this.transport.query(path('workspaces', workspaceId, 'accounts') + queryString({ ...query }), options);
  }

  account(workspaceId: string, accountId: string, options?: CallOptions): Promise<ApiResult<Account>> {
    return this.transport.query(path('workspaces', workspaceId, 'accounts', accountId), options);
  }

  /** A connection bound to this account; where credentials are needed, start one with `reconnectAccountId`. */
  reconnect(
    workspaceId: string,
    accountId: string,
    body: ReconnectAccount = {},
    options?: CommandOptions,
  ): Promise<ApiResult<ConnectionStarted>> {
    const route = path('workspaces', workspaceId, 'accounts', accountId, 'reconnect');
    return this.transport.command('POST', route, body, options);
  }

  removalImpact(workspaceId: string, accountId: string, options?: CallOptions): Promise<ApiResult<RemovalImpact>> {
    return this.transport.query(path('workspaces', workspaceId, 'accounts', accountId, 'removal-impact'), options);
  }

  /** Ends the account at once; the purge of all that belongs to it goes on behind the answer. */
  removeAccount(workspaceId: string, accountId: string, options?: CommandOptions): Promise<ApiResult<CommandAnswer>> {
    return this.transport.command('DELETE', path('workspaces', workspaceId, 'accounts', accountId), undefined, options);
  }

  /** Sandbox only: 404 where the sandbox is off. */
  startSandboxSession(body: StartSandboxSession, options?: CallOptions): Promise<ApiResult<SandboxSession>> {
    return this.transport.command('POST', '/v1/sandbox/session', body, { ...options, withoutKey: true });
  }

  /** Sandbox only: 404 where the sandbox is off. */
  sandboxClock(options?: CallOptions): Promise<ApiResult<SandboxClock>> {
    return this.transport.query('/v1/sandbox/clock', options);
  }

  /** Sandbox only. It answers when everything that fell due has come to rest; 503 leaves the clock at the step reached. */
  moveSandboxClock(body: MoveSandboxClock, options?: CommandOptions): Promise<ApiResult<SandboxClock>> {
    return this.transport.command('POST', '/v1/sandbox/clock', body, { timeoutMs: CLOCK_TIMEOUT_MS, ...options });
  }
}

function path(...parts: readonly string[]): string {
  return `/v1/${parts.map((part) => encodeURIComponent(part)).join('/')}`;
}

function queryString(query: Record<string, string | number | undefined>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') {
      parameters.set(name, String(value));
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
