import type { Clock } from './clock.js';
import type { JsonObject, RecordedEvent } from './event.js';
import { parkedAt } from './parked-at.js';
import type { ReadModel, RowDescription } from './read-model.js';
import type { ParkedStream, ReadModelCopy, ReadStore, RowQuery, StoredRow, StreamToPark } from './read-store.js';

const DEPENDENTS_PER_SAVE = 500;
/** On a server each query waits for its answer, so that many wait together; an embedded store answers at once. */
const QUERIES_AT_ONCE = 32;

/** Rows as a batch found them and as it leaves them; null is a row that is not there. And the streams it had to leave. */
export interface FoldedRows {
  readonly before: Map<string, StoredRow>;
  readonly after: Map<string, JsonObject | null>;
  readonly parks: Map<string, StreamToPark>;
  readonly unparks?: readonly string[];
  /** By row, where it is parked if it cannot be described. */
  readonly firstEvents: ReadonlyMap<string, RecordedEvent>;
  readonly retried?: ParkedStream;
  /** Rows that came out so that they could not be described, and why. */
  readonly notDescribed: Map<string, unknown>;
}

export const nothingFolded = (): FoldedRows => ({
  before: new Map(),
  after: new Map(),
  parks: new Map(),
  firstEvents: new Map(),
  notDescribed: new Map(),
});

/** A row of which no description could be made. */
export class NotDescribed extends Error {
  override readonly name = 'NotDescribed';

  constructor(
    readonly key: string,
    readonly reason: unknown,
  ) {
    super();
  }
}

type DependentsQuery = Pick<RowQuery, 'index' | 'equals'>;

/** Makes the descriptions of rows: how they are found, counted and woken up. */
export class RowDescriptions {
  /** @param save writes rows that were described before the batch they depend on is complete. */
  constructor(
    private readonly model: ReadModel,
    private readonly copy: ReadModelCopy,
    private readonly stores: { readonly rows: ReadStore; readonly clock: Clock },
    private readonly save: (puts: readonly StoredRow[], folded: FoldedRows) => Promise<void>,
  ) {}

  /** Describes the rows that changed and those that depend on them; rows that came out as they were are left alone. */
  async touched(changes: FoldedRows): Promise<readonly StoredRow[]> {
    const bodyBefore = (key: string): JsonObject | null => changes.before.get(key)?.body ?? null;
    // First of all, so that a row which came out as it was is still renewed as a dependent of another. The row of a stream
    // that was parked is written all the same: what was postponed because of that is due again.
    for (const [key, body] of changes.after)
      if (body === bodyBefore(key) && key !== changes.retried?.stream) changes.after.delete(key);
    const queries = [...changes.after].flatMap(([key, body]) => {
      return this.model.dependents?.(key, bodyBefore(key), body) ?? [];
    });
    for (let from = 0; from < queries.length; from += QUERIES_AT_ONCE)
      await this.#renewDependents(queries.slice(from, from + QUERIES_AT_ONCE), changes);
    for (;;) {
      const rows = [...changes.after].flatMap(([key, body]) => (body === null ? [] : [{ key, body }]));
      try {
        return await this.of(rows, changes);
      } catch (error) {
        if (!(error instanceof NotDescribed)) throw error;
        this.#leaveOut(error, changes);
      }
    }
  }

  /** A row that came out so that it cannot be described stays as it was, and its stream is parked where this batch began. */
  #leaveOut({ key, reason }: NotDescribed, { after, parks, firstEvents, retried, notDescribed }: FoldedRows): void {
    const first = firstEvents.get(key);
    if (!first) throw reason;
    after.delete(key);
    parks.set(key, parkedAt(first, reason, retried));
    notDescribed.set(key, reason);
  }

  /** The first page of each is asked for together. Once rows were renewed, what was found before may be out of date. */
  async #renewDependents(queries: readonly DependentsQuery[], changes: FoldedRows): Promise<void> {
    const first = await Promise.all(queries.map((query) => this.#findDependents(query)));
    let isFresh = true;
    for (const [index, query] of queries.entries()) {
      const found = isFresh ? first[index] : undefined;
      const hasSaved = await this.#renewDependentsOf(query, found ?? (await this.#findDependents(query)), changes);
      isFresh &&= !hasSaved;
    }
  }

  /**
   * Few dependents join the batch's own transaction; many are renewed in transactions before it, which a crash may repeat.
   * Answers whether there were such transactions.
   */
  async #renewDependentsOf(query: DependentsQuery, first: readonly StoredRow[], changes: FoldedRows): Promise<boolean> {
    const orderedBy = this.model.indexes[query.index]?.[Object.keys(query.equals).length];
    for (let found = first; ;) {
      const untouched = found.filter((row) => !changes.after.has(row.key));
      const last = found.at(-1);
      if (!last || found.length < DEPENDENTS_PER_SAVE) {
        for (const row of untouched) {
          changes.before.set(row.key, row);
          changes.after.set(row.key, row.body);
        }
        return found !== first;
      }
      const before = new Map(untouched.map((row) => [row.key, row]));
      await this.save(await this.of(untouched, changes), { ...nothingFolded(), before });
      const value = (orderedBy === undefined ? null : last.fields[orderedBy]) ?? null;
      found = await this.#findDependents(query, { value, key: last.key });
    }
  }

  #findDependents(query: DependentsQuery, after?: NonNullable<RowQuery['after']>): Promise<readonly StoredRow[]> {
    const page = { ...query, order: 'ascending' as const, limit: DEPENDENTS_PER_SAVE, ...(after ? { after } : {}) };
    return this.stores.rows.find(this.copy, page);
  }

  /** The rows with their descriptions, seen with what `changes` leaves of others. @throws NotDescribed */
  async of(
    rows: readonly { readonly key: string; readonly body: JsonObject }[],
    changes: FoldedRows,
  ): Promise<readonly StoredRow[]> {
    const now = this.stores.clock.now().toISOString();
    const wanted = new Set(rows.flatMap((row) => this.model.relatedKeys?.(row.body) ?? []));
    const stored = await this.stores.rows.load(
      this.copy,
      [...wanted].filter((key) => !changes.after.has(key)),
    );
    return rows.map(({ key, body }) => {
      const related = new Map<string, JsonObject>();
      for (const name of this.model.relatedKeys?.(body) ?? []) {
        const found = changes.after.has(name) ? changes.after.get(name) : stored.get(name)?.body;
        if (found) related.set(name, found);
      }
      try {
        return toRow(key, body, this.model.describe(key, body, related, now));
      } catch (error) {
        throw new NotDescribed(key, error);
      }
    });
  }
}

function toRow(key: string, body: JsonObject, description: RowDescription): StoredRow {
  const { fields, terms = {}, counters = [], dueAt } = description;
  return { key, body, fields, terms, counters, dueAt };
}
