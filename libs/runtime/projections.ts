import {
  StoreUnavailable,
  type Clock,
  type EventStore,
  type Position,
  type ReadModel,
  type ReadModelCopy,
  type ReadModelPart,
  type ReadModels,
  type ReadStore,
} from '#kernel';
import { partsOf } from './runners.js';

/** Lag is counted up to here: what lies further behind is `LAG_LIMIT_EVENTS` or more. */
const LAG_LIMIT_EVENTS = 1_000;

/** How far one partition of a read model or automation is behind the log. */
export interface ProjectionLag {
  readonly part: ReadModelPart;
  readonly position: Position | null;
  /** Events that are not in its rows yet, up to 1,000. */
  readonly events: number;
  /** Domain time since the oldest of them was written. */
  readonly seconds: number;
  readonly isFilling: boolean;
  readonly parkedStreams: number;
  readonly parkedTodos: number;
}

/** A read model or automation as operators see it. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly position: Position | null;
  readonly head: Position | null;
  readonly lag: number;
  readonly lagSeconds: number;
  /** `rebuilding` while another generation fills beside it. */
  readonly state: 'live' | 'catching-up' | 'rebuilding';
}

/** What waits for an operator, or for its next try. */
export interface Parked {
  /** Opaque; names it to `retry` and `skip`. */
  readonly id: string;
  readonly kind: 'stream' | 'todo';
  readonly projection: string;
  readonly version: number;
  readonly stream: string;
  /** The event that could not be folded; null for a to-do. */
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly tries: number;
  /** Real time; null when it waits for an operator. */
  readonly nextTryAt: string | null;
  /** The kind of the fault. */
  readonly reason: string;
}

/** No copy parks more streams; of to-dos so many are shown. */
const PARKED_LIMIT_PER_COPY = 10_000;

/** Looks after read models and automations from the stores alone, whatever processes keep them. */
export class Projections {
  constructor(
    private readonly stores: { readonly events: EventStore; readonly rows: ReadStore; readonly clock: Clock },
    private readonly models: readonly ReadModel[],
    private readonly readModels: ReadModels,
  ) {}

  /** How far each partition is behind. */
  async lags(): Promise<readonly ProjectionLag[]> {
    return this.#lags(await this.stores.events.head());
  }

