import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, DueWork, type DueWorkHost } from './due-work.js';
import type { Position } from './event.js';
import { HeldLeases, pause } from './held-leases.js';
import { holdsCheckpoint, isRecord, requireCheckpoint } from './log-guard.js';
import type { ReadModel } from './read-model.js';
import type { ReadModelCopy } from './read-store.js';
import { LeaseLost, PROGRESS_SAVE_MS, RowWriter } from './row-writer.js';
import type { RunnerStores } from './runner-stores.js';

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;
/** How often streams that wait for their next try are looked at, and how often a copy that fills tries to take over. */
const PARKED_POLL_MS = 200;
const TAKE_OVER_POLL_MS = 50;
const CATCH_UP_POLL_MS = 5;
/** After a small batch events gather for a moment: under load one transaction then takes many, and an idle runner waits for nothing. */
const GATHER_MS = 5;
const GATHER_BELOW_EVENTS = 200;

export interface RunnerOptions {
  /** Names one start of one process. */
  readonly owner: string;
  readonly partition?: number;
  readonly generation?: number;
  /**
   * It fills beside the active generation: nothing is carried out, and once it has come as far as that one it takes over and
   * goes on as the active one itself.
   */
  readonly fills?: boolean;
}

/**
 * Keeps one copy of one partition of one read model up to date: follows the log from its checkpoint, renews descriptions and
 * carries out to-dos when they are due. It never gives up: what fails is tried again with growing waits, and shows in `failure`.
 *
 * To-dos are carried out under a lease of the automation's own, whatever versions and generations of it there are, and only
 * once the rows include all that was written when it was taken: what a former holder has done is not done again.
 */
