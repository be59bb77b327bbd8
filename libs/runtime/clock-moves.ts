import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable, type Clock, type ReadStore } from '#kernel';
import type { Rest } from './rest.js';
import type { SandboxControls } from './sandbox-controls.js';

/** A move without progress for this long is given up; the clock stays at the step that it has reached. */
const PROGRESS_LIMIT_MS = 60_000;
const LEASE = 'sandbox-clock';
const LEASE_MS = 5_000;
const LEASE_RENEWAL_MS = 1_000;
const RETRY_MS = 100;

/** How long a whole move may take. */
export const MOVE_LIMIT_MS = 30 * 60_000;

interface Parts {
  readonly sandbox: SandboxControls;
  readonly rest: Rest;
  readonly rows: ReadStore;
  readonly clock: Clock;
}

/**
 * Moves the time from one due instant to the next up to a target, as if it had really passed: at each it waits until
 * everything that follows has happened. One move at a time, among all processes, holds a lease.
 */
export class ClockMoves {
  constructor(
    private readonly parts: Parts,
    private readonly progressLimitMs = PROGRESS_LIMIT_MS,
  ) {}

  /** The time at the end, or null when something does not come to rest: the same move then goes on from where it stopped. */
  async moveTo(target: Date): Promise<Date | null> {
    const owner = randomUUID();
    const deadline = performance.now() + MOVE_LIMIT_MS;
    if (!(await this.#takeTurn(owner, deadline))) return null;
    const renewal = setInterval(() => void this.#hold(owner).catch(() => null), LEASE_RENEWAL_MS);
    try {
      return await this.#step(target, deadline);
    } finally {
      clearInterval(renewal);
      await this.#release(owner).catch(() => undefined);
    }
  }

  async #step(target: Date, deadline: number): Promise<Date | null> {
    const { sandbox, rest, clock } = this.parts;
    let progressAt = performance.now();
    while (performance.now() < deadline && performance.now() - progressAt < this.progressLimitMs) {
      try {
        const restsAt = performance.now();
        if (!(await rest.come(this.progressLimitMs))) return null;
        progressAt += performance.now() - restsAt;
        const now = clock.now();
        if (now >= target) return now;
        const due = await rest.nextDue(now);
        // It stands there already when it was moved and this process has not heard of it yet.
        if (await sandbox.setClock(due !== null && due < target ? due : target)) progressAt = performance.now();
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
        await sleep(RETRY_MS);
      }
    }
    return null;
  }

  async #takeTurn(owner: string, deadline: number): Promise<boolean> {
    while (performance.now() < deadline) {
      if (await this.#hold(owner)) return true;
      await sleep(RETRY_MS);
    }
    return false;
  }

  async #hold(owner: string): Promise<boolean> {
    return (await this.parts.rows.acquireLease(LEASE, owner, LEASE_MS)) !== null;
  }

  async #release(owner: string): Promise<void> {
    const lease = await this.parts.rows.acquireLease(LEASE, owner, LEASE_MS);
    if (lease) await this.parts.rows.releaseLease(lease);
  }
}
