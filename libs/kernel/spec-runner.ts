import { setTimeout as sleep } from 'node:timers/promises';
import {
  CommandGate,
  ReadModelRunner,
  type Automation,
  type EventToAppend,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadStore,
  type RecordedEvent,
} from './index.js';
import { decodeNotes, notesReadModel, type NoteRow } from './spec-notes.js';
import { interposing, openSpecStores, type SpecStores } from './spec-stores.js';

export const HOUR_MS = 3_600_000;
const LIMIT_MS = 14_000;

/** Runners over stores of their own, and a log that they follow. */
export class RunnerStage {
  readonly warnings: object[] = [];
  readonly gate = new CommandGate();
  readonly #started: ReadModelRunner[] = [];
  readonly #revisions = new Map<string, number>();

  private constructor(readonly stores: SpecStores) {}

  static async open(): Promise<RunnerStage> {
    return new RunnerStage(await openSpecStores());
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#started.map((runner) => runner.stop()));
    await this.stores.dispose();
  }

  run(
    model: ReadModel<NoteRow> | Automation<NoteRow> = notesReadModel(),
    more: { rows?: Partial<ReadStore>; owner?: string; generation?: number; fills?: boolean } = {},
  ): ReadModelRunner {
    const { events, vault, clock } = this.stores;
    const rows = interposing(this.stores.rows, more.rows ?? {});
    const log = { warn: (facts: object) => this.warnings.push(facts) };
    const options = { owner: more.owner ?? 'one', generation: more.generation ?? 0, fills: more.fills ?? false };
    const stores = { events, rows, vault, clock, log, gate: this.gate, decode: decodeNotes };
    const runner = new ReadModelRunner(model, stores, options);
    this.#started.push(runner);
    runner.start();
    return runner;
  }

  /** Appends events, each to its own stream. Answers the last position. */
  async append(...events: readonly RecordedEvent[]): Promise<Position> {
    let position = '';
    for (const { stream, id, type, version, data, sealed, metadata } of events) {
      const toAppend: EventToAppend = { id, type, version, data, sealed, metadata };
      const result = await this.stores.events.append(stream, this.#revisions.get(stream) ?? 'no-stream', [toAppend]);
      if (result.outcome !== 'appended') throw new Error('The append was a conflict.');
      this.#revisions.set(stream, result.revision);
      position = result.position;
    }
    return position;
  }

  /** Waits until the runner has nothing left to do. */
  rest(runner: ReadModelRunner): Promise<void> {
    return until(async () => runner.isAtRest(await this.stores.events.head()));
  }

  /** Whether the runner's rows include everything that is in the log now. */
  async hasReached(runner: ReadModelRunner): Promise<boolean> {
    const head = await this.stores.events.head();
    return head === null || (runner.reached !== null && this.stores.events.comparePositions(runner.reached, head) >= 0);
  }

  /** Everything in a copy as one text. */
  async contentOf(copy: ReadModelCopy): Promise<string> {
    const rows = [];
    for await (const row of this.stores.rows.scan(copy)) rows.push(row);
    return JSON.stringify([rows, [...(await this.stores.rows.countsByPrefix(copy, ''))]]);
  }

  async countersOf({ copy }: ReadModelRunner): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(await this.stores.rows.countsByPrefix(copy, ''));
  }

  inAnHour(): string {
    return new Date(this.stores.clock.now().getTime() + HOUR_MS).toISOString();
  }
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('It did not come to that in time.');
    await sleep(5);
  }
}
