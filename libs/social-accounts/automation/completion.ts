import {
  isRefusal,
  type CommandContext,
  type Decision,
  type EventDefinitions,
  type EventOf,
  type Refusal,
  type StreamDefinition,
  type Streams,
  type Vault,
} from '#kernel';
import type { Choice, ConnectionFacts } from '../domain/connection.js';
import type { JudgedCandidate } from '../domain/consent.js';
import type { ConsentedAccount } from '../domain/social-account.js';
import type { Attempt } from '../write/attempts.js';

/** Makes the context of one more command of this completion. */
export type NextContext = () => CommandContext;

/** One attempt on its way to its end. */
export interface Completion {
  readonly connectionId: string;
  readonly facts: ConnectionFacts;
  readonly attempt: Attempt;
  readonly candidates: readonly JudgedCandidate[];
  readonly choices: readonly Choice[];
  readonly grantId: string;
  readonly next: NextContext;
}

/** What the attempt's consent says about one account. */
export async function consentedAccount(
  vault: Vault,
  { attempt, connectionId, grantId }: Completion,
  accountId: string,
  judged: JudgedCandidate,
): Promise<ConsentedAccount> {
  const { externalId, name, handle, pictureUrl, profileUrl, method } = judged.candidate;
  const profile = { externalId, name, handle, pictureUrl, profileUrl };
  const key = await vault.keyFor(accountId);
  const profileDigest = key === 'destroyed' ? '' : key.digest('profile', JSON.stringify(profile));
  const { granted, missing } = judged.permissions;
  const consent = { grantId, attemptId: connectionId, consentAt: attempt.authorizedAt };
  return { method, ...consent, granted, missing, profile, profileDigest };
}

/** Carries out one step. A refusal here is one that the next look at the streams settles, so the step is tried again. */
export async function carryOutStep<Definitions extends EventDefinitions, State>(
  streams: Streams,
  definition: StreamDefinition<Definitions, State>,
  id: string,
  workspaceId: string,
  context: CommandContext,
  decide: (state: State) => Decision<EventOf<Definitions>>,
): Promise<{ readonly position: string }> {
  const executed = await streams.execute({ definition, id, workspaceId, context, decide });
  if (isRefusal(executed) && executed.code !== 'account-removed') throw new StepRefused(executed);
  return isRefusal(executed) ? { position: '' } : executed;
}

/** A step of a completion was refused: it is tried again from the start. */
class StepRefused extends Error {
  override readonly name = 'StepRefused';

  constructor(refusal: Refusal) {
    super(refusal.code);
  }
}
