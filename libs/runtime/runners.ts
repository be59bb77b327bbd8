import { setTimeout as sleep } from 'node:timers/promises';
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

const REST_POLL_MS = 4;
/** How often rest has to be seen in a row: a command may be on its way from one runner to the log. */
const REST_SEEN_TIMES = 2;

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

  /** Whether every runner has reached this position. */
  haveReached(position: Position | null): boolean {
    const { events } = this.stores;
    return this.all.every(
      ({ reached }) => position === null || (reached !== null && events.comparePositions(reached, position) >= 0),
    );
  }

  /** Waits until everything that follows from what was written and from the time has happened. False when that takes longer. */
  async rest(limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs;
    for (let seen = 0; performance.now() < deadline;) {
      const head = await this.stores.events.head();
      const resting = await Promise.all(this.all.map((runner) => runner.isAtRest(head)));
      const unmoved = (await this.stores.events.head()) === head;
      seen = unmoved && resting.every(Boolean) ? seen + 1 : 0;
      if (seen >= REST_SEEN_TIMES) return true;
      await sleep(REST_POLL_MS);
    }
    return false;
  }

  /** The next instant at which the time asks something of a runner, or null. */
  async nextDue(after: Date): Promise<Date | null> {
    const instants = await Promise.all(
      this.all.map((runner) => this.stores.rows.nextDue(runner.copy, after.toISOString())),
    );
    const next = instants.filter((instant) => instant !== null).sort()[0];
    return next === undefined ? null : new Date(next);
  }
}
