import type { Clock } from './clock.js';
import type { JsonObject, RecordedEvent } from './event.js';
import type { EventBatch } from './event-store.js';
import { partitionOf, rowKeyOf, type ReadModel, type RowDescription } from './read-model.js';
import type { Checkpoint, Lease, ReadModelCopy, ReadStore, RowQuery, StoredRow } from './read-store.js';
import { openPersonal, parseStreamName, type OpenedEvent } from './stream.js';
import type { Vault } from './vault.js';

const DEPENDENTS_PER_SAVE = 500;
/** Progress without events is saved at most this often. */
export const PROGRESS_SAVE_MS = 50;

/** Thrown when another process holds a newer lease: nothing of the batch was written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

/** Rows as a batch found them and as it leaves them; null is a row that is not there. */
interface FoldedRows {
  readonly before: Map<string, StoredRow>;
  readonly after: Map<string, JsonObject | null>;
}

export interface RowWriterStores {
  readonly rows: ReadStore;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Turns a stored event into today's shape. */
  readonly decode: (recorded: RecordedEvent) => { readonly type: string; readonly data: object };
}

/**
 * Turns events into rows: folds a batch, describes what it touched and what depends on that, and saves rows, counters and
 * checkpoint in one transaction under a lease.
 */
export class RowWriter {
  #savedProgressAt = 0;
  #unsaved: Checkpoint | null = null;

  constructor(
    private readonly model: ReadModel,
    private readonly copy: ReadModelCopy,
    private readonly stores: RowWriterStores,
    private readonly lease: () => Lease,
  ) {}

  /** Applies a batch. Answers the rows that it wrote. @throws LeaseLost */
  async apply(batch: EventBatch): Promise<readonly StoredRow[]> {
    const ours = batch.events.filter((recorded) => this.#follows(recorded));
    const last = batch.events.at(-1);
    const eventId = last && last.position === batch.position ? last.id : null;
    const checkpoint: Checkpoint = { position: batch.position, eventId };
    if (ours.length === 0) {
      this.#unsaved = checkpoint;
      if (performance.now() - this.#savedProgressAt >= PROGRESS_SAVE_MS) await this.saveProgress();
      return [];
    }
    const changes = await this.#fold(ours);
    const puts = await this.#describeTouched(changes);
    await this.#save(puts, changes, checkpoint);
    return puts;
  }

  /** Saves a checkpoint that has moved over events of others. */
  async saveProgress(): Promise<void> {
    if (!this.#unsaved) return;
    this.#savedProgressAt = performance.now();
    await this.#save([], { before: new Map(), after: new Map() }, this.#unsaved);
  }

  /** Drops progress that was not saved: its events come again from the checkpoint. */
  forgetProgress(): void {
    this.#unsaved = null;
  }

  /** Describes rows anew, because their time has come. */
  async redescribe(keys: readonly string[]): Promise<void> {
    const before = new Map(await this.stores.rows.load(this.copy, keys));
    const changes = { before, after: new Map<string, JsonObject | null>() };
    await this.#save(await this.#describe([...before.values()], changes), changes, null);
  }

  /** Removes a to-do row that is settled without an event. */
  async settle(row: StoredRow): Promise<void> {
    await this.#save([], { before: new Map([[row.key, row]]), after: new Map([[row.key, null]]) }, null);
  }

  async #fold(events: readonly RecordedEvent[]): Promise<FoldedRows> {
    const keys = [...new Set(events.map(rowKeyOf))];
    const before = await this.stores.rows.load(this.copy, keys);
    const after = new Map<string, JsonObject | null>(keys.map((key) => [key, before.get(key)?.body ?? null]));
    for (const recorded of events) {
      const key = rowKeyOf(recorded);
      const opened: OpenedEvent = {
        event: this.stores.decode(recorded),
        personal: this.model.readsPersonalData ? await openPersonal(this.stores.vault, recorded) : null,
        recorded,
      };
      after.set(key, this.model.project(after.get(key) ?? null, opened));
    }
    return { before: new Map(before), after };
  }

  /** Describes the rows that changed and those that depend on them; rows that came out as they were are left alone. */
  async #describeTouched(changes: FoldedRows): Promise<readonly StoredRow[]> {
    const bodyBefore = (key: string): JsonObject | null => changes.before.get(key)?.body ?? null;
    // First of all, so that a row which came out as it was is still renewed as a dependent of another.
    for (const [key, body] of changes.after) if (body === bodyBefore(key)) changes.after.delete(key);
    for (const [key, body] of [...changes.after]) {
      const query = this.model.dependents?.(key, bodyBefore(key), body);
      if (query) await this.#renewDependents(query, changes);
    }
    const rows = [...changes.after].flatMap(([key, body]) => (body === null ? [] : [{ key, body }]));
    return this.#describe(rows, changes);
  }

  /** Few dependents join the batch's own transaction; many are renewed in transactions before it, which a crash may repeat. */
  async #renewDependents(query: Pick<RowQuery, 'index' | 'equals'>, changes: FoldedRows): Promise<void> {
    const orderedBy = this.model.indexes[query.index]?.[Object.keys(query.equals).length];
    for (let after: RowQuery['after']; ;) {
      const page = { ...query, order: 'ascending' as const, limit: DEPENDENTS_PER_SAVE, ...(after ? { after } : {}) };
      const found = await this.stores.rows.find(this.copy, page);
      const untouched = found.filter((row) => !changes.after.has(row.key));
      const last = found.at(-1);
      if (!last || found.length < DEPENDENTS_PER_SAVE) {
        for (const row of untouched) {
          changes.before.set(row.key, row);
          changes.after.set(row.key, row.body);
        }
        return;
      }
      const before = new Map(untouched.map((row) => [row.key, row]));
      await this.#save(await this.#describe(untouched, changes), { before, after: new Map() }, null);
      after = { value: (orderedBy === undefined ? null : last.fields[orderedBy]) ?? null, key: last.key };
    }
  }

  async #describe(
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
      return toRow(key, body, this.model.describe(key, body, related, now));
    });
  }

  async #save(puts: readonly StoredRow[], { before, after }: FoldedRows, checkpoint: Checkpoint | null): Promise<void> {
    const deletes = [...after].filter(([key, body]) => body === null && before.has(key)).map(([key]) => key);
    const changes = { puts, deletes, counts: countChanges(puts, deletes, before), checkpoint };
    if ((await this.stores.rows.save(this.copy, this.lease(), changes)) === 'fenced') throw new LeaseLost();
    if (checkpoint) this.#unsaved = null;
  }

  #follows(recorded: RecordedEvent): boolean {
    if (!this.model.follows.includes(parseStreamName(recorded.stream).category)) return false;
    return partitionOf(recorded.metadata.workspaceId, this.model.partitions) === this.copy.partition;
  }
}

/** What the counters gain and lose. */
function countChanges(
  puts: readonly StoredRow[],
  deletes: readonly string[],
  before: ReadonlyMap<string, StoredRow>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (row: StoredRow | undefined, by: number): void => {
    for (const name of row?.counters ?? []) counts.set(name, (counts.get(name) ?? 0) + by);
  };
  for (const row of puts) {
    count(before.get(row.key), -1);
    count(row, 1);
  }
  for (const key of deletes) count(before.get(key), -1);
  for (const [name, value] of counts) if (value === 0) counts.delete(name);
  return counts;
}

function toRow(key: string, body: JsonObject, description: RowDescription): StoredRow {
  const { fields, terms = {}, counters = [], dueAt } = description;
  return { key, body, fields, terms, counters, dueAt };
}
