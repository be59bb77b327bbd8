import type { Lease, ReadModel, ReadModelRunner, ReadStore } from '#kernel';

const PRESENCE_MS = 5_000;
const LOOK_EVERY_MS = 2_000;
/** Longer than it takes the others to ask for a lease that has become free: who has given it up asks again if none has by then. */
const ASIDE_MS = 3_000;

/**
 * Shares the runners among the processes that could have them. Whoever starts first takes every lease; when others come, it
 * gives up one after the other until all have as many, give or take one.
 */
export class FairShare {
  readonly #group: string;
  #presence: Lease | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly rows: ReadStore,
    models: readonly ReadModel[],
    private readonly owner: string,
  ) {
    // Processes with other roles or of another version keep other models, and have nothing to share with this one.
    this.#group = `keeping ${models.map(({ name, version }) => `${name}@${version}`).join()} `;
  }

  /** Says that this process is there, and gives up a runner where it has more than its share. To be called again and again. */
  async keep(runners: readonly ReadModelRunner[], now = performance.now()): Promise<void> {
    if (runners.length === 0 || now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    this.#presence = await this.rows.acquireLease(`${this.#group}${this.owner}`, this.owner, PRESENCE_MS);
    const processes = await this.rows.leaseHolders(this.#group);
    const share = Math.ceil(runners.length / Math.max(1, processes.length));
    const ours = runners.filter(({ isAtWork }) => isAtWork);
    if (ours.length > share) ours.at(-1)?.standAside(ASIDE_MS);
  }

  async leave(): Promise<void> {
    if (this.#presence) await this.rows.releaseLease(this.#presence).catch(() => undefined);
  }
}
