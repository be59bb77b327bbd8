import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { StoreUnavailable } from '#kernel';

const RETRY_MS = 250;
const TELL_EVERY_MS = 5_000;

/**
 * Tries until what is needed is there: programs that start together wait for each other. Whatever is not a matter of time
 * (a wrong setting, a refusal) is thrown at once.
 */
export async function waitFor<Needed>(
  what: string,
  logger: Pick<Logger, 'warn'>,
  attempt: () => Promise<Needed>,
): Promise<Needed> {
  for (let toldAt = -Infinity; ;) {
    let reason: string;
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      reason = error.message;
    }
    if (performance.now() - toldAt >= TELL_EVERY_MS) {
      toldAt = performance.now();
      // It names the kind of failure, and quotes nothing: a user without rights looks different from a server that is away.
      logger.warn({ waitsFor: what, reason }, `waiting for ${what}`);
    }
    await sleep(RETRY_MS);
  }
}
