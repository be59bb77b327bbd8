import { randomUUID } from 'node:crypto';
import {
  decodeEvent,
  parseStreamName,
  ReadModelRunner,
  type Clock,
  type EventStore,
  type Position,
  type ReadModel,
  type ReadModels,
  type ReadStore,
  type RecordedEvent,
  type RunnerLog,
  type StreamDefinition,
  type Vault,
} from '#kernel';

/** A definition as far as decoding needs it. */
type AnyStream = Pick<StreamDefinition, 'category' | 'events'>;

/** Every read model and automation that this process keeps up to date. */
export class Runners {
  readonly all: readonly ReadModelRunner[];

  constructor(
    private readonly stores: {
      readonly events: EventStore;
      readonly rows: ReadStore;
      readonly vault: Vault;
      readonly clock: Clock;
      readonly log: RunnerLog;
    },
    streams: readonly AnyStream[],
    models: readonly ReadModel[],
    readModels: ReadModels,
  ) {
    const owner = randomUUID();
    const byCategory = new Map(streams.map((definition) => [definition.category, definition]));
    const decode = (recorded: RecordedEvent): { readonly type: string; readonly data: object } => {
      const definition = byCategory.get(parseStreamName(recorded.stream).category);
      if (!definition) throw new Error('An event of a stream that no capability owns.');
      return decodeEvent(definition as StreamDefinition, recorded);
    };
    this.all = models.flatMap((model) =>
      Array.from(
        { length: model.partitions },
        (_, partition) => new ReadModelRunner(model, { ...stores, decode }, { owner, partition }),
      ),
    );
    for (const runner of this.all) readModels.serveLocally(runner);
    stores.clock.onMoved(() => this.all.forEach((runner) => runner.wake()));
  }

  start(): void {
    for (const runner of this.all) runner.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((runner) => runner.stop()));
  }

  /** How far each runner stands. */
  async progress(): Promise<
    readonly {
      readonly name: string;
      readonly version: number;
      readonly position: Position | null;
      readonly failure: string | null;
    }[]
  > {
    return this.all.map(({ model, reached, failure }) => ({
      name: model.name,
      version: model.version,
      position: reached,
      failure,
    }));
  }
}
