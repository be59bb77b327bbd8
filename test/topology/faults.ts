import { setTimeout as sleep } from 'node:timers/promises';
import type { MongoDb } from '../support/mongodb/start-mongodb.js';
import type { SpawnedProgram } from '../support/service/spawned-program.js';
import type { Chance } from '../crash/chance.js';

const KILL_EVERY_MS = 3_000;
/** How long a store stays away when it is stopped. */
const STORE_AWAY_MS = 1_000;

/** What can be killed, and the stores that can be taken away; an embedded one goes with its process. */
export interface Targets {
  readonly ours: readonly SpawnedProgram[];
  readonly events: SpawnedProgram | null;
  readonly mongo: Pick<MongoDb, 'kill' | 'restart'> | null;
}

export interface Plan {
  readonly durationMs: number;
  /** How often each store is stopped and started in that time. */
  readonly eventStoreStops: number;
  readonly mongoStops: number;
}

/** What a time of faults did. */
export interface FaultTally {
  kills: number;
  eventStoreStops: number;
  mongoStops: number;
}

/** Kills and stops by a plan. `over` resolves when everything has been started again. */
export class TimeOfFaults {
  readonly tally: FaultTally = { kills: 0, eventStoreStops: 0, mongoStops: 0 };
  readonly over: Promise<void>;
  readonly #stopping = new AbortController();
  #isOver = false;
  #until: number;
  readonly #starts = new Map<SpawnedProgram, Promise<void>>();

  constructor(
    private readonly targets: Targets,
    private readonly plan: Plan,
    private readonly chance: Chance,
  ) {
    this.#until = performance.now() + plan.durationMs;
    this.over = Promise.all([this.#killAgainAndAgain(), this.#stopEventStore(), this.#stopMongo()]).then(async () => {
      await Promise.all(this.#starts.values());
      this.#isOver = true;
    });
    // Whoever waits hears of a failure; meanwhile it must not end the process.
    this.over.catch(() => (this.#isOver = true));
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it before its time, with everything started again. */
  async stop(): Promise<void> {
    this.#until = performance.now();
    this.#stopping.abort();
    await this.over.catch(() => undefined);
  }

  async #killAgainAndAgain(): Promise<void> {
    for (let at = performance.now() + KILL_EVERY_MS; at < this.#until; at += KILL_EVERY_MS) {
      await this.#pause(at - performance.now());
      const up = this.targets.ours.filter(({ isUp }) => isUp);
      const victim = up[this.chance.below(up.length)];
      // One that is on its way up is left alone: else a slow machine would only ever see starts.
      if (victim === undefined) continue;
      await victim.end('SIGKILL');
      this.tally.kills += 1;
      const started = victim.start();
      // A start that fails fails the run; it is looked at when the time is over.
      started.catch(() => undefined);
      this.#starts.set(victim, started);
    }
  }

  async #stopEventStore(): Promise<void> {
    const { events } = this.targets;
    if (events === null) return;
    await this.#spread(this.plan.eventStoreStops, async () => {
      await events.end('SIGKILL');
      this.tally.eventStoreStops += 1;
      await sleep(STORE_AWAY_MS);
      await events.start();
    });
  }

  async #stopMongo(): Promise<void> {
    const { mongo } = this.targets;
    if (mongo === null) return;
    await this.#spread(this.plan.mongoStops, async () => {
      await mongo.kill();
      this.tally.mongoStops += 1;
      await sleep(STORE_AWAY_MS);
      await mongo.restart();
    });
  }

  /** Does something so often, in the middle of as many equal parts of the time. */
  async #spread(times: number, act: () => Promise<void>): Promise<void> {
    const partMs = this.plan.durationMs / Math.max(1, times);
    const from = performance.now();
    for (let index = 0; index < times; index += 1) {
      await this.#pause(from + (index + 0.5) * partMs - performance.now());
      if (this.#stopping.signal.aborted) return;
      await act();
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#stopping;
    await sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
  }
}
