import type { Position } from './event.js';
import type { EventStore } from './event-store.js';
import { partitionOf, type ReadModel } from './read-model.js';
import type { ReadModelCopy, ReadStore } from './read-store.js';
import { Refusal } from './refusal.js';

const READ_AFTER_LIMIT_MS = 2_000;
const FIRST_POLL_MS = 2;
const MAX_POLL_MS = 100;
/** So long it may take until queries read from a generation that took over. The one before is there for a minute longer. */
const ACTIVE_KNOWN_MS = 250;

/** A copy of a read model that is at least as new as was asked for, and the position it was read at. */
export interface ReadyCopy {
  readonly copy: ReadModelCopy;
  readonly position: Position | null;
}

/** How far a copy has come, by the runner of this process that keeps it; undefined where none does. */
type ReachedHere = (copy: ReadModelCopy) => Position | null | undefined;

/** Which copies queries read from, and how they wait for what their caller was told. */
export class ReadModels {
  readonly #active = new Map<string, { readonly copy: ReadModelCopy; readonly until: number }>();
  readonly #prepared = new Set<string>();
  /** Copies that have had a position. */
  readonly #seen = new Set<string>();
  readonly #asked = new Map<string, Promise<Position | null>>();
  /** By copy, what wakes those who wait for it. */
  readonly #waiting = new Map<string, Set<() => void>>();
  #isListening = false;
  #reachedHere: ReachedHere = () => undefined;

  constructor(
    private readonly rows: ReadStore,
    private readonly events: EventStore,
  ) {}

  /** Says how far runners of this process are: waiting for them needs no look into the store. */
  serveLocally(reached: ReachedHere): void {
    this.#reachedHere = reached;
  }

  /** The copies of all partitions that queries read from. */
  copies(model: ReadModel): Promise<readonly ReadModelCopy[]> {
    return Promise.all(Array.from({ length: model.partitions }, (_, partition) => this.#copy(model, partition)));
  }

  /** The workspace's copy once it includes `after`; `read-behind` when that takes longer than 2 s. */
  async ready(model: ReadModel, workspaceId: string, after: Position | null): Promise<ReadyCopy | Refusal> {
    return this.#wait(model, partitionOf(workspaceId, model.partitions), after);
  }

  /** Every copy, each including `after`: for queries over several workspaces. */
  async allReady(model: ReadModel, after: Position | null): Promise<readonly ReadyCopy[] | Refusal> {
    const partitions = Array.from({ length: model.partitions }, (_, partition) => partition);
    const waited = await Promise.all(partitions.map((partition) => this.#wait(model, partition, after)));
    return waited.find((one) => one instanceof Refusal) ?? (waited as readonly ReadyCopy[]);
  }

  /** Waits until the workspace's copy includes the position, at most `limitMs`. */
  async hasReached(model: ReadModel, workspaceId: string, after: Position, limitMs: number): Promise<boolean> {
    const partition = partitionOf(workspaceId, model.partitions);
    return !((await this.#wait(model, partition, after, limitMs)) instanceof Refusal);
  }

  /** How far a copy has come. */
  async position(copy: ReadModelCopy): Promise<Position | null> {
    return this.#reachedHere(copy) ?? this.#storedPosition(copy);
  }

  async #wait(
    model: ReadModel,
    partition: number,
    after: Position | null,
    limitMs = READ_AFTER_LIMIT_MS,
  ): Promise<ReadyCopy | Refusal> {
    const deadline = performance.now() + limitMs;
    this.#listen();
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 2, MAX_POLL_MS)) {
      const copy = await this.#copy(model, partition);
      const position = await this.position(copy);
      if (this.#isThere(copy, position) && this.#includes(position, after)) return { copy, position };
      if (performance.now() >= deadline) {
        return new Refusal('read-behind', 'What you were told is not readable yet. Try again.', {
          retryAfterSeconds: 1,
        });
      }
      await this.#untilMoved(copy, wait);
    }
  }

  /** A copy of an older version is dropped once newer workers serve a newer one: it is gone then, and not empty. */
  #isThere(copy: ReadModelCopy, position: Position | null): boolean {
    if (position !== null) this.#seen.add(copyName(copy));
    return position !== null || !this.#seen.has(copyName(copy));
  }

  /** A position of another store's form counts as reached. */
  #includes(position: Position | null, after: Position | null): boolean {
    if (after === null || !this.events.isPosition(after)) return true;
    return position !== null && this.events.comparePositions(position, after) >= 0;
  }

  /** Checkpoints are told of as they move; since that is a hint, they are looked at all the same. */
  #listen(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    this.rows.onCheckpoint((copy) => {
      // A runner of this process knows of what it saved a moment later.
      setImmediate(() => this.#waiting.get(copyName(copy))?.forEach((wake) => wake()));
    });
  }

  #untilMoved(copy: ReadModelCopy, limitMs: number): Promise<void> {
    const name = copyName(copy);
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting);
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limitMs);
      waiting.add(wake);
    });
  }

  /** One look into the store for all who ask while it is under way. */
  #storedPosition(copy: ReadModelCopy): Promise<Position | null> {
    const name = copyName(copy);
    const asked =
      this.#asked.get(name) ??
      this.rows
        .checkpoint(copy)
        .then((checkpoint) => checkpoint?.position ?? null)
        .finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  async #copy(model: ReadModel, partition: number): Promise<ReadModelCopy> {
    const part = { name: model.name, version: model.version, partition };
    const key = `${part.name}/${part.version}/${partition}`;
    const known = this.#active.get(key);
    if (known && performance.now() < known.until) return known.copy;
    const { active } = await this.rows.generations(part);
    const copy: ReadModelCopy = { ...part, generation: active };
    if (!this.#prepared.has(copyName(copy))) {
      await this.rows.prepare(model, copy);
      this.#prepared.add(copyName(copy));
    }
    this.#active.set(key, { copy, until: performance.now() + ACTIVE_KNOWN_MS });
    return copy;
  }
}

const copyName = (copy: ReadModelCopy): string => `${copy.name}/${copy.version}/${copy.generation}/${copy.partition}`;
