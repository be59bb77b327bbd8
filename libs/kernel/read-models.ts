import { setTimeout as sleep } from 'node:timers/promises';
import type { Position } from './event.js';
import type { EventStore } from './event-store.js';
import { partitionOf, type ReadModel } from './read-model.js';
import type { ReadModelRunner } from './read-model-runner.js';
import type { ReadModelCopy, ReadStore } from './read-store.js';
import { Refusal } from './refusal.js';

const READ_AFTER_LIMIT_MS = 2_000;
const FIRST_POLL_MS = 2;
const MAX_POLL_MS = 50;

/** A copy of a read model that is at least as new as was asked for, and the position it was read at. */
export interface ReadyCopy {
  readonly copy: ReadModelCopy;
  readonly position: Position | null;
}

/** Which copies queries read from, and how they wait for what their caller was told. */
export class ReadModels {
  readonly #runners = new Map<string, ReadModelRunner>();

  constructor(
    private readonly rows: ReadStore,
    private readonly events: EventStore,
  ) {}

  /** Names a runner of this process: waiting for it needs no look into the store. */
  serveLocally(runner: ReadModelRunner): void {
    this.#runners.set(copyName(runner.copy), runner);
  }

  /** The copies of all partitions. */
  copies(model: ReadModel): readonly ReadModelCopy[] {
    return Array.from({ length: model.partitions }, (_, partition) => this.#copy(model, partition));
  }

  /** The workspace's copy once it includes `after`; `read-behind` when that takes longer than 2 s. */
  async ready(model: ReadModel, workspaceId: string, after: Position | null): Promise<ReadyCopy | Refusal> {
    return this.#wait(this.#copy(model, partitionOf(workspaceId, model.partitions)), after);
  }

  /** Every copy, each including `after`: for queries over several workspaces. */
  async allReady(model: ReadModel, after: Position | null): Promise<readonly ReadyCopy[] | Refusal> {
    const waited = await Promise.all(this.copies(model).map((copy) => this.#wait(copy, after)));
    return waited.find((one) => one instanceof Refusal) ?? (waited as readonly ReadyCopy[]);
  }

  /** Waits until the workspace's copy includes the position, at most `limitMs`. */
  async hasReached(model: ReadModel, workspaceId: string, after: Position, limitMs: number): Promise<boolean> {
    const copy = this.#copy(model, partitionOf(workspaceId, model.partitions));
    return !((await this.#wait(copy, after, limitMs)) instanceof Refusal);
  }

  async #wait(
    copy: ReadModelCopy,
    after: Position | null,
    limitMs = READ_AFTER_LIMIT_MS,
  ): Promise<ReadyCopy | Refusal> {
    const deadline = performance.now() + limitMs;
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 2, MAX_POLL_MS)) {
      const position = await this.#position(copy);
      if (after === null || (position !== null && this.events.comparePositions(position, after) >= 0))
        return { copy, position };
      if (!this.events.isPosition(after)) return { copy, position };
      if (performance.now() >= deadline) {
        return new Refusal('read-behind', 'What you were told is not readable yet. Try again.', {
          retryAfterSeconds: 1,
        });
      }
      await sleep(wait);
    }
  }

  async #position(copy: ReadModelCopy): Promise<Position | null> {
    const runner = this.#runners.get(copyName(copy));
    if (runner?.reached) return runner.reached;
    return (await this.rows.checkpoint(copy))?.position ?? null;
  }

  #copy(model: ReadModel, partition: number): ReadModelCopy {
    return { name: model.name, version: model.version, generation: 0, partition };
  }
}

const copyName = (copy: ReadModelCopy): string => `${copy.name}/${copy.version}/${copy.generation}/${copy.partition}`;
