import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from './event.js';
import type { EventStore } from './event-store.js';
import { isAutomation, type Automation, type ReadModel } from './read-model.js';
import type { DueRow, Lease, ReadModelCopy } from './read-store.js';
import { LeaseLost, PROGRESS_SAVE_MS, RowWriter, type RowWriterStores } from './row-writer.js';

const LEASE_MS = 5_000;
const LEASE_RENEWAL_MS = 1_500;
const LEASE_RETRY_MS = 500;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 30_000;
const DUE_PER_ROUND = 200;
const TODOS_AT_ONCE = 16;
/** How often the due rows are looked at when nothing wakes the runner: another process may have moved the time. */
const DUE_POLL_MS = 1_000;
const TODO_MAX_TRIES = 12;
const TODO_RETRY_MAX_MS = 5 * 60_000;
const CONSEQUENCE_POLL_MS = 2;
/** After a small batch events gather for a moment: under load one transaction then takes many, and an idle runner waits for nothing. */
const GATHER_MS = 5;
const GATHER_BELOW_EVENTS = 200;

export interface RunnerLog {
  warn(facts: object, message: string): void;
}

export interface RunnerStores extends RowWriterStores {
  readonly events: EventStore;
  readonly log: RunnerLog;
}

/**
 * Keeps one partition of one read model up to date: follows the log from its checkpoint, renews descriptions and carries out
 * to-dos when they are due. It never gives up: what fails is tried again with growing waits, and shows in `failure`.
 */
export class ReadModelRunner {
  readonly copy: ReadModelCopy;
  /** The last position whose effects can be read; null before the first. */
  reached: Position | null = null;
  /** Why it does not get on at the moment, or null. */
  failure: string | null = null;
  readonly #stopping = new AbortController();
  readonly #owner: string;
  readonly #writer: RowWriter;
  #lease: Lease | null = null;
  #running: Promise<void> | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #wake: () => void = () => undefined;
  #isWoken = false;
  /** The earliest due time when the rows were last looked at. */
  #nextDueAt: string | null = null;
  #todosUnderWay = 0;
  #progressTimer: NodeJS.Timeout | null = null;

