import { setTimeout as wait } from 'node:timers/promises';
import { PlatformFailure } from '#social-accounts';
import type { z } from 'zod';
import { type FailureKind, platformFailure } from './failure.js';
import { HTTP_LIMITS, type HttpLimits, type TimeBudget } from './limits.js';
import { readBounded } from './read-bounded.js';
import { retryAfterSeconds } from './retry-after.js';

/** What an answer outside 2xx amounts to. `body` is its JSON, or undefined when it is none. */
export type Classify = (status: number, body: unknown) => FailureKind;

export interface PlatformRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams;
  /**
   * `always`: it may be sent again after any fault. `after-refusal`: only when the platform itself answered 429 or 5xx; for what
   * works once, such as a code, which an unanswered request may have used up.
   */
  readonly repeat: 'always' | 'after-refusal';
  readonly classify: Classify;
  /** Shared with other calls; without it each try has the whole time-out. */
  readonly budget?: TimeBudget | undefined;
}

/** An answer with a status of 2xx. */
export interface PlatformAnswer {
  readonly status: number;
  readonly text: string;
}

interface FailedTry {
  readonly failure: PlatformFailure;
  /** The status, or null when no whole answer came. */
  readonly status: number | null;
}

const TOO_MANY_REQUESTS = 429;
const FIRST_SERVER_ERROR = 500;

/** What a status alone says; for platforms whose error bodies say more, ask those first. */
export function kindOfStatus(status: number): FailureKind {
  if (status === TOO_MANY_REQUESTS) return 'rate-limited';
  return status >= FIRST_SERVER_ERROR ? 'transient' : 'other';
}

/** The JSON of a text, or undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Calls to one platform, bounded in time, tries and size. Whatever goes wrong outside comes back as a `PlatformFailure`;
 * the causes are dropped on purpose, because they may quote URLs, headers and bodies with secrets.
 */
export class PlatformHttp {
  readonly #limits: HttpLimits;

  constructor(
    /** The platform as people call it; it begins the sentences of failures. */
    readonly platformName: string,
    limits: Partial<HttpLimits> = {},
  ) {
    this.#limits = { ...HTTP_LIMITS, ...limits };
  }

  failure(kind: FailureKind, retryAfter: number | null = null): PlatformFailure {
    return platformFailure(this.platformName, kind, retryAfter);
  }

  /** Sends a request until there is an answer that another try would not change. */
  async send(request: PlatformRequest): Promise<PlatformAnswer | PlatformFailure> {
    for (let sent = 1; ; sent += 1) {
      const outcome = await this.#sendOnce(request);
      if (!('failure' in outcome)) return outcome;
      const waitMs = this.#waitBeforeNextTry(request, outcome, sent);
      if (waitMs === null) return outcome.failure;
      await wait(waitMs);
    }
  }

  /** Sends a request and reads its answer as JSON of this shape; any other answer is a `platform-error`. */
  async sendForJson<Shape extends z.ZodType>(
    request: PlatformRequest,
    shape: Shape,
  ): Promise<z.output<Shape> | PlatformFailure> {
    const answer = await this.send(request);
    if (answer instanceof PlatformFailure) return answer;
    const parsed = shape.safeParse(parseJson(answer.text));
    return parsed.success ? parsed.data : this.failure('other');
  }

  async #sendOnce(request: PlatformRequest): Promise<PlatformAnswer | FailedTry> {
    const timeoutMs = Math.min(this.#limits.timeoutMs, request.budget?.remainingMs() ?? this.#limits.timeoutMs);
    if (timeoutMs <= 0) return { failure: this.failure('transient'), status: null };
    let status: number;
    let headers: Headers;
    let text: string | null;
    try {
      const response = await fetch(request.url, {
        method: request.method ?? 'GET',
        headers: { accept: 'application/json', ...request.headers },
        body: request.body ?? null,
        // A redirect would carry the secrets of this request to wherever it points.
        redirect: 'manual',
        signal: AbortSignal.timeout(Math.ceil(timeoutMs)),
      });
      status = response.status;
      headers = response.headers;
      text = await readBounded(response, this.#limits.responseLimitBytes);
    } catch {
      return { failure: this.failure('transient'), status: null };
    }
    if (status >= 200 && status < 300) {
      return text === null ? { failure: this.failure('other'), status } : { status, text };
    }
    const kind = request.classify(status, text === null ? undefined : parseJson(text));
    return { failure: this.failure(kind, retryAfterSeconds(headers.get('retry-after'))), status };
  }

  /** Milliseconds until the next try, or null when there is to be none. */
  #waitBeforeNextTry(request: PlatformRequest, { failure, status }: FailedTry, sent: number): number | null {
    if (sent >= this.#limits.tries) return null;
    if (failure.kind !== 'transient' && failure.kind !== 'rate-limited') return null;
    const saidSo = status === TOO_MANY_REQUESTS || (status !== null && status >= FIRST_SERVER_ERROR);
    if (request.repeat === 'after-refusal' && !saidSo) return null;
    const backOffMs = this.#limits.firstWaitMs * 2 ** (sent - 1) * (0.5 + Math.random() / 2);
    const waitMs = Math.max(backOffMs, (failure.retryAfterSeconds ?? 0) * 1_000);
    const remainingMs = request.budget?.remainingMs() ?? Number.POSITIVE_INFINITY;
    return waitMs > this.#limits.longestWaitMs || waitMs >= remainingMs ? null : waitMs;
  }
}
