import type { AccountType, MethodId, PlatformId } from './platforms.js';

/** What a person types where a platform takes an app password instead of a consent page. It is sent once and kept nowhere. */
export interface AppPasswordCredentials {
  readonly identifier: string;
  readonly password: string;
}

export interface StartConnection {
  readonly platform: PlatformId;
  /** Required where the platform has several methods. */
  readonly method?: MethodId;
  /** Leaves only candidates of this type. */
  readonly accountType?: AccountType;
  /** The server that the person names, for `instance-oauth2`. */
  readonly instance?: string;
  readonly credentials?: AppPasswordCredentials;
  readonly reconnectAccountId?: string;
  /** Where the browser comes back to, with `connection=con_…` added; it must be on the service's list. */
  readonly returnUrl?: string;
}

export interface ReconnectAccount {
  /** The account's present method unless named. */
  readonly method?: MethodId;
  readonly returnUrl?: string;
}

export type ConnectionStatus = 'started' | 'authorized' | 'selected' | 'completed' | 'failed' | 'lapsed';

/** `startUrl` is for a browser other than the one that asked: one use, 15 minutes. */
export interface ConnectionStarted {
  readonly id: string;
  readonly status: ConnectionStatus;
  readonly authorizationUrl?: string;
  readonly startUrl?: string;
  readonly lapsesAt: string;
}

export type UnselectableReason = 'missing-permission' | 'not-allowed-to-post' | 'not-supported' | 'no-access';

/** Something that the consent reaches. `accountId` is there when it is connected already (C5). */
export interface Candidate {
  readonly candidateId: string;
  readonly name: string;
  readonly handle: string | null;
  readonly type: AccountType;
  readonly pictureUrl: string | null;
  readonly selectable: boolean;
  readonly reason?: UnselectableReason;
  readonly accountId?: string;
}

export const CONNECTION_FAILURE_CODES = [
  'denied',
  'platform-unavailable',
  'platform-error',
  'missing-permissions',
  'nothing-to-connect',
  'different-identity',
  'account-not-offered',
  'account-removed',
  'permission-denied',
] as const;
export type ConnectionFailureCode = (typeof CONNECTION_FAILURE_CODES)[number];

export interface ConnectionFailure {
  readonly code: ConnectionFailureCode;
  readonly detail: string;
}

/** One attempt to connect or reconnect. `candidates` is there while it is `authorized`, for whoever began it. */
export interface Connection {
  readonly id: string;
  readonly status: ConnectionStatus;
  readonly platform: PlatformId;
  readonly method: MethodId;
  readonly purpose: 'connect' | 'reconnect';
  readonly candidates?: readonly Candidate[];
  readonly accountIds: readonly string[];
  readonly failure?: ConnectionFailure;
}

/** A selection takes at least one id and at most this many. */
export const SELECTION_LIMIT = 200;

export type SelectionOutcome = 'connected' | 'reconnected' | 'unchanged';

/** With status 202 the work goes on, and the connection tells its end. */
export interface SelectionAnswer {
  readonly id: string;
  readonly position: string;
  readonly accounts: readonly { readonly id: string; readonly outcome: SelectionOutcome }[];
}
