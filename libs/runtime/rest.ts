import { setTimeout as sleep } from 'node:timers/promises';
import {
  StoreUnavailable,
  type Clock,
  type EventStore,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadModels,
  type ReadStore,
} from '#kernel';

const REST_POLL_MS = 4;
const REST_POLL_MAX_MS = 50;

/** One copy of a read model, and how far it has come. */
interface Standing {
  readonly model: ReadModel;
  readonly copy: ReadModelCopy;
  readonly position: Position | null;
}

interface Look {
  readonly isAtRest: boolean;
  readonly picture: string;
}

/** While a store is away nothing gets on. */
function asStandstill(error: unknown): Look {
  if (!(error instanceof StoreUnavailable)) throw error;
  return { isAtRest: false, picture: '' };
}

interface Stores {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly clock: Clock;
}

/**
 * Whether everything that follows from what was written and from the time has happened. It is read from the stores and not
 * from this process's own runners, so that it is right for any number of processes.
 */
export class Rest {
  /** Copies whose rows this process may ask for, by name. */
  readonly #prepared = new Set<string>();

  constructor(
    private readonly stores: Stores,
    private readonly models: readonly ReadModel[],
    private readonly readModels: ReadModels,
  ) {}

  /** Makes every copy readable in this process, whoever keeps it up to date. */
  async prepare(): Promise<void> {
    await this.#standings();
  }

  /** Whether every read model and automation has reached this position. */
  async haveReached(position: Position | null): Promise<boolean> {
    const standings = await this.#standings();
    return (await Promise.all(standings.map((standing) => this.#hasReached(standing, position)))).every(Boolean);
  }

  /** Waits for rest. False once nothing has moved for `limitMs` of real time although there is something left to do. */
  async come(limitMs: number): Promise<boolean> {
    let deadline = performance.now() + limitMs;
    let pause = REST_POLL_MS;
    for (let before = ''; ;) {
      const { isAtRest, picture } = await this.#look().catch(asStandstill);
      if (isAtRest) return true;
      if (picture === before) pause = Math.min(pause * 2, REST_POLL_MAX_MS);
      else [deadline, pause] = [performance.now() + limitMs, REST_POLL_MS];
      if (performance.now() >= deadline) return false;
      before = picture;
      await sleep(pause);
    }
  }

  /** The next instant at which the time asks something of a read model or automation, or null. */
  async nextDue(after: Date): Promise<Date | null> {
    const { rows } = this.stores;
    const standings = await this.#standings();
    const instants = await Promise.all(standings.map(({ copy }) => rows.nextDue(copy, after.toISOString())));
    const next = instants.filter((instant) => instant !== null).sort()[0];
    return next === undefined ? null : new Date(next);
  }

  /**
   * Whether there is rest, and a picture of how things stand, which changes whenever something gets on. What is due stays due
   * until its consequences are in the log and projected, so one look is enough when the head has not moved meanwhile.
   */
  async #look(): Promise<Look> {
    const { events, rows, clock } = this.stores;
    const head = await events.head();
    const standings = await this.#standings();
    const positions = standings.map(({ position }) => position);
    const reached = await Promise.all(standings.map((standing) => this.#hasReached(standing, head)));
    if (!reached.every(Boolean)) return { isAtRest: false, picture: JSON.stringify([head, positions]) };
    const now = clock.now().toISOString();
    const due = await Promise.all(standings.map(async ({ copy }) => (await rows.due(copy, now, 1))[0]));
    const isAtRest = due.every((row) => row === undefined) && (await events.head()) === head;
    const left = due.map((found) => found && [found.row.key, found.row.dueAt, found.postponement?.tries]);
    return { isAtRest, picture: JSON.stringify([head, positions, left]) };
  }

  /** A runner of this process knows of progress that is not saved yet; one that lost its lease knows less than the store. */
  async #hasReached({ copy, position }: Standing, target: Position | null): Promise<boolean> {
    if (target === null || this.#isThere(position, target)) return true;
    return this.#isThere((await this.stores.rows.checkpoint(copy))?.position ?? null, target);
  }

  #isThere(position: Position | null, target: Position): boolean {
    return position !== null && this.stores.events.comparePositions(position, target) >= 0;
  }

  async #standings(): Promise<readonly Standing[]> {
    const standings = await Promise.all(
      this.models.map(async (model) => {
        const found = await this.readModels.allReady(model, null);
        // Without a position to wait for there is nothing that could be late.
        if (!Array.isArray(found)) return [];
        return (found as readonly Omit<Standing, 'model'>[]).map((ready) => ({ model, ...ready }));
      }),
    );
    const all = standings.flat();
    await Promise.all(all.map(({ model, copy }) => this.#prepareCopy(model, copy)));
    return all;
  }

  async #prepareCopy(model: ReadModel, copy: ReadModelCopy): Promise<void> {
    const { name, version, generation, partition } = copy;
    const id = `${name}@${version}.${generation}/${partition}`;
    if (this.#prepared.has(id)) return;
    await this.stores.rows.prepare(model, copy);
    this.#prepared.add(id);
  }
}
