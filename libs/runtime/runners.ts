import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeEvent,
  parseStreamName,
  ReadModelRunner,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadModelPart,
  type ReadModels,
  type RecordedEvent,
  type RunnerStores,
  type StreamDefinition,
} from '#kernel';
import { FairShare } from './fair-share.js';
import { OlderVersions } from './older-versions.js';

/** How often it is looked which generations there are. */
const LOOK_EVERY_MS = 500;
/** Queries that began on a generation before another took over must come to their end. */
const RETIRED_KEPT_MS = 60_000;

/** A definition as far as decoding needs it. */
type AnyStream = Pick<StreamDefinition, 'category' | 'events'>;

/**
 * Every read model and automation that this process may keep up to date: a runner for each generation that is active or
 * fills. Other processes have the same runners; the leases say whose turn it is.
 */
export class Runners {
  readonly #runners = new Map<string, ReadModelRunner>();
  readonly #stores: RunnerStores;
  readonly #owner = randomUUID();
  readonly #stopping = new AbortController();
  readonly #older: OlderVersions;
  readonly #fairShare: FairShare;
  #looking: Promise<void> | null = null;

  constructor(
    stores: Omit<RunnerStores, 'decode'>,
    streams: readonly AnyStream[],
    readonly models: readonly ReadModel[],
    readModels: ReadModels,
  ) {
    this.#stores = { ...stores, decode: decoderOf(streams) };
    this.#older = new OlderVersions(stores.rows, models, this.#owner);
    this.#fairShare = new FairShare(stores.rows, models, this.#owner);
    readModels.serveLocally((copy) => this.#reached(copy));
    stores.clock.onMoved(() => this.all.forEach((runner) => runner.wake()));
  }

  get all(): readonly ReadModelRunner[] {
    return [...this.#runners.values()];
  }

  start(): void {
    this.#looking ??= this.#keepLooking();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
    await Promise.all(this.all.map((runner) => runner.stop()));
    await this.#fairShare.leave();
  }

  #reached(copy: ReadModelCopy): Position | null | undefined {
    const runner = this.#runners.get(nameOf(copy));
    // What another process keeps has come further than what this one remembers of it.
    return runner?.isAtWork ? runner.reached : undefined;
  }

  async #keepLooking(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        for (const [model, part] of partsOf(this.models)) await this.#look(model, part);
        await this.#fairShare.keep(this.all);
        await this.#older.dropUnused();
      } catch (error) {
        const failure = error instanceof Error ? error.name : 'unknown';
        this.#stores.log.warn({ failure }, 'which read models there are cannot be seen; it is looked again');
      }
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Starts what is missing, ends what another generation took over from, and drops that once nobody reads it any more. */
  async #look(model: ReadModel, part: ReadModelPart): Promise<void> {
    const { active, filling, retired } = await this.#stores.rows.generations(part);
    this.#ensure(model, { ...part, generation: active }, false);
    if (filling !== null) this.#ensure(model, { ...part, generation: filling }, true);
    for (const runner of this.all) {
      const { copy } = runner;
      const isOfPart = copy.name === part.name && copy.partition === part.partition;
      if (!isOfPart || copy.generation === active || copy.generation === filling) continue;
      await runner.stop();
      this.#runners.delete(nameOf(copy));
    }
    for (const { generation, forMs } of retired)
      if (forMs > RETIRED_KEPT_MS) await this.#stores.rows.drop({ ...part, generation });
  }

  #ensure(model: ReadModel, copy: ReadModelCopy, fills: boolean): void {
    if (this.#runners.has(nameOf(copy)) || this.#stopping.signal.aborted) return;
    const { partition, generation } = copy;
    const runner = new ReadModelRunner(model, this.#stores, { owner: this.#owner, partition, generation, fills });
    this.#runners.set(nameOf(copy), runner);
    runner.start();
  }
}

/** Each partition of each read model. */
export const partsOf = (models: readonly ReadModel[]): readonly (readonly [ReadModel, ReadModelPart])[] =>
  models.flatMap((model) =>
    Array.from({ length: model.partitions }, (_, partition) => {
      const { name, version } = model;
      return [model, { name, version, partition }] as const;
    }),
  );

const nameOf = ({ name, version, generation, partition }: ReadModelCopy): string =>
  `${name}@${version}.${generation}/${partition}`;

function decoderOf(streams: readonly AnyStream[]): RunnerStores['decode'] {
  const byCategory = new Map(streams.map((definition) => [definition.category, definition]));
  return (recorded: RecordedEvent) => {
    const definition = byCategory.get(parseStreamName(recorded.stream).category);
    if (!definition) throw new Error('An event of a stream that no capability owns.');
    return decodeEvent(definition as StreamDefinition, recorded);
  };
}
