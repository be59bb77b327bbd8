import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from './clock.js';
import type { JsonObject, Position, RecordedEvent } from './event.js';
import type { EventBatch, EventStore } from './event-store.js';
import {
  isAutomation,
  partitionOf,
  rowKeyOf,
  type Automation,
  type ReadModel,
  type RowDescription,
} from './read-model.js';
import type { Checkpoint, DueRow, Lease, ReadModelCopy, ReadStore, StoredRow } from './read-store.js';
import { openPersonal, parseStreamName, type OpenedEvent } from './stream.js';
import type { Vault } from './vault.js';

const LEASE_MS = 5_000;
const LEASE_RENEWAL_MS = 1_500;
const LEASE_RETRY_MS = 500;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 30_000;
const DEPENDENTS_PER_SAVE = 500;
const DUE_PER_ROUND = 100;
const TODOS_AT_ONCE = 16;
/** How often the due rows are looked at when nothing wakes the runner. */
const DUE_POLL_MS = 1_000;
/** Progress without events is saved at most this often; waiting readers of this process see it at once. */
const PROGRESS_SAVE_MS = 50;
const TODO_MAX_TRIES = 12;

export interface RunnerLog {
  warn(facts: object, message: string): void;
}

export interface RunnerStores {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: RunnerLog;
  /** Turns a stored event into today's shape. */
  readonly decode: (recorded: RecordedEvent) => { readonly type: string; readonly data: object };
}

/**
 * Keeps one partition of one read model up to date: follows the log from its checkpoint, folds batches, and saves rows and
 * checkpoint in one transaction under a fenced lease. Renews descriptions and carries out to-dos when they are due.
 * It never gives up: what fails is tried again with growing waits, and shows in `failure`.
 */
export class ReadModelRunner {
  readonly copy: ReadModelCopy;
  /** The last position whose effects can be read; null before the first. */
  reached: Position | null = null;
  /** Why it does not get on at the moment, or null. */
  failure: string | null = null;
  readonly #stopping = new AbortController();
  readonly #owner: string;
  #lease: Lease | null = null;
  #running: Promise<void> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => undefined;
  #isWoken = false;
  /** The earliest due time when the rows were last looked at. */
  #nextDueAt: string | null = null;
  #savedProgressAt = 0;
  #unsaved: Checkpoint | null = null;
  #working = 0;

