import type { FieldValue } from '#kernel';

/** What a batch has just loaded is what it puts next; a batch that is larger than this loads some of it again. */
const KNOWN_ROWS_LIMIT = 2_048;

/** A row as it stands in the file, or the certainty that none is there. */
export interface KnownRow {
  /** The table's own number of the row; null where none is there. */
  readonly id: number | null;
  readonly columns: readonly FieldValue[];
  readonly isPostponed: boolean;
}

/**
 * Rows of one copy as they were read last. Whoever writes a row forgets it, and whoever keeps this clears it when another
 * connection has written to the file.
 */
export class KnownRows {
  readonly #rows = new Map<string, KnownRow>();

  get(key: string): KnownRow | undefined {
    return this.#rows.get(key);
  }

  remember(key: string, known: KnownRow): void {
    // Put last: what was remembered longest ago goes first.
    this.#rows.delete(key);
    this.#rows.set(key, known);
    if (this.#rows.size <= KNOWN_ROWS_LIMIT) return;
    for (const oldest of this.#rows.keys()) {
      this.#rows.delete(oldest);
      return;
    }
  }

  forget(key: string): void {
    this.#rows.delete(key);
  }

  clear(): void {
    this.#rows.clear();
  }
}