export class ReadModelRunner {
  readonly copy: ReadModelCopy;
  /** The last position whose effects can be read; null before the first. */
  reached: Position | null = null;
  /** Why it does not get on at the moment, or null. */
  failure: string | null = null;
  readonly #stopping = new AbortController();
  readonly #leases: HeldLeases;
  readonly #writer: RowWriter;
  readonly #due: DueWork;
  #fills: boolean;
  /** What stood in the log when this runner began to act; undefined until that is known. */
  #actsFrom: Position | null | undefined;
  #running: Promise<void> | null = null;
  #session = new AbortController();
  #asideUntil = 0;
  #progressTimer: NodeJS.Timeout | null = null;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly model: ReadModel,
    private readonly stores: RunnerStores,
    { owner, partition = 0, generation = 0, fills = false }: RunnerOptions,
  ) {
    this.copy = { name: model.name, version: model.version, generation, partition };
    this.#fills = fills;
    this.#leases = new HeldLeases(stores.rows, this.copy, owner);
    this.#writer = new RowWriter(model, this.copy, stores, () => this.#leases.writing);
    this.#due = new DueWork(this.#asHost());
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
  }

  /** Looks at the due rows now: the clock was moved, or a row has become due earlier than was known. */
  wake(): void {
    this.#due.wake();
  }

  /**
   * Lets another process keep the copy: ends after the transaction under way, and asks for the lease again once another has
   * taken it, or nobody has for so long.
   */
  standAside(limitMs: number): void {
    this.#asideUntil = performance.now() + limitMs;
    this.#session.abort();
    this.wake();
  }

  /** Whether it is the one that keeps its copy, and not another process. */
  get isAtWork(): boolean {
    return this.#leases.isHeld;
  }

  /** Whether everything up to the position can be read, and nothing is under way or due. */
  async isAtRest(head: Position | null): Promise<boolean> {
    if (this.#due.isUnderWay || this.failure !== null) return false;
    if (head !== null && !this.#hasReached(head)) return false;
    return (await this.stores.rows.due(this.copy, this.stores.clock.now().toISOString(), 1)).length === 0;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let wait = RETRY_FIRST_MS; !signal.aborted;) {
      const startedAt = performance.now();
      try {
        if (this.#asideUntil > startedAt) await this.#leases.leaveToAnother(this.#asideUntil - startedAt, signal);
        await this.stores.rows.prepare(this.model, this.copy);
        if (await this.#leases.take(signal)) await this.#runSession();
      } catch (error) {
        if (signal.aborted) return;
        this.failure = error instanceof Error ? error.name : 'unknown';
        const facts = { readModel: this.model.name, failure: describeError(error) };
        this.stores.log.warn(facts, 'a read model cannot get on; it is tried again');
        wait = performance.now() - startedAt > RETRY_MAX_MS ? RETRY_FIRST_MS : Math.min(wait * 2, RETRY_MAX_MS);
        await pause(wait, signal);
      }
    }
  }

  /** Works under one lease until something ends it. */
  async #runSession(): Promise<void> {
    this.#session = new AbortController();
    const finished = new AbortController();
    // Also while to-dos under way come to their end: nobody else may carry them out meanwhile.
    const keeping = this.#leases.keep(finished.signal);
    try {
      await untilOneEnds(AbortSignal.any([this.#stopping.signal, this.#session.signal]), [
        (signal) => Promise.race([keeping, aborted(signal)]),
        (signal) => this.#work(signal),
      ]);
    } finally {
      await this.#serially(() => this.#writer.saveProgress()).catch(() => undefined);
      finished.abort();
      await keeping.catch(() => undefined);
      await this.#leases.release();
    }
  }

  /** Does nothing before it is certain that this is the log from which the rows were made. */
  async #work(signal: AbortSignal): Promise<void> {
    const checkpoint = await this.#writer.begin();
    await requireCheckpoint(this.stores.events, checkpoint, signal);
    if (signal.aborted) return;
    const isInLog = checkpoint === null || (await isRecord(this.stores.events, checkpoint));
    this.reached = isInLog ? (checkpoint?.position ?? null) : await this.#serially(() => this.#writer.goBack());
    this.failure = null;
    await untilOneEnds(signal, [
      (ending) => this.#follow(ending),
      (ending) => this.#watchDue(ending),
      (ending) => this.#watchParked(ending),
      (ending) => this.#watchTakeOver(ending),
    ]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    for await (const batch of this.stores.events.subscribe(this.reached, signal)) {
      const written = await this.#serially(() => this.#writer.apply(batch));
      this.reached = batch.position;
      this.#due.wakeFor(written);
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
      const worked = await this.#due.round(signal);
      await this.#serially(() => this.#writer.saveProgress());
      if (!worked) await this.#due.sleepUntilDue(signal);
    }
  }

  async #watchParked(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#writer.hasParked) this.#due.wakeFor(await this.#serially(() => this.#writer.retryParked()));
      await pause(PARKED_POLL_MS, signal);
    }
  }

  async #watchTakeOver(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#fills) {
      await this.#tryToTakeOver();
      await pause(TAKE_OVER_POLL_MS, signal);
    }
    await aborted(signal);
  }

  /** Where the active generation was made from another log, the head of this one is as far as there is to come. */
  async #tryToTakeOver(): Promise<void> {
    const { rows, events } = this.stores;
    const { active } = await rows.generations(this.copy);
    const isOfThisLog = await holdsCheckpoint(events, await rows.checkpoint({ ...this.copy, generation: active }));
    const head = isOfThisLog ? null : await events.head();
    await this.#serially(() => this.#writer.saveProgress());
    const isActive = await rows.takeOver(this.copy, (filled, before) => {
      const goal = isOfThisLog ? (before?.position ?? null) : head;
      return goal === null || (filled !== null && events.comparePositions(filled.position, goal) >= 0);
    });
    if (!isActive) return;
    this.#fills = false;
    this.wake();
  }

  async #mayAct(signal: AbortSignal): Promise<boolean> {
    if (this.#fills) return false;
    const right = await this.#leases.mayAct();
    if (right === 'another acts') return false;
    if (right === 'just taken') this.#actsFrom = undefined;
    if (this.#actsFrom === undefined) this.#actsFrom = await this.stores.events.head();
    while (!signal.aborted && this.#actsFrom !== null && !this.#hasReached(this.#actsFrom))
      await pause(CATCH_UP_POLL_MS, signal);
    return !signal.aborted;
  }

  #asHost(): DueWorkHost {
    const { model, copy, stores } = this;
    return {
      stores,
      model,
      copy,
      hasReached: (position) => this.#hasReached(position),
      mayAct: (signal) => this.#mayAct(signal),
      isParked: (key) => this.#writer.isParked(key),
      redescribe: (keys) => this.#serially(() => this.#writer.redescribe(keys)),
      settle: (row) =>
        this.#serially(async () => {
          if (await this.#writer.isStill(row)) await this.#writer.settle(row);
        }),
      postpone: (row, failedTry) =>
        this.#serially(async () => {
          if (!(await this.#writer.isStill(row))) return;
          const outcome = await stores.rows.postpone(copy, this.#leases.writing, row.key, failedTry);
          if (outcome === 'fenced') throw new LeaseLost();
        }),
    };
  }

  #hasReached(position: Position): boolean {
    return this.reached !== null && this.stores.events.comparePositions(this.reached, position) >= 0;
  }

  /** One writer: batches, renewed descriptions and postponements take turns. */
  #serially<Result>(work: () => Promise<Result>): Promise<Result> {
    const run = this.#queue.then(work, work);
    this.#queue = run.catch(() => undefined);
    return run;
  }
}

/** Runs loops side by side until one of them ends or the signal comes, then ends them all. @throws what the first one threw. */
async function untilOneEnds(
  signal: AbortSignal,
  loops: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  const running = loops.map((loop) => loop(ending.signal));
  try {
    await Promise.race(running);
  } finally {
    end();
    signal.removeEventListener('abort', end);
    await Promise.allSettled(running);
  }
}

const FAR_AWAY_MS = 2 ** 31 - 1;
const aborted = (signal: AbortSignal): Promise<void> =>
  sleep(FAR_AWAY_MS, undefined, { signal, ref: false }).catch(() => undefined);