  /** Each read model and automation by name, at its partition that is furthest behind. */
  async list(): Promise<readonly Projection[]> {
    const head = await this.stores.events.head();
    const lags = await this.#lags(head);
    return this.models
      .map(({ name, version }): Projection => {
        const all = lags.filter(({ part }) => part.name === name).sort((a, b) => b.events - a.events);
        const worst = all[0];
        const state = all.some(({ isFilling }) => isFilling) ? 'rebuilding' : worst?.events ? 'catching-up' : 'live';
        const { position = null, events: lag = 0, seconds: lagSeconds = 0 } = worst ?? {};
        return { name, version, position, head, lag, lagSeconds, state };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Lets another generation of every partition fill. Answers the newest number and the log's head, or null where there is no such read model. */
  async rebuild(name: string): Promise<{ readonly generation: number; readonly head: Position | null } | null> {
    const parts = partsOf(this.models.filter((model) => model.name === name));
    if (parts.length === 0) return null;
    const generations = await Promise.all(parts.map(([, part]) => this.stores.rows.fillAnother(part)));
    return { generation: Math.max(...generations), head: await this.stores.events.head() };
  }

  /** How far the generation that fills is, at the partition that is furthest behind; null where none fills. */
  async filling(name: string): Promise<{ readonly generation: number; readonly position: Position | null } | null> {
    const found = [];
    for (const [, part] of partsOf(this.models.filter((model) => model.name === name))) {
      const { filling: generation } = await this.stores.rows.generations(part);
      if (generation === null) continue;
      found.push({
        generation,
        position: (await this.stores.rows.checkpoint({ ...part, generation }))?.position ?? null,
      });
    }
    const { events } = this.stores;
    const byPosition = (a: Position | null, b: Position | null): number =>
      a === null || b === null ? Number(a !== null) - Number(b !== null) : events.comparePositions(a, b);
    return found.sort((a, b) => byPosition(a.position, b.position))[0] ?? null;
  }

  /**
   * Takes the log as it is for the right one: every read model and automation begins anew, from its first event.
   * Answers how many copies do.
   */
  async startAnew(): Promise<number> {
    const parts = partsOf(this.models);
    for (const [, part] of parts) await this.stores.rows.startAnew(part);
    return parts.length;
  }

  /** What is parked in active and filling copies, ordered by id, at most 10,000 of each kind in each copy. */
  async parked(): Promise<readonly Parked[]> {
    const found: Parked[] = [];
    for (const [model, part] of partsOf(this.models)) {
      for (const generation of await this.#generations(part)) {
        const copy = { ...part, generation };
        await this.stores.rows.prepare(model, copy);
        const { name: projection, version } = part;
        for (const { stream, eventId, eventType, tries, nextTryAt, reason } of await this.stores.rows.parkedStreams(
          copy,
          PARKED_LIMIT_PER_COPY,
        )) {
          const id = encodeId('stream', part, stream);
          found.push({ id, kind: 'stream', projection, version, stream, eventId, eventType, tries, nextTryAt, reason });
        }
        for (const { row, postponement } of await this.stores.rows.parkedRows(copy, PARKED_LIMIT_PER_COPY)) {
          if (postponement === null) continue;
          const waiting = { stream: row.key, eventId: null, eventType: null, ...postponement };
          found.push({ id: encodeId('todo', part, row.key), kind: 'todo', projection, version, ...waiting });
        }
      }
    }
    const unique = new Map(found.map((one) => [one.id, one]));
    return [...unique.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** Lets it be tried again at once. False when it is not parked (any more). */
  async retry(id: string): Promise<boolean> {
    return this.#each(id, async (kind, copy, key) =>
      kind === 'stream' ? this.stores.rows.retryStream(copy, key) : this.stores.rows.retryRow(copy, key),
    );
  }

  /**
   * Passes over the event that parks a stream, in every copy of this read model from now on, and goes on behind it. A to-do
   * cannot be skipped: what it stands for has to be done.
   */
  async skip(id: string): Promise<'skipped' | 'not-parked' | 'not-skippable'> {
    const parked = (await this.parked()).find((one) => one.id === id);
    if (!parked) return 'not-parked';
    if (parked.eventId === null) return 'not-skippable';
    await this.stores.rows.skipEvent(parked.projection, parked.eventId);
    await this.retry(id);
    return 'skipped';
  }

  async #each(
    id: string,
    work: (kind: Parked['kind'], copy: ReadModelCopy, key: string) => Promise<boolean>,
  ): Promise<boolean> {
    const named = decodeId(id);
    const found = named && partsOf(this.models).find(([, part]) => encodeId(named.kind, part, named.key) === id);
    if (!named || !found) return false;
    const [model, part] = found;
    const done: boolean[] = [];
    for (const generation of await this.#generations(part)) {
      const copy = { ...part, generation };
      await this.stores.rows.prepare(model, copy);
      done.push(await work(named.kind, copy, named.key));
    }
    return done.some(Boolean);
  }

  async #generations(part: ReadModelPart): Promise<readonly number[]> {
    const { active, filling } = await this.stores.rows.generations(part);
    return filling === null ? [active] : [active, filling];
  }

  async #lags(head: Position | null): Promise<readonly ProjectionLag[]> {
    const copies = await Promise.all(this.models.map((model) => this.readModels.copies(model)));
    return Promise.all(copies.flat().map((copy) => this.#lag(copy, head)));
  }

  async #lag(copy: ReadModelCopy, head: Position | null): Promise<ProjectionLag> {
    const { events, rows, clock } = this.stores;
    const [position, { filling }, parkedStreams, parkedTodos] = await Promise.all([
      this.readModels.position(copy),
      rows.generations(copy),
      rows.parkedStreams(copy, PARKED_LIMIT_PER_COPY),
      rows.countParked(copy),
    ]);
    const isThere = head === null || (position !== null && events.comparePositions(position, head) >= 0);
    const behind = isThere ? [] : (await readBehind(events, position)).events;
    const oldest = behind[0]?.metadata.occurredAt;
    return {
      part: copy,
      position,
      events: behind.length,
      seconds: oldest === undefined ? 0 : Math.max(0, (clock.now().getTime() - Date.parse(oldest)) / 1000),
      isFilling: filling !== null,
      parkedStreams: parkedStreams.length,
      parkedTodos,
    };
  }
}

/** A position that is not in the log has everything behind it: its read model waits for an operator. */
async function readBehind(events: EventStore, position: Position | null) {
  try {
    return await events.readAll(position, LAG_LIMIT_EVENTS);
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    return events.readAll(null, LAG_LIMIT_EVENTS);
  }
}

const encodeId = (kind: Parked['kind'], { name, version, partition }: ReadModelPart, key: string): string =>
  Buffer.from(JSON.stringify([kind, name, version, partition, key])).toString('base64url');

function decodeId(id: string): { readonly kind: Parked['kind']; readonly key: string } | null {
  try {
    const [kind, , , , key] = JSON.parse(Buffer.from(id, 'base64url').toString()) as [unknown, 0, 0, 0, unknown];
    return (kind === 'stream' || kind === 'todo') && typeof key === 'string' ? { kind, key } : null;
  } catch {
    return null;
  }
}
