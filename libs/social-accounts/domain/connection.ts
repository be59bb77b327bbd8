import { z } from 'zod';
import { notFound, Refusal, type Actor, type Decision, type EventOf, type StreamDefinition } from '#kernel';
import { ACCOUNT_TYPES, METHODS, PLATFORMS, type AccountType, type MethodId, type PlatformId } from '../platform.js';

/** An attempt that is not through by then lapses (C7). */
export const CONNECTION_LIFETIME_MINUTES = 15;
/** One selection takes at most this many accounts; lists in events hold at most as many ids. */
export const SELECTION_LIMIT = 200;
/** An attempt gathers at most this many candidates. */
export const CANDIDATE_LIMIT = 1_000;

export const FAILURE_CODES = [
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
export type FailureCode = (typeof FAILURE_CODES)[number];

export const actorSchema = z.strictObject({ type: z.enum(['user', 'service', 'system', 'client']), id: z.string() });
const outcome = z.enum(['connected', 'reconnected']);

export const connectionEvents = {
  ConnectionStarted: {
    version: 1,
    data: z.strictObject({
      workspaceId: z.string(),
      platform: z.enum(PLATFORMS),
      method: z.enum(METHODS),
      /** The platform whose login is used: its grants and its callback. */
      login: z.enum(PLATFORMS),
      accountType: z.enum(ACCOUNT_TYPES).nullable(),
      purpose: z.enum(['connect', 'reconnect']),
      reconnectAccountId: z.string().nullable(),
      startedBy: actorSchema,
      startedAt: z.string(),
      lapsesAt: z.string(),
    }),
  },
  ConnectionAuthorized: {
    version: 1,
    data: z.strictObject({
      authorizedAt: z.string(),
      candidateIds: z.array(z.string()).max(SELECTION_LIMIT),
      count: z.int(),
      selectable: z.int(),
    }),
  },
  ConnectionSelected: {
    version: 1,
    data: z.strictObject({
      choices: z
        .array(z.strictObject({ candidateId: z.string(), accountId: z.string(), outcome }))
        .min(1)
        .max(SELECTION_LIMIT),
      count: z.int(),
      selectedAt: z.string(),
    }),
  },
  ConnectionCompleted: {
    version: 1,
    data: z.strictObject({ accountIds: z.array(z.string()).max(SELECTION_LIMIT), count: z.int(), grantId: z.string() }),
  },
  ConnectionFailed: { version: 1, data: z.strictObject({ code: z.enum(FAILURE_CODES) }) },
  ConnectionLapsed: { version: 1, data: z.strictObject({}) },
};
export type ConnectionEvent = EventOf<typeof connectionEvents>;

export interface Choice {
  readonly candidateId: string;
  readonly accountId: string;
  readonly outcome: 'connected' | 'reconnected';
}

export interface ConnectionFacts {
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly method: MethodId;
  readonly login: PlatformId;
  readonly accountType: AccountType | null;
  readonly purpose: 'connect' | 'reconnect';
  readonly reconnectAccountId: string | null;
  readonly startedBy: Actor;
  readonly startedAt: string;
  readonly lapsesAt: string;
}

export type ConnectionStatus = 'started' | 'authorized' | 'selected' | 'completed' | 'failed' | 'lapsed';

export interface ConnectionState {
  /** Null while nothing was started. */
  readonly facts: ConnectionFacts | null;
  readonly status: ConnectionStatus;
  readonly authorizedAt: string | null;
  readonly choices: readonly Choice[];
  readonly accountIds: readonly string[];
  readonly failure: FailureCode | null;
}

export const connection: StreamDefinition<typeof connectionEvents, ConnectionState> = {
  category: 'connection',
  events: connectionEvents,
  initial: { facts: null, status: 'started', authorizedAt: null, choices: [], accountIds: [], failure: null },
  evolve(state, event) {
    switch (event.type) {
      case 'ConnectionStarted':
        return { ...state, facts: event.data };
      case 'ConnectionAuthorized':
        return { ...state, status: 'authorized', authorizedAt: event.data.authorizedAt };
      case 'ConnectionSelected':
        return { ...state, status: 'selected', choices: event.data.choices };
      case 'ConnectionCompleted':
        return { ...state, status: 'completed', accountIds: event.data.accountIds };
      case 'ConnectionFailed':
        return { ...state, status: 'failed', failure: event.data.code };
      case 'ConnectionLapsed':
        return { ...state, status: 'lapsed' };
    }
  },
};

export function startConnection(
  state: ConnectionState,
  command: Omit<ConnectionFacts, 'startedAt' | 'lapsesAt'> & { readonly at: Date },
): Decision<ConnectionEvent> {
  if (state.facts) return [];
  const { at, ...facts } = command;
  const lapsesAt = new Date(at.getTime() + CONNECTION_LIFETIME_MINUTES * 60_000);
  return [
    { type: 'ConnectionStarted', data: { ...facts, startedAt: at.toISOString(), lapsesAt: lapsesAt.toISOString() } },
  ];
}

/** What the platform's answer amounts to: something to pick from, a choice that makes itself, or a failure. */
export type AuthorizationOutcome =
  | { readonly kind: 'pick' }
  | { readonly kind: 'chosen'; readonly choices: readonly Choice[] }
  | { readonly kind: 'failed'; readonly code: FailureCode };

export function authorizeConnection(
  state: ConnectionState,
  command: {
    readonly candidateIds: readonly string[];
    readonly selectable: number;
    readonly outcome: AuthorizationOutcome;
    readonly at: Date;
  },
): Decision<ConnectionEvent> {
  if (!state.facts) return notFound('connection');
  if (state.status !== 'started') return [];
  if (isPast(state.facts.lapsesAt, command.at)) return lapsed();
  const { outcome } = command;
  if (outcome.kind === 'failed') return [{ type: 'ConnectionFailed', data: { code: outcome.code } }];
  const at = command.at.toISOString();
  const authorized: ConnectionEvent = {
    type: 'ConnectionAuthorized',
    data: {
      authorizedAt: at,
      candidateIds: command.candidateIds.slice(0, SELECTION_LIMIT),
      count: command.candidateIds.length,
      selectable: command.selectable,
    },
  };
  return outcome.kind === 'pick' ? [authorized] : [authorized, selected(outcome.choices, at)];
}

export function selectCandidates(
  state: ConnectionState,
  command: {
    readonly choices: readonly Choice[] | Refusal;
    readonly candidateIds: readonly string[];
    readonly at: Date;
  },
): Decision<ConnectionEvent> {
  if (!state.facts) return notFound('connection');
  switch (state.status) {
    case 'selected':
    case 'completed':
      return sameSelection(state, command.candidateIds)
        ? []
        : new Refusal('already-decided', 'Other accounts were already selected in this connection.');
    case 'lapsed':
      return lapsed();
    case 'failed':
      return new Refusal('already-decided', 'This connection has failed. Start a new one.');
    case 'started':
      return new Refusal('candidate-not-selectable', 'There is nothing to select from before the consent.');
    case 'authorized': {
      if (isPast(state.facts.lapsesAt, command.at)) return lapsed();
      if (command.choices instanceof Refusal) return command.choices;
      return [selected(command.choices, command.at.toISOString())];
    }
  }
}

/** Whether these are the candidates that were selected. */
export function sameSelection(state: ConnectionState, candidateIds: readonly string[]): boolean {
  const asked = new Set(candidateIds);
  return asked.size === state.choices.length && state.choices.every((choice) => asked.has(choice.candidateId));
}

export function completeConnection(
  state: ConnectionState,
  command: { readonly accountIds: readonly string[]; readonly grantId: string },
): Decision<ConnectionEvent> {
  if (state.status !== 'selected') return [];
  const { accountIds, grantId } = command;
  return [{ type: 'ConnectionCompleted', data: { accountIds: [...accountIds], count: accountIds.length, grantId } }];
}

export function failConnection(
  state: ConnectionState,
  command: { readonly code: FailureCode },
): Decision<ConnectionEvent> {
  if (!state.facts) return notFound('connection');
  if (isEnded(state)) return [];
  return [{ type: 'ConnectionFailed', data: { code: command.code } }];
}

export function lapseConnection(state: ConnectionState, command: { readonly at: Date }): Decision<ConnectionEvent> {
  if (!state.facts) return notFound('connection');
  if (state.status !== 'started' && state.status !== 'authorized') return [];
  if (!isPast(state.facts.lapsesAt, command.at)) return [];
  return [{ type: 'ConnectionLapsed', data: {} }];
}

export const isEnded = (state: ConnectionState): boolean =>
  state.status === 'completed' || state.status === 'failed' || state.status === 'lapsed';

export const isPast = (instant: string, at: Date): boolean => at.getTime() >= Date.parse(instant);

const lapsed = (): Refusal =>
  new Refusal('connection-lapsed', `A connection lasts ${CONNECTION_LIFETIME_MINUTES} minutes. Start a new one.`);

const selected = (choices: readonly Choice[], at: string): ConnectionEvent => ({
  type: 'ConnectionSelected',
  data: { choices: [...choices], count: choices.length, selectedAt: at },
});
