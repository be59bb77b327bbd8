import type { ApiResult } from './answers.js';
import { clientProblem, isProblem, type Problem } from './problem.js';

/** Longer than the 10 s in which every command is answered, so that the service's own answer comes first. */
export const REQUEST_TIMEOUT_MS = 20_000;
/** A call is tried this often in all where trying again is safe and promising. */
export const ATTEMPTS_LIMIT = 3;
const FIRST_RETRY_WAIT_MS = 250;
const RETRY_WAIT_LIMIT_MS = 5_000;

/** Refusals that say by themselves that the same request will soon be answered. */
const RETRIED_CODES: ReadonlySet<string> = new Set(['network-failed', 'read-behind', 'request-in-progress']);

export interface TransportOptions {
  /** The service's origin, without a slash at the end; empty for the page's own origin. */
  readonly baseUrl?: string;
  /** Asked before each request; null sends none. */
  readonly token?: () => string | null;
  /** Called when the service no longer accepts the token. */
  readonly onUnauthenticated?: () => void;
  readonly fetch?: typeof fetch;
  readonly newIdempotencyKey?: () => string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

export interface CommandOptions extends CallOptions {
  /** Made fresh when left out. Pass the same one to repeat a command whose answer was lost. */
  readonly idempotencyKey?: string;
  /** The revision that the command was decided on; refused with 412 when the stream has moved on. */
  readonly ifMatch?: string;
  /** Where no principal stands behind a route, or where it hands out tokens, it takes no key and is tried once. */
  readonly withoutKey?: boolean;
}

export type CommandMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Call {
  readonly method: 'GET' | CommandMethod;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly repeatable: boolean;
}

/**
 * Speaks the API's rules for every route: bearer, keys for commands, reading what one has written, problems as values.
 *
 * It never throws for what a network or a service can do; a rejected promise is a bug.
 */
export class Transport {
  private lastPosition: string | null = null;

  constructor(private readonly options: TransportOptions = {}) {}

  /** The position that queries ask to have been reached, null before any answer. */
  get position(): string | null {
    return this.lastPosition;
  }

  /** Reads. The answer includes everything that earlier answers of this transport have shown. */
  async query<T>(path: string, options: CallOptions = {}): Promise<ApiResult<T>> {
    const readAfter = this.lastPosition;
    const headers: Record<string, string> = readAfter === null ? {} : { 'Read-After': readAfter };
    const result = await this.send<T>({ method: 'GET', path, headers, repeatable: true }, options);
    // A slow answer that was asked for before a command must not take the command's position back.
    if (result.ok && result.position !== null && this.lastPosition === readAfter) {
      this.lastPosition = result.position;
    }
    return result;
  }

  /** Commands. A lost answer is asked for again under the same key, so that nothing is done twice. */
  async command<T>(
    method: CommandMethod,
    path: string,
    body?: unknown,
    options: CommandOptions = {},
  ): Promise<ApiResult<T>> {
    const headers: Record<string, string> = {};
    if (options.withoutKey !== true) {
      headers['Idempotency-Key'] = options.idempotencyKey ?? this.newKey();
    }
    if (options.ifMatch !== undefined) {
      headers['If-Match'] = options.ifMatch;
    }
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const result = await this.send<T>(
      { method, path, headers, ...json, repeatable: options.withoutKey !== true },
      options,
    );
    if (result.ok && result.position !== null) {
      this.lastPosition = result.position;
    }
    return result;
  }

  private newKey(): string {
    return this.options.newIdempotencyKey?.() ?? crypto.randomUUID();
  }

  private async send<T>(call: Call, options: CallOptions): Promise<ApiResult<T>> {
    for (let attempt = 1; ; attempt += 1) {
      const { result, retryAfterMs } = await this.sendOnce<T>(call, options);
      if (result.ok) {
        return result;
      }
      if (!call.repeatable || attempt === ATTEMPTS_LIMIT || !RETRIED_CODES.has(result.problem.code)) {
        if (result.problem.status === 401) {
          this.options.onUnauthenticated?.();
        }
        return result;
      }
      await pause(retryAfterMs ?? FIRST_RETRY_WAIT_MS * 2 ** (attempt - 1), options.signal);
    }
  }

  private async sendOnce<T>(
    call: Call,
    options: CallOptions,
  ): Promise<{ result: ApiResult<T>; retryAfterMs: number | null }> {
    const timeout = AbortSignal.timeout(options.timeoutMs ?? REQUEST_TIMEOUT_MS);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
    try {
      const response = await (this.options.fetch ?? fetch)((this.options.baseUrl ?? '') + call.path, {
        method: call.method,
        headers: this.headersOf(call),
        ...(call.body === undefined ? {} : { body: call.body }),
        signal,
      });
      return { result: await readAnswer<T>(response), retryAfterMs: retryAfterOf(response) };
    } catch {
      const aborted = options.signal?.aborted === true;
      const code = aborted ? 'aborted' : timeout.aborted ? 'timed-out' : 'network-failed';
      return { result: { ok: false, problem: clientProblem(code) }, retryAfterMs: null };
    }
  }

  private headersOf(call: Call): Record<string, string> {
    const token = this.options.token?.() ?? null;
    return {
      Accept: 'application/json, application/problem+json',
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      ...call.headers,
    };
  }
}

async function readAnswer<T>(response: Response): Promise<ApiResult<T>> {
  const text = await response.text();
  const body = parseJson(text);
  if (!response.ok) {
    return { ok: false, problem: isProblem(body) ? body : foreignProblem(response.status) };
  }
  if (body === undefined && text !== '') {
    return { ok: false, problem: clientProblem('unexpected-answer', response.status) };
  }
  return {
    ok: true,
    // The contract's types are the promise of the service; its own tests hold it to them.
    value: body as T,
    status: response.status,
    position: response.headers.get('position'),
    etag: response.headers.get('etag'),
  };
}

/** A refusal by something in between, such as a proxy: no problem document, but the status still counts. */
function foreignProblem(status: number): Problem {
  return clientProblem('unexpected-answer', status);
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function retryAfterOf(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds * 1000, RETRY_WAIT_LIMIT_MS) : null;
}

function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal?.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
