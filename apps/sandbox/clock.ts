import type { Controls } from './controls.js';

const CLOCK = 'sandbox';

/** The last instant a four-digit year can express; beyond it ISO dates change their shape. */
const LATEST_TIME_MS = Date.UTC(9999, 11, 31);

/** Hears of every move of the clock, after it is durable. */
export type ClockListener = (now: Date) => void;

/**
 * The clock that all lifetimes of the sandbox follow: real time plus a durable offset, so it goes on running and
 * survives a restart. It never goes back, not even when the machine's own clock does.
 */
export class SandboxClock {
  readonly #controls: Controls;
  readonly #realTimeMs: () => number;
  readonly #listeners = new Set<ClockListener>();
  #offsetMs: number;
  #latestMs = 0;

  constructor(controls: Controls, realTimeMs: () => number = Date.now) {
    this.#controls = controls;
    this.#realTimeMs = realTimeMs;
    const stored = controls.get('clock-offset-ms', CLOCK);
    this.#offsetMs = typeof stored === 'number' ? stored : 0;
  }

  now(): Date {
    this.#latestMs = Math.max(this.#latestMs, this.#realTimeMs() + this.#offsetMs);
    return new Date(this.#latestMs);
  }

  /**
   * Moves the clock forward to `to`; it goes on running from there. The move is durable before this returns and before
   * any listener hears of it. Answers `false`, and changes nothing, when `to` is in the past, invalid or beyond the year 9999.
   */
  set(to: Date): boolean {
    const toMs = to.getTime();
    if (Number.isNaN(toMs) || toMs > LATEST_TIME_MS || toMs < this.now().getTime()) return false;
    const offsetMs = toMs - this.#realTimeMs();
    this.#controls.set('clock-offset-ms', CLOCK, offsetMs);
    this.#offsetMs = offsetMs;
    const now = this.now();
    for (const listener of [...this.#listeners]) listener(now);
    return true;
  }

  /** Calls `listener` after every move. Answers the function that ends it. */
  subscribe(listener: ClockListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