  constructor(
    readonly model: ReadModel,
    private readonly stores: RunnerStores,
    options: { readonly owner: string; readonly partition?: number; readonly generation?: number },
  ) {
    this.#owner = options.owner;
    this.copy = {
      name: model.name,
      version: model.version,
      generation: options.generation ?? 0,
      partition: options.partition ?? 0,
    };
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the transaction under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#running?.catch(() => undefined);
    await this.#queue.catch(() => undefined);
    await this.#serially(() => this.#saveProgress()).catch(() => undefined);
    if (this.#lease) await this.stores.rows.releaseLease(this.#lease).catch(() => undefined);
  }

  /** Looks at the due rows now: the clock was moved, or a row has become due earlier than was known. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Whether everything up to the position can be read, and nothing is under way or due. */
  async isAtRest(head: Position | null): Promise<boolean> {
    if (this.#working > 0 || this.failure !== null) return false;
    if (head !== null && (this.reached === null || this.stores.events.comparePositions(this.reached, head) < 0))
      return false;
    const due = await this.stores.rows.due(this.copy, this.#now(), 1);
    return due.length === 0;
  }

  async #run(): Promise<void> {
    let wait = RETRY_FIRST_MS;
    while (!this.#stopping.signal.aborted) {
      const session = new AbortController();
      const signal = AbortSignal.any([session.signal, this.#stopping.signal]);
      try {
        await this.#holdLease();
        const loops = [this.#follow(signal), this.#watchDue(signal), this.#renewLease(signal)];
        try {
          await Promise.race(loops);
        } finally {
          session.abort();
          await Promise.allSettled(loops);
        }
        wait = RETRY_FIRST_MS;
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.failure = error instanceof Error ? error.name : 'unknown';
        const failure = describeError(error);
        this.stores.log.warn({ readModel: this.model.name, failure }, 'a read model cannot get on; it is tried again');
        await this.#pause(wait, this.#stopping.signal);
        wait = Math.min(wait * 2, RETRY_MAX_MS);
      }
    }
  }

  async #holdLease(): Promise<void> {
    await this.stores.rows.prepare(this.model, this.copy);
    const name = leaseName(this.copy);
    while (!this.#stopping.signal.aborted) {
      this.#lease = await this.stores.rows.acquireLease(name, this.#owner, LEASE_MS);
      if (this.#lease) return;
      await this.#pause(LEASE_RETRY_MS, this.#stopping.signal);
    }
  }

  async #renewLease(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#pause(LEASE_RENEWAL_MS, signal);
      if (signal.aborted) return;
      const lease = await this.stores.rows.acquireLease(leaseName(this.copy), this.#owner, LEASE_MS);
      if (!lease || lease.fence !== this.#lease?.fence) throw new Error('LeaseLost');
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const checkpoint = await this.stores.rows.checkpoint(this.copy);
    this.reached = checkpoint?.position ?? null;
    this.failure = null;
    for await (const batch of this.stores.events.subscribe(this.reached, signal)) {
      await this.#serially(() => this.#apply(batch));
    }
  }

  async #apply(batch: EventBatch): Promise<void> {
    const ours = batch.events.filter((recorded) => this.#follows(recorded));
    const last = batch.events.at(-1);
    const checkpoint: Checkpoint = {
      position: batch.position,
      eventId: last && last.position === batch.position ? last.id : null,
    };
    if (ours.length === 0) {
      await this.#advance(checkpoint);
      return;
    }
    const changes = await this.#fold(ours);
    const puts = await this.#describeAll(changes);
    await this.#save(puts, changes, checkpoint);
    this.reached = checkpoint.position;
    const isEarlier = (dueAt: string | null): boolean =>
      dueAt !== null && (this.#nextDueAt === null || dueAt < this.#nextDueAt);
    if (puts.some(({ dueAt }) => isEarlier(dueAt))) this.wake();
  }

  /** Folds events into rows; answers every touched row before and after. */
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

  /** Describes the touched rows and those that depend on them. Adds what it has to load to `changes.before`. */
  async #describeAll(changes: FoldedRows): Promise<readonly StoredRow[]> {
    for (const [key, body] of [...changes.after]) {
      const before = changes.before.get(key)?.body ?? null;
      if (body === before) {
        // Nothing that can be read has changed: the row stays as it is.
        changes.after.delete(key);
        continue;
      }
      const query = this.model.dependents?.(key, before, body);
      if (query) await this.#renewDependents(query, changes);
    }
    const rows = [...changes.after].flatMap(([key, body]) => (body === null ? [] : [{ key, body }]));
    return this.#describe(rows, changes);
  }

  /** Few dependents join the batch's own transaction; many are renewed in transactions of their own before it, which a crash may repeat. */
  async #renewDependents(
    query: Parameters<ReadStore['find']>[1] | { index: string; equals: StoredRow['fields'] },
    changes: FoldedRows,
  ): Promise<void> {
    let after: { value: null; key: string } | undefined;
    for (;;) {
      const found = await this.stores.rows.find(this.copy, {
        index: query.index,
        equals: query.equals,
        order: 'ascending',
        limit: DEPENDENTS_PER_SAVE,
        ...(after ? { after } : {}),
      });
      const untouched = found.filter((row) => !changes.after.has(row.key));
      const last = found.at(-1);
      if (found.length < DEPENDENTS_PER_SAVE || !last) {
        for (const row of untouched) {
          changes.before.set(row.key, row);
          changes.after.set(row.key, row.body);
        }
        return;
      }
      const before = new Map(untouched.map((row) => [row.key, row]));
      const puts = await this.#describe(untouched, changes);
      await this.#save(puts, { before, after: new Map() }, null);
      after = { value: null, key: last.key };
    }
  }

  async #describe(
    rows: readonly { readonly key: string; readonly body: JsonObject }[],
    changes: FoldedRows,
  ): Promise<readonly StoredRow[]> {
    const now = this.#now();
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

  async #save(puts: readonly StoredRow[], changes: FoldedRows, checkpoint: Checkpoint | null): Promise<void> {
    const deletes = [...changes.after]
      .filter(([key, body]) => body === null && changes.before.has(key))
      .map(([key]) => key);
    const counts = new Map<string, number>();
    const count = (row: StoredRow | undefined, by: number): void => {
      for (const name of row?.counters ?? []) counts.set(name, (counts.get(name) ?? 0) + by);
    };
    for (const row of puts) {
      count(changes.before.get(row.key), -1);
      count(row, 1);
    }
    for (const key of deletes) count(changes.before.get(key), -1);
    for (const [name, value] of counts) if (value === 0) counts.delete(name);
    const outcome = await this.stores.rows.save(this.copy, this.#heldLease(), { puts, deletes, counts, checkpoint });
    if (outcome === 'fenced') throw new Error('LeaseLost');
    if (checkpoint) this.#unsaved = null;
  }

  /** Moves the checkpoint over events that are not this model's. */
  async #advance(checkpoint: Checkpoint): Promise<void> {
    this.#unsaved = checkpoint;
    this.reached = checkpoint.position;
    if (performance.now() - this.#savedProgressAt >= PROGRESS_SAVE_MS) await this.#saveProgress();
  }

  async #saveProgress(): Promise<void> {
    if (!this.#unsaved) return;
    this.#savedProgressAt = performance.now();
    await this.#save([], { before: new Map(), after: new Map() }, this.#unsaved);
  }

  async #watchDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isWoken = false;
      const worked = await this.#workDue(signal);
      await this.#serially(() => this.#saveProgress());
      if (!worked) await this.#sleepUntilDue(signal);
    }
  }

  /** Sleeps until a row is due, until it is woken, or for DUE_POLL_MS. */
  async #sleepUntilDue(signal: AbortSignal): Promise<void> {
    const now = this.stores.clock.now();
    const next = await this.stores.rows.nextDue(this.copy, now.toISOString());
    this.#nextDueAt = next;
    const untilDueMs = next === null ? DUE_POLL_MS : Date.parse(next) - now.getTime() + 1;
    await new Promise<void>((resolve) => {
      if (this.#isWoken || signal.aborted) return resolve();
      const timer = setTimeout(resolve, Math.min(DUE_POLL_MS, Math.max(0, untilDueMs)));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#wake, { once: true });
    });
    signal.removeEventListener('abort', this.#wake);
  }

  async #workDue(signal: AbortSignal): Promise<boolean> {
    const due = await this.stores.rows.due(this.copy, this.#now(), DUE_PER_ROUND);
    if (due.length === 0) return false;
    this.#working += 1;
    try {
      if (isAutomation(this.model)) await this.#carryOutAll(this.model, due, signal);
      else await this.#serially(() => this.#redescribe(due.map(({ row }) => row.key)));
    } finally {
      this.#working -= 1;
    }
    return true;
  }

  async #redescribe(keys: readonly string[]): Promise<void> {
    const before = new Map(await this.stores.rows.load(this.copy, keys));
    const puts = await this.#describe([...before.values()], { before, after: new Map() });
    await this.#save(puts, { before, after: new Map() }, null);
  }

  async #carryOutAll(automation: Automation, due: readonly DueRow[], signal: AbortSignal): Promise<void> {
    let furthest: Position | null = null;
    for (let from = 0; from < due.length; from += TODOS_AT_ONCE) {
      const some = due.slice(from, from + TODOS_AT_ONCE);
      const positions = await Promise.all(some.map((item) => this.#carryOut(automation, item)));
      for (const position of positions) {
        if (position !== null && (furthest === null || this.stores.events.comparePositions(position, furthest) > 0))
          furthest = position;
      }
    }
    // The rows change as the consequences are projected: wait for that, so that nothing is carried out again in between.
    while (furthest !== null && !signal.aborted && !this.#hasReached(furthest)) await sleep(2);
  }

  async #carryOut(automation: Automation, { row, postponement }: DueRow): Promise<Position | null> {
    const tries = (postponement?.tries ?? 0) + 1;
    try {
      const keys = this.model.relatedKeys?.(row.body) ?? [];
      const related = new Map(
        [...(await this.stores.rows.load(this.copy, keys))].map(([key, found]) => [key, found.body]),
      );
      const outcome = await automation.carryOut({
        key: row.key,
        body: row.body,
        related,
        now: this.stores.clock.now(),
      });
      if ('done' in outcome) return outcome.done;
      if ('settled' in outcome) await this.#settle(row);
      else await this.#postpone(row.key, tries, outcome.later);
    } catch (error) {
      this.stores.log.warn(
        { automation: this.model.name, row: row.key, failure: describeError(error) },
        'a to-do failed; it is tried again',
      );
      await this.#postpone(row.key, tries, error instanceof Error ? error.name : 'unknown');
    }
    return null;
  }

  async #settle(row: StoredRow): Promise<void> {
    const changes = { before: new Map([[row.key, row]]), after: new Map<string, JsonObject | null>([[row.key, null]]) };
    await this.#serially(() => this.#save([], changes, null));
  }

  async #postpone(key: string, tries: number, reason: string): Promise<void> {
    const wait = Math.min(RETRY_FIRST_MS * 2 ** Math.min(tries, 20), 5 * 60_000);
    const nextTryAt = tries >= TODO_MAX_TRIES ? null : new Date(Date.now() + wait).toISOString();
    await this.#serially(() =>
      this.stores.rows.postpone(this.copy, this.#heldLease(), key, { tries, nextTryAt, reason }),
    );
  }

  #follows(recorded: RecordedEvent): boolean {
    if (!this.model.follows.includes(parseStreamName(recorded.stream).category)) return false;
    return partitionOf(recorded.metadata.workspaceId, this.model.partitions) === this.copy.partition;
  }

  #heldLease(): Lease {
    if (!this.#lease) throw new Error('LeaseLost');
    return this.#lease;
  }

  #hasReached(position: Position): boolean {
    return this.reached !== null && this.stores.events.comparePositions(this.reached, position) >= 0;
  }

  #now(): string {
    return this.stores.clock.now().toISOString();
  }

  /** One writer: batches, renewed descriptions and postponements take turns. */
  #serially<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = this.#queue.then(work, work);
    this.#queue = run.catch(() => undefined);
    return run;
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(ms, undefined, { signal }).catch(() => undefined);
  }
}

interface FoldedRows {
  readonly before: Map<string, StoredRow>;
  readonly after: Map<string, JsonObject | null>;
}

export const leaseName = (copy: ReadModelCopy): string =>
  `${copy.name}@${copy.version}.${copy.generation}/${copy.partition}`;

function toRow(key: string, body: JsonObject, description: RowDescription): StoredRow {
  return {
    key,
    body,
    fields: description.fields,
    terms: description.terms ?? {},
    counters: description.counters ?? [],
    dueAt: description.dueAt,
  };
}

/** The kind of an error for the log, without its text where that may quote data. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`;
}