  constructor(
    readonly model: ReadModel,
    private readonly stores: RunnerStores,
    options: { readonly owner: string; readonly partition?: number; readonly generation?: number },
  ) {
    const { owner, partition = 0, generation = 0 } = options;
    this.#owner = owner;
    this.copy = { name: model.name, version: model.version, generation, partition };
    this.#writer = new RowWriter(model, this.copy, stores, () => this.#heldLease());
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends after the transaction under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    if (this.#progressTimer) clearTimeout(this.#progressTimer);
    this.wake();
    await this.#running;
    await this.#serially(() => this.#writer.saveProgress()).catch(() => undefined);
    if (this.#lease) await this.stores.rows.releaseLease(this.#lease).catch(() => undefined);
  }

  /** Looks at the due rows now: the clock was moved, or a row has become due earlier than was known. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  /** Whether everything up to the position can be read, and nothing is under way or due. */
  async isAtRest(head: Position | null): Promise<boolean> {
    if (this.#todosUnderWay > 0 || this.failure !== null) return false;
    if (head !== null && !this.#hasReached(head)) return false;
    return (await this.stores.rows.due(this.copy, this.#now(), 1)).length === 0;
  }

  async #run(): Promise<void> {
    for (let wait = RETRY_FIRST_MS; !this.#stopping.signal.aborted;) {
      const startedAt = performance.now();
      try {
        await this.#holdLease();
        await this.#runSession();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        this.failure = error instanceof Error ? error.name : 'unknown';
        const facts = { readModel: this.model.name, failure: describeError(error) };
        this.stores.log.warn(facts, 'a read model cannot get on; it is tried again');
        wait = performance.now() - startedAt > RETRY_MAX_MS ? RETRY_FIRST_MS : Math.min(wait * 2, RETRY_MAX_MS);
        await pause(wait, this.#stopping.signal);
      }
    }
  }

  /** Works under one lease until one of its loops ends, then ends them all. */
  async #runSession(): Promise<void> {
    // Progress of an earlier lease: another owner may have gone further since.
    this.#writer.forgetProgress();
    const session = new AbortController();
    const end = (): void => session.abort();
    this.#stopping.signal.addEventListener('abort', end, { once: true });
    const { signal } = session;
    const loops = [this.#follow(signal), this.#watchDue(signal), this.#renewLease(signal)];
    try {
      await Promise.race(loops);
    } finally {
      session.abort();
      this.#stopping.signal.removeEventListener('abort', end);
      await Promise.allSettled(loops);
    }
  }

  async #holdLease(): Promise<void> {
    await this.stores.rows.prepare(this.model, this.copy);
    while (!this.#stopping.signal.aborted) {
      this.#lease = await this.stores.rows.acquireLease(leaseName(this.copy), this.#owner, LEASE_MS);
      if (this.#lease) return;
      await pause(LEASE_RETRY_MS, this.#stopping.signal);
    }
  }

  async #renewLease(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(LEASE_RENEWAL_MS, signal);
      if (signal.aborted) return;
      const lease = await this.stores.rows.acquireLease(leaseName(this.copy), this.#owner, LEASE_MS);
      if (!lease || lease.fence !== this.#lease?.fence) throw new LeaseLost();
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const checkpoint = await this.stores.rows.checkpoint(this.copy);
    this.reached = checkpoint?.position ?? null;
    this.failure = null;
    for await (const batch of this.stores.events.subscribe(this.reached, signal)) {
      const written = await this.#serially(() => this.#writer.apply(batch));
      this.reached = batch.position;
      if (written.some(({ dueAt }) => this.#isEarlierThanKnown(dueAt))) this.wake();
      if (written.length === 0) this.#saveProgressSoon();
      if (batch.events.length > 0 && batch.events.length < GATHER_BELOW_EVENTS) await pause(GATHER_MS, signal);
    }
  }

  /** Others may wait for this checkpoint, and no later batch may come that would carry it. */
  #saveProgressSoon(): void {
    this.#progressTimer ??= setTimeout(() => {
      this.#progressTimer = null;
      // What fails is met again by the loops of the session, which also know what to do about it.
      void this.#serially(() => this.#writer.saveProgress()).catch(() => undefined);
    }, PROGRESS_SAVE_MS);
  }

  async #watchDue(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#isWoken = false;
      const worked = await this.#workDue(signal);
      await this.#serially(() => this.#writer.saveProgress());
      if (!worked) await this.#sleepUntilDue(signal);
    }
  }

  /** Sleeps until a row is due, until it is woken, or for DUE_POLL_MS. */
  async #sleepUntilDue(signal: AbortSignal): Promise<void> {
    const now = this.stores.clock.now();
    this.#nextDueAt = await this.stores.rows.nextDue(this.copy, now.toISOString());
    const untilDueMs = this.#nextDueAt === null ? DUE_POLL_MS : Date.parse(this.#nextDueAt) - now.getTime() + 1;
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
    this.#todosUnderWay += 1;
    try {
      if (isAutomation(this.model)) await this.#carryOutAll(this.model, due, signal);
      else await this.#serially(() => this.#writer.redescribe(due.map(({ row }) => row.key)));
    } finally {
      this.#todosUnderWay -= 1;
    }
    return true;
  }

  async #carryOutAll(automation: Automation, due: readonly DueRow[], signal: AbortSignal): Promise<void> {
    const positions: Position[] = [];
    for (let from = 0; from < due.length && !signal.aborted; from += TODOS_AT_ONCE) {
      const some = due.slice(from, from + TODOS_AT_ONCE);
      const outcomes = await Promise.all(some.map((item) => this.#carryOut(automation, item)));
      positions.push(...outcomes.filter((position) => position !== null));
    }
    // The rows change as the consequences are projected: wait for that, so that nothing is carried out again in between.
    while (!signal.aborted && !positions.every((position) => this.#hasReached(position)))
      await sleep(CONSEQUENCE_POLL_MS);
  }

  async #carryOut(automation: Automation, { row, postponement }: DueRow): Promise<Position | null> {
    const tries = (postponement?.tries ?? 0) + 1;
    try {
      const stored = await this.stores.rows.load(this.copy, this.model.relatedKeys?.(row.body) ?? []);
      const related = new Map([...stored].map(([key, found]) => [key, found.body]));
      const now = this.stores.clock.now();
      const outcome = await automation.carryOut({ key: row.key, body: row.body, related, now });
      if ('done' in outcome) return outcome.done;
      if ('settled' in outcome) await this.#serially(() => this.#writer.settle(row));
      else await this.#postpone(row.key, tries, outcome.later);
    } catch (error) {
      const facts = { automation: this.model.name, row: row.key, failure: describeError(error) };
      this.stores.log.warn(facts, 'a to-do failed; it is tried again');
      await this.#postpone(row.key, tries, error instanceof Error ? error.name : 'unknown');
    }
    return null;
  }

  async #postpone(key: string, tries: number, reason: string): Promise<void> {
    const wait = Math.min(RETRY_FIRST_MS * 2 ** tries, TODO_RETRY_MAX_MS);
    const nextTryAt = tries >= TODO_MAX_TRIES ? null : new Date(Date.now() + wait).toISOString();
    await this.#serially(() =>
      this.stores.rows.postpone(this.copy, this.#heldLease(), key, { tries, nextTryAt, reason }),
    );
  }

  #isEarlierThanKnown(dueAt: string | null): boolean {
    return dueAt !== null && (this.#nextDueAt === null || dueAt < this.#nextDueAt);
  }

  #heldLease(): Lease {
    if (!this.#lease) throw new LeaseLost();
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
}

const leaseName = (copy: ReadModelCopy): string => `${copy.name}@${copy.version}.${copy.generation}/${copy.partition}`;

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);

/** The kind of an error and where it arose, without its text: that may quote data. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`;
}
