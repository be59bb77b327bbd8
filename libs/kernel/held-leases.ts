import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from './event-store.js';
import type { Lease, ReadModelCopy, ReadStore } from './read-store.js';
import { LeaseLost } from './row-writer.js';

const LEASE_MS = 5_000;
const LEASE_RENEWAL_MS = 1_500;
const LEASE_RETRY_MS = 500;

/** What the name of every copy's lease begins with. */
export const COPY_LEASES = 'copy ';

/** The lease under which a copy is written. */
export const copyLeaseName = ({ name, version, generation, partition }: ReadModelCopy): string =>
  `${COPY_LEASES}${name}@${version}.${generation}/${partition}`;

/** The leases of one runner: the one under which it writes its copy, and the one under which an automation acts. */
export class HeldLeases {
  readonly #owner: string;
  #copy: Lease | null = null;
  #acting: Lease | null = null;

  /** @param owner names one start of one process. */
  constructor(
    private readonly rows: ReadStore,
    private readonly copy: ReadModelCopy,
    owner: string,
  ) {
    // Another generation may be kept by the same process, and is another owner all the same.
    this.#owner = `${owner} ${copy.version}.${copy.generation}`;
  }

  get isHeld(): boolean {
    return this.#copy !== null;
  }

  /** The copy's lease. @throws LeaseLost */
  get writing(): Lease {
    if (!this.#copy) throw new LeaseLost();
    return this.#copy;
  }

  /** Waits for the copy's lease. False when the signal came first. */
  async take(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      this.#copy = await this.rows.acquireLease(copyLeaseName(this.copy), this.#owner, LEASE_MS);
      if (this.#copy) return true;
      await pause(LEASE_RETRY_MS, signal);
    }
    return false;
  }

  /** Waits until somebody else has the copy's lease, for so long at most: from then on it may be asked for as ever. */
  async leaveToAnother(limitMs: number, signal: AbortSignal): Promise<void> {
    const name = copyLeaseName(this.copy);
    for (const until = performance.now() + limitMs; !signal.aborted && performance.now() < until;) {
      await pause(Math.min(LEASE_RETRY_MS, until - performance.now()), signal);
      if ((await this.rows.leaseHolders(name)).some((holder) => holder.name === name)) return;
    }
  }

  /** The right to carry out the to-dos of this automation and partition: one holder, whatever versions and generations there are. */
  async mayAct(): Promise<'just taken' | 'held' | 'another acts'> {
    if (this.#acting) return 'held';
    const { name, partition } = this.copy;
    this.#acting = await this.rows.acquireLease(`acting ${name}/${partition}`, this.#owner, LEASE_MS);
    return this.#acting ? 'just taken' : 'another acts';
  }

  /** Prolongs what is held until the signal; while the store is away, it is held as long as nobody else has it. @throws LeaseLost */
  async keep(signal: AbortSignal): Promise<void> {
    for (let wait = LEASE_RENEWAL_MS; ;) {
      await pause(wait, signal);
      if (signal.aborted) return;
      wait = (await this.#prolong()) ? LEASE_RENEWAL_MS : LEASE_RETRY_MS;
    }
  }

  /** False when the store cannot say. @throws LeaseLost */
  async #prolong(): Promise<boolean> {
    for (const held of [this.#copy, this.#acting]) {
      if (!held) continue;
      try {
        const lease = await this.rows.acquireLease(held.name, this.#owner, LEASE_MS);
        if (lease?.fence !== held.fence) throw new LeaseLost();
      } catch (error) {
        if (error instanceof StoreUnavailable) return false;
        throw error;
      }
    }
    return true;
  }

  /** Whoever comes next need not wait until they lapse. */
  async release(): Promise<void> {
    const held = [this.#acting, this.#copy];
    this.#acting = this.#copy = null;
    for (const lease of held) if (lease) await this.rows.releaseLease(lease).catch(() => undefined);
  }
}

export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).catch(() => undefined);
