import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const SECRET = /secret-\d+-[0-9a-z]+-end/g;

/** Chance with a seed: the same history at every run. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0 to below `sides` (mulberry32). */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * sides);
  }
}

/** Strings of which each is unique, and which can be found again in any file. */
export class Secrets {
  readonly gone = new Set<string>();
  #made = 0;

  constructor(private readonly dice: Dice) {}

  make(): string {
    this.#made += 1;
    return `secret-${this.#made}-${this.dice.roll(2 ** 31).toString(36)}-end`;
  }

  /** Those that were removed, and stand in some file of the directory all the same. */
  tracesIn(directory: string): readonly string[] {
    const found = readdirSync(directory).flatMap((file) => {
      const text = readFileSync(join(directory, file), 'latin1');
      return text.match(SECRET) ?? [];
    });
    return found.filter((secret) => this.gone.has(secret));
  }
}

/** Throws unless SQLite finds the closed file sound. */
export function checkIntegrity(path: string): void {
  const database = new Database(path, { readonly: true });
  const result = database.pragma('integrity_check', { simple: true });
  database.close();
  if (result !== 'ok') throw new Error(`SQLite finds ${path} unsound: ${String(result)}`);
}
