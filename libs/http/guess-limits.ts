import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel';

/** Wrong guesses at a secret that one address has in one window; more are answered with 429. */
const GUESSES_PER_WINDOW = 30;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 10_000;

/**
 * Limits on guessing (states, links, passwords): they always hold, whatever the limit on requests. Only wrong guesses count and
 * are turned down, so that nobody else behind the same address is kept from what is theirs.
 */
@Injectable()
export class GuessLimits {
  readonly #windows = new Map<string, { readonly endsAt: number; guesses: number }>();

  /** Counts a wrong guess: the refusal that it gets, or `rate-limited` when there were too many. */
  wrong(what: string, address: string, refusal: Refusal): Refusal {
    const now = performance.now();
    const name = `${what}|${address}`;
    const known = this.#windows.get(name);
    const window = known && known.endsAt > now ? known : { endsAt: now + WINDOW_MS, guesses: 0 };
    window.guesses += 1;
    this.#windows.delete(name);
    this.#windows.set(name, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= MAX_ADDRESSES) break;
      this.#windows.delete(oldest);
    }
    if (window.guesses <= GUESSES_PER_WINDOW) return refusal;
    const retryAfterSeconds = Math.max(1, Math.ceil((window.endsAt - now) / 1_000));
    return new Refusal('rate-limited', 'Too many of these were wrong. Wait before the next try.', {
      retryAfterSeconds,
    });
  }
}
