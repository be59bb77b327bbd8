/** Chance that comes out the same for the same seed (mulberry32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to and without `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  isTrue(): boolean {
    return this.below(2) === 1;
  }

  /** Some of these in their order, at least one. */
  some<Item>(items: readonly Item[]): readonly Item[] {
    const chosen = items.filter(() => this.isTrue());
    return chosen.length > 0 ? chosen : items.slice(0, 1);
  }
}

const { SIM_SEED, SIM_RUNS } = process.env;

/** The seeds to run: one that is given (SIM_SEED), else so many new ones (SIM_RUNS for more). A failure names its own. */
export function seeds(runs: number): readonly number[] {
  if (SIM_SEED !== undefined) return [Number(SIM_SEED)];
  const first = Math.floor(Math.random() * 2 ** 31);
  return Array.from({ length: SIM_RUNS === undefined ? runs : Number(SIM_RUNS) }, (_, index) => first + index);
}

/** Runs one seed; a failure says which it was and how to see it again. */
export async function withSeed(seed: number, run: (chance: Chance) => Promise<void>): Promise<void> {
  try {
    await run(new Chance(seed));
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    throw new Error(`With SIM_SEED=${seed}: ${text}`, { cause: error });
  }
}
