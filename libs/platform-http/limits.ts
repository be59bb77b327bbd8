/** What bounds the calls to a platform. All of it is real time: domain time may be moved by hand in the sandbox. */
export interface HttpLimits {
  /** Of one try, from its first byte until the whole answer is read. */
  readonly timeoutMs: number;
  /** How often one request is sent at most. */
  readonly tries: number;
  /** The wait before the second try; it doubles before each further one. */
  readonly firstWaitMs: number;
  /** A platform that asks for a longer wait is not tried again in this call. */
  readonly longestWaitMs: number;
  readonly responseLimitBytes: number;
}

export const HTTP_LIMITS: HttpLimits = {
  timeoutMs: 10_000,
  tries: 3,
  firstWaitMs: 250,
  longestWaitMs: 4_000,
  responseLimitBytes: 1_048_576,
};

/**
 * How long turning one callback into an authorisation may take, over all its calls. A callback without an outcome after 30 s
 * counts as abandoned, so an answer must be there before.
 */
export const AUTHORIZE_BUDGET_MS = 25_000;

/** The real time that several calls share. */
export class TimeBudget {
  readonly #endsAtMs: number;

  constructor(budgetMs: number) {
    this.#endsAtMs = performance.now() + budgetMs;
  }

  remainingMs(): number {
    return Math.max(0, this.#endsAtMs - performance.now());
  }

  isSpent(): boolean {
    return this.remainingMs() === 0;
  }
}
