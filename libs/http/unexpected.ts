import type { Logger } from 'pino';
import { erased, Refusal, StoreUnavailable, SubjectErased } from '#kernel';

/** Asked of a caller when a store is away. */
const UNAVAILABLE_RETRY_SECONDS = 2;

export const unavailable = (): Refusal =>
  new Refusal('unavailable', 'The service cannot do this just now. Try again shortly.', {
    retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS,
  });

/**
 * What is told about something that was thrown: nothing of the inside. A store that is away is an everyday matter; all else
 * is a bug, and goes to the log under its correlation id.
 *
 * The log gets the kind of error and where it arose. Messages are left out unless asked for: what a driver or a parser
 * quotes may be a secret, or somebody's data.
 */
export function refusalOf(error: unknown, correlationId: string, logger: Logger, withMessages: boolean): Refusal {
  if (error instanceof StoreUnavailable) return unavailable();
  if (error instanceof SubjectErased) return erased();
  logger.error({ correlationId, error: describe(error, withMessages) }, 'unexpected error');
  return new Refusal('internal-error', 'Something went wrong inside. It was logged under the correlation id.');
}

function describe(error: unknown, withMessages: boolean): Record<string, unknown> {
  if (!(error instanceof Error)) return { name: typeof error };
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {};
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return {
    name: error.name,
    ...code,
    ...(withMessages ? { message: error.message } : {}),
    frames: frames.map((frame) => frame.trim()),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause, withMessages) }),
  };
}
