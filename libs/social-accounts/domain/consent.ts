import type {
  AccountType,
  Authorization,
  Candidate,
  ConnectMethod,
  MethodId,
  NotSelectable,
  PlatformId,
} from '../platform.js';
import type { FailureCode } from './connection.js';

/** A candidate as its chooser sees it. */
export interface JudgedCandidate {
  /** Names the candidate within its attempt. */
  readonly candidateId: string;
  readonly candidate: Candidate;
  /** Why it cannot be picked; null when it can. */
  readonly reason: NotSelectable | 'no-access' | null;
  /** The workspace's account that it already is, as far as the chooser may know. */
  readonly accountId: string | null;
  readonly permissions: AccountPermissions;
}

export interface AccountPermissions {
  /** The scopes that an account of this kind uses and that are granted. */
  readonly granted: readonly string[];
  /** Scopes that only some features need, and that are not. */
  readonly missing: readonly string[];
  /** Scopes without which the account cannot work, and that are not granted. */
  readonly lacking: readonly string[];
}

/** What the granted scopes mean for accounts of a method and type. */
export function permissionsFor(
  method: ConnectMethod,
  type: AccountType,
  grantedScopes: readonly string[],
): AccountPermissions {
  const has = (scope: string): boolean => grantedScopes.includes(scope);
  const required = method.requiredScopes(type);
  const optional = method.optionalScopes(type);
  return {
    granted: [...new Set([...required, ...optional])].filter(has),
    missing: optional.filter((scope) => !has(scope) && !required.includes(scope)),
    lacking: required.filter((scope) => !has(scope)),
  };
}

/** What an attempt asked for. */
export interface ConsentRequest {
  readonly platform: PlatformId;
  readonly method: MethodId;
  readonly accountType: AccountType | null;
  readonly reconnect: {
    readonly accountId: string;
    /** Whether the consent comes from the person whose grant feeds the account now. */
    readonly sameIdentity: boolean;
  } | null;
}

export type ConsentOutcome =
  | { readonly kind: 'pick' }
  | { readonly kind: 'chosen'; readonly candidates: readonly JudgedCandidate[] }
  | { readonly kind: 'failed'; readonly code: FailureCode };

/** The candidates that an attempt is about: of its platform and method, and of its type where it named one. */
export const offered = (request: ConsentRequest, candidates: readonly JudgedCandidate[]): readonly JudgedCandidate[] =>
  ofMethod(request, candidates).filter(
    ({ candidate }) => request.accountType === null || candidate.type === request.accountType,
  );

const ofMethod = (request: ConsentRequest, candidates: readonly JudgedCandidate[]): readonly JudgedCandidate[] =>
  candidates.filter(({ candidate }) => candidate.platform === request.platform && candidate.method === request.method);

/** Decides what a consent amounts to: a choice by itself, something to pick from, or a failure (C2–C4, C8, T7). */
export function judgeConsent(
  request: ConsentRequest,
  method: ConnectMethod,
  authorization: Pick<Authorization, 'grantedScopes'>,
  candidates: readonly JudgedCandidate[],
): ConsentOutcome {
  const types = request.accountType === null ? method.accountTypes : [request.accountType];
  const works = (type: AccountType): boolean =>
    permissionsFor(method, type, authorization.grantedScopes).lacking.length === 0;
  if (request.reconnect) return judgeReconnect(request.reconnect, ofMethod(request, candidates), types.some(works));
  if (!types.some(works)) return { kind: 'failed', code: 'missing-permissions' };
  const choices = offered(request, candidates);
  const selectable = choices.filter(({ reason }) => reason === null);
  const first = selectable[0];
  if (!first) return { kind: 'failed', code: 'nothing-to-connect' };
  const alone =
    method.completesAlone === 'always' ||
    (method.completesAlone === 'when-only-one' && ofMethod(request, candidates).length === 1);
  return alone ? { kind: 'chosen', candidates: [first] } : { kind: 'pick' };
}

/** A reconnect completes by itself when its account is offered, whoever consents: another admin of a Page may heal it. */
function judgeReconnect(
  reconnect: NonNullable<ConsentRequest['reconnect']>,
  candidates: readonly JudgedCandidate[],
  hasScopes: boolean,
): ConsentOutcome {
  const target = candidates.find(({ accountId }) => accountId === reconnect.accountId);
  if (target) {
    return target.reason === null
      ? { kind: 'chosen', candidates: [target] }
      : { kind: 'failed', code: 'missing-permissions' };
  }
  if (!reconnect.sameIdentity) return { kind: 'failed', code: 'different-identity' };
  return { kind: 'failed', code: hasScopes ? 'account-not-offered' : 'missing-permissions' };
}
