import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, Browser, type Call } from './browser.js';

/** How long one try may take before the connection is given up; the service itself answers far sooner. */
const TRY_LIMIT_MS = 30_000;
/** A move of the sandbox's clock goes from one due instant to the next, each with all its consequences. */
const CLOCK_TRY_LIMIT_MS = 120_000;
const PATIENCE_MS = 240_000;
const PAUSE_MS = 100;
const SANDBOX = '/v1/sandbox/';

/** A command that was answered: what it was, and where the answer says that it stands. */
export interface Acknowledged {
  readonly method: string;
  readonly path: string;
  readonly correlationId: string;
  readonly position: string | null;
}

/**
 * A client as clients should be: every command has an Idempotency-Key, and is sent again under it for as long as nobody answers
 * or the answer is "not now".
 */
export class PatientBrowser extends Browser {
  constructor(
    origin: string,
    private readonly onAcknowledged: (command: Acknowledged) => void,
  ) {
    super(origin);
  }

  override async call<Body = unknown>(target: string, call: Call = {}): Promise<Answer<Body>> {
    const { method = 'GET', headers = {} } = call;
    const isSandbox = target.startsWith(SANDBOX);
    const isCommand = method !== 'GET' && !isSandbox;
    const correlationId = headers['x-correlation-id'] ?? `patient-${randomUUID()}`;
    const key = headers['idempotency-key'] ?? randomUUID();
    const more = isCommand ? { 'x-correlation-id': correlationId, 'idempotency-key': key } : {};
    const limitMs = isSandbox ? CLOCK_TRY_LIMIT_MS : TRY_LIMIT_MS;
    const answer = await persist(async () => {
      const given = await super.call<Body>(target, { ...call, headers: { ...headers, ...more }, limitMs });
      return isForNow(given) ? null : given;
    }, `${method} ${target}`);
    if (isCommand && answer.status < 300)
      this.onAcknowledged({ method, path: target, correlationId, position: answer.position });
    return answer;
  }
}

/** Turned down for now: 503, or the first request under this key is still at work. */
export const isForNow = ({ status, code }: Answer): boolean => status === 503 || code === 'request-in-progress';

/**
 * The sandbox's clock was not heard of in time, as on a busy machine: no command is taken for a moment. It says nothing about
 * anything that there is outside of the sandbox.
 */
export const isWithoutTime = ({ status, text }: Answer): boolean =>
  status === 503 && text.includes('What time it is in the sandbox cannot be told');

/** Tries as long as connections break or the answer is null. @throws what came last, when patience is over. */
export async function persist<Result>(attempt: () => Promise<Result | null>, what: string): Promise<Result> {
  let last: unknown = 'not now';
  for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline;) {
    try {
      const result = await attempt();
      if (result !== null) return result;
    } catch (error) {
      if (!isBrokenConnection(error)) throw error;
      last = error;
    }
    await sleep(PAUSE_MS);
  }
  throw new Error(`${what} was given up: ${String(last)}`, { cause: last });
}

/**
 * As `fetch` tells it: nobody listens, the connection broke half-way, or there was no answer in time. By name: its errors are
 * made outside of the world that Jest runs a test in, and so are no `Error` of that one.
 */
function isBrokenConnection(error: unknown): boolean {
  const { name, message } = error as { readonly name?: unknown; readonly message?: unknown };
  return name === 'TimeoutError' || (name === 'TypeError' && (message === 'fetch failed' || message === 'terminated'));
}
