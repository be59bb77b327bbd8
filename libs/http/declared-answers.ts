import type { RefusalCode } from '#kernel';
import { statusesOf } from './problems.js';
import type { RoutePlan } from './routes.js';

/** Anybody can be turned down so, on every route. */
const EVERYWHERE: readonly RefusalCode[] = ['validation-failed', 'rate-limited', 'internal-error', 'unavailable'];
const ON_COMMANDS: readonly RefusalCode[] = ['malformed-body', 'body-too-large', 'unsupported-media-type'];
/** What a decision over a stream can come to, whatever it is about. */
const ON_COMMANDS_OF_SOMEBODY: readonly RefusalCode[] = ['revision-conflict'];
const UNDER_A_KEY: readonly RefusalCode[] = ['idempotency-key-reused', 'request-in-progress'];

/** Every refusal that a route can answer with, its own and those of the rules in front of it, by status. */
export function declaredRefusals(plan: RoutePlan, hasParameters: boolean): ReadonlyMap<number, readonly RefusalCode[]> {
  const codes = new Set<RefusalCode>([...EVERYWHERE, ...plan.refusals]);
  const add = (more: readonly RefusalCode[]): void => more.forEach((code) => codes.add(code));
  if (plan.kind === 'command') add(ON_COMMANDS);
  else add(['read-behind']);
  if (plan.requires !== 'public') add(['unauthenticated']);
  if (plan.requires !== 'public' && plan.requires !== 'authenticated') add(['permission-denied']);
  if (plan.kind === 'command' && plan.requires !== 'public') add(ON_COMMANDS_OF_SOMEBODY);
  if (plan.idempotency) add(UNDER_A_KEY);
  if (hasParameters || plan.sandboxOnly) add(['not-found']);
  const byStatus = new Map<number, RefusalCode[]>();
  for (const code of codes)
    for (const status of statusesOf(code)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  return byStatus;
}

/** Every status of success that a route declares. */
export const declaredSuccesses = (plan: RoutePlan): readonly number[] => [
  ...new Set([plan.status, ...plan.alsoAnswers]),
];
