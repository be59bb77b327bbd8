import { copyLeaseName, type ReadModel, type ReadModelCopy, type ReadStore } from '#kernel';

const LOOK_EVERY_MS = 60_000;
/** A version that nobody has kept for so long belongs to no process any more, also where one is only being started anew. */
const UNUSED_FOR_MS = 10 * 60_000;
const PROBE_MS = 1;

/**
 * Drops copies of older versions once nobody keeps them. They would go stale otherwise, and hold personal data that is erased
 * everywhere else.
 */
export class OlderVersions {
  readonly #freeSince = new Map<string, number>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly rows: ReadStore,
    private readonly models: readonly ReadModel[],
    private readonly owner: string,
  ) {}

  async dropUnused(now = performance.now()): Promise<void> {
    if (now - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = now;
    for (const copy of await this.rows.listCopies()) if (this.#isOlder(copy)) await this.#dropIfUnused(copy, now);
  }

  #isOlder(copy: ReadModelCopy): boolean {
    return this.models.some(({ name, version }) => name === copy.name && version > copy.version);
  }

  async #dropIfUnused(copy: ReadModelCopy, now: number): Promise<void> {
    const name = copyLeaseName(copy);
    const probe = await this.rows.acquireLease(name, `${this.owner} looks`, PROBE_MS);
    if (probe === null) {
      this.#freeSince.delete(name);
      return;
    }
    await this.rows.releaseLease(probe);
    const since = this.#freeSince.get(name) ?? now;
    this.#freeSince.set(name, since);
    if (now - since < UNUSED_FOR_MS) return;
    await this.rows.drop(copy);
    this.#freeSince.delete(name);
  }
}
