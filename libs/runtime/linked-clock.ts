import { Clock } from '#kernel';

/**
 * Domain time as the sandbox process tells it: real time plus an offset that only grows, so the clock goes on running between
 * two tellings and never goes back. It is told instants, so that it does not rest on the real time of another machine.
 */
export class LinkedClock extends Clock {
  readonly #listeners = new Set<() => void>();
  #offsetMs = -Infinity;
  #latestMs = -Infinity;

  constructor(private readonly realTimeMs: () => number = Date.now) {
    super();
  }

  /** @throws RangeError before it was told the time for the first time. */
  override now(): Date {
    this.#latestMs = Math.max(this.#latestMs, this.realTimeMs() + this.#offsetMs);
    return new Date(this.#latestMs);
  }

  override onMoved(listener: () => void): () => void {
    const entry = (): void => listener();
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Goes by this time from now on, unless it is further already. */
  follow(now: Date, isMove: boolean): void {
    this.#offsetMs = Math.max(this.#offsetMs, now.getTime() - this.realTimeMs());
    // The machine's clock may have been set back since.
    this.#latestMs = Math.max(this.#latestMs, now.getTime());
    if (isMove) for (const listener of [...this.#listeners]) listener();
  }
}
