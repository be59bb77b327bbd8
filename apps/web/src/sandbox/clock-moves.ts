import type { ApiClient, ApiResult, SandboxClock } from '#contract';

const DAY_MS = 86_400_000;
/** A move that the service breaks off is taken up again this often in all. */
const TRIES_LIMIT = 5;

/** The moves that the sandbox's tools offer, in days: past a day, past a month's expiry window, past a 60-day token. */
export const CLOCK_MOVES_DAYS = [1, 31, 70] as const;

/**
 * Moves the clock forward by some days and answers once everything that fell due has come to rest.
 *
 * A service that is still at work answers `unavailable` and stays at the step reached. The rest of the way is then asked
 * for by its target, because asking for the whole duration again would go too far.
 */
export async function moveClock(client: ApiClient, from: string, days: number): Promise<ApiResult<SandboxClock>> {
  const target = new Date(Date.parse(from) + days * DAY_MS).toISOString();
  let result = await client.moveSandboxClock({ advance: `P${days}D` });
  for (let tries = 1; tries < TRIES_LIMIT && !result.ok && result.problem.code === 'unavailable'; tries += 1) {
    result = await client.moveSandboxClock({ to: target });
  }
  return result;
}
