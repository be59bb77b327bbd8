/** Chance that repeats itself: the same seed gives the same choices. What the machine makes of them in time is its own. */
export class Chance {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not including 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to but not including `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  isLucky(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** The items in another order. */
  shuffled<Item>(items: readonly Item[]): readonly Item[] {
    return items
      .map((item) => ({ item, rank: this.fraction() }))
      .sort((one, other) => one.rank - other.rank)
      .map(({ item }) => item);
  }
}

/** `CRASH_SEED` repeats a run; without it every run is another one. The seed is told, so that a failure can be repeated. */
export function chanceOf(suite: string): Chance {
  const seed = wholeNumber('CRASH_SEED', Math.floor(Math.random() * 2 ** 31));
  tell(`${suite}: CRASH_SEED=${seed}`);
  return new Chance(seed);
}

/** A whole number from the environment: how large a run is. */
export function wholeNumber(name: string, otherwise: number): number {
  const text = process.env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number.`);
  return value;
}

/** What a run did, as a line that the reporter leaves alone. */
export function tell(line: string): void {
  process.stderr.write(`  ${line}\n`);
}
