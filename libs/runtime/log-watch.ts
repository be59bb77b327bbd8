import { setTimeout as sleep } from 'node:timers/promises';
import {
  DOUBT_LIMIT_MS,
  DOUBT_PAUSE_MS,
  holdsCheckpoint,
  type Checkpoint,
  type CommandGate,
  type EventStore,
  type ReadModel,
  type ReadStore,
  type RunnerLog,
} from '#kernel';
import { partsOf } from './runners.js';

const LOOK_EVERY_MS = 2_000;

const FOREIGN =
  'The event store does not hold what was read from it before: it was restored from a backup, or is another one. ' +
  'Put the right one in its place, or take this one as it is with `npm run cli -- read-store adopt`.';
const UNVERIFIED = 'Whether the event store still is the one it was is not certain at the moment. Try again.';

/**
 * Looks again and again whether the log is the one that rows, claims and keys belong to, and lets no command through while
 * it is not, or while that cannot be told: what was acknowledged could else be written on top of a history that lacks it.
 */
export class LogWatch {
  readonly #stopping = new AbortController();
  #state: 'unverified' | 'ours' | 'foreign' = 'unverified';
  #doubtfulSince: number | null = null;
  #running: Promise<void> | null = null;

  constructor(
    private readonly stores: { readonly events: EventStore; readonly rows: ReadStore },
    private readonly models: readonly ReadModel[],
    gate: CommandGate,
    private readonly log: RunnerLog,
  ) {
    gate.closeWhile(() => (this.#state === 'ours' ? null : this.#state === 'foreign' ? FOREIGN : UNVERIFIED));
  }

  /** For health checks: `ok`, or what is wrong with the log. That a store cannot be asked is the store's fault and not the log's. */
  get state(): string {
    if (this.#state === 'foreign') return FOREIGN;
    return this.#doubtfulSince === null ? 'ok' : 'does not hold what was read from it; it is looked again';
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Looks once. What a store that is away cannot say stays open. */
  async look(): Promise<void> {
    const holds = await this.#holds().catch(() => null);
    if (holds === true) {
      this.#doubtfulSince = null;
      this.#become('ours');
      return;
    }
    if (holds === null) {
      if (this.#state === 'ours') this.#become('unverified');
      return;
    }
    this.#doubtfulSince ??= performance.now();
    const isCertain = performance.now() - this.#doubtfulSince >= DOUBT_LIMIT_MS;
    if (this.#state !== 'foreign') this.#become(isCertain ? 'foreign' : 'unverified');
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.look();
      const pauseMs = this.#state === 'ours' ? LOOK_EVERY_MS : DOUBT_PAUSE_MS;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  #become(state: 'unverified' | 'ours' | 'foreign'): void {
    if (state === this.#state) return;
    this.#state = state;
    if (state === 'foreign') this.log.warn({}, FOREIGN);
  }

  /** The newest anchor of all that queries read: what a shorter or another log lacks first. */
  async #holds(): Promise<boolean> {
    const { events, rows } = this.stores;
    const checkpoints = await Promise.all(
      partsOf(this.models).map(async ([, part]) => {
        const { active } = await rows.generations(part);
        return rows.checkpoint({ ...part, generation: active });
      }),
    );
    const newest = checkpoints.reduce<Checkpoint | null>((best, one) => {
      if (!one?.anchor) return best;
      const isNewer = !best?.anchor || events.comparePositions(one.anchor.position, best.anchor.position) > 0;
      return isNewer ? one : best;
    }, null);
    // Without an anchor the question is whether there is an answer at all.
    return newest === null ? (await events.head(), true) : holdsCheckpoint(events, newest);
  }
}
