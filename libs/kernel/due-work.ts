import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from './event.js';
import { StoreUnavailable } from './event-store.js';
import { isAutomation, type Automation, type ReadModel } from './read-model.js';
import type { DueRow, FailedTry, ReadModelCopy } from './read-store.js';
import { LeaseLost } from './row-writer.js';
import type { RunnerStores } from './runner-stores.js';

const DUE_PER_ROUND = 200;
const TODOS_AT_ONCE = 16;
/** How often the due rows are looked at when nothing wakes the runner: another process may have moved the time. */
const DUE_POLL_MS = 1_000;
const RETRY_FIRST_MS = 100;
const TODO_RETRY_MAX_MS = 5 * 60_000;
const TODO_MAX_TRIES = 12;
const CONSEQUENCE_POLL_MS = 2;

/** A store is away, or no command is accepted: that says nothing about the to-do, which stays as it is. */
const NOT_NOW = Symbol('not now');

/** What due work needs of the runner that it belongs to. */
export interface DueWorkHost {
  readonly stores: RunnerStores;
  readonly model: ReadModel;
  readonly copy: ReadModelCopy;
  hasReached(position: Position): boolean;
  /** Whether to-dos may be carried out here and now: waits for what was written before they could. */
  mayAct(signal: AbortSignal): Promise<boolean>;
  /** Whether the row's stream is parked: what the row says is out of date. */
  isParked(key: string): boolean;
  redescribe(keys: readonly string[]): Promise<readonly { readonly key: string; readonly reason: unknown }[]>;
  /** Removes the row, unless it has changed meanwhile. */
  settle(row: DueRow['row']): Promise<void>;
  /** Lets the row wait, unless it has changed meanwhile. */
  postpone(row: DueRow['row'], failedTry: FailedTry): Promise<void>;
}

/** What the passing of time asks for: descriptions made anew, and to-dos carried out. */
export class DueWork {
  #wake: () => void = () => undefined;
  #isWoken = false;
  /** The earliest due time when the rows were last looked at. */
  #nextDueAt: string | null = null;
  #underWay = 0;

  constructor(private readonly host: DueWorkHost) {}

  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** Looks at the due rows now: the clock was moved, or a row has become due earlier than was known. */
  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  wakeFor(written: readonly { readonly dueAt: string | null }[]): void {
    const isNews = written.some(({ dueAt }) => dueAt !== null && (this.#nextDueAt === null || dueAt < this.#nextDueAt));
    if (isNews) this.wake();
  }

  /** Works what is due. False when nothing was, or when it has to wait. */
  async round(signal: AbortSignal): Promise<boolean> {
    this.#isWoken = false;
    const { stores, model, copy } = this.host;
    // What is decided from a log that may be another one cannot be taken back.
    if (isAutomation(model) && stores.gate.refusal() !== null) return false;
    const look = (): Promise<readonly DueRow[]> =>
      stores.rows.due(copy, stores.clock.now().toISOString(), DUE_PER_ROUND);
    const due = await look();
    if (due.length === 0) return false;
    this.#underWay += 1;
    try {
      // Once it may act, the rows include what was done by whoever acted before: what is due is looked at again.
      if (isAutomation(model))
        return (await this.host.mayAct(signal)) && (await this.#carryOutAll(model, await look(), signal));
      await this.#redescribe(due);
      return true;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Sleeps until a row is due, until it is woken, or for DUE_POLL_MS. */
  async sleepUntilDue(signal: AbortSignal): Promise<void> {
    const { stores, copy } = this.host;
    const now = stores.clock.now();
    this.#nextDueAt = await stores.rows.nextDue(copy, now.toISOString());
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

  /** A row that cannot be described anew waits as a to-do does that fails. */
  async #redescribe(due: readonly DueRow[]): Promise<void> {
    const failed = await this.host.redescribe(due.map(({ row }) => row.key));
    for (const { key, reason } of failed) {
      const item = due.find(({ row }) => row.key === key);
      if (item) await this.#postpone(item, reason instanceof Error ? reason.name : 'unknown');
    }
  }

  /** False when some of it has to wait for a store. */
  async #carryOutAll(automation: Automation, due: readonly DueRow[], signal: AbortSignal): Promise<boolean> {
    const outcomes: (Position | null | typeof NOT_NOW)[] = [];
    for (let from = 0; from < due.length && !signal.aborted && !outcomes.includes(NOT_NOW); from += TODOS_AT_ONCE) {
      const some = due.slice(from, from + TODOS_AT_ONCE);
      outcomes.push(...(await Promise.all(some.map((item) => this.#carryOut(automation, item)))));
    }
    const positions = outcomes.filter((outcome) => typeof outcome === 'string');
    // The rows change as the consequences are projected: wait for that, so that nothing is carried out again in between.
    while (!signal.aborted && !positions.every((position) => this.host.hasReached(position)))
      await sleep(CONSEQUENCE_POLL_MS);
    return !outcomes.includes(NOT_NOW);
  }

  async #carryOut(automation: Automation, item: DueRow): Promise<Position | null | typeof NOT_NOW> {
    const { stores, model, copy } = this.host;
    const { row } = item;
    try {
      if (this.host.isParked(row.key)) {
        await this.#postpone(item, 'StreamParked');
        return null;
      }
      const stored = await stores.rows.load(copy, model.relatedKeys?.(row.body) ?? []);
      const related = new Map([...stored].map(([key, found]) => [key, found.body]));
      const outcome = await automation.carryOut({ key: row.key, body: row.body, related, now: stores.clock.now() });
      if ('done' in outcome) return outcome.done;
      if ('settled' in outcome) await this.host.settle(row);
      else if (outcome.later === 'unavailable') return NOT_NOW;
      else await this.#postpone(item, outcome.later);
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      const facts = { automation: model.name, row: row.key, failure: describeError(error) };
      stores.log.warn(facts, 'a to-do failed; it is tried again');
      if (error instanceof StoreUnavailable) return NOT_NOW;
      await this.#postpone(item, error instanceof Error ? error.name : 'unknown');
    }
    return null;
  }

  async #postpone({ row, postponement }: DueRow, reason: string): Promise<void> {
    const tries = (postponement?.tries ?? 0) + 1;
    const wait = Math.min(RETRY_FIRST_MS * 2 ** tries, TODO_RETRY_MAX_MS);
    await this.host.postpone(row, { tries, waitMs: tries >= TODO_MAX_TRIES ? null : wait, reason });
  }
}

/** The kind of an error and where it arose, without its text: that may quote data. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  return `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`;
}
