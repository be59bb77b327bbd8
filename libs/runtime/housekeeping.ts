import { sweepIdempotency } from '#http';
import type { Clock, Vault } from '#kernel';
import type { OAuthFlows } from '#social-accounts';

const EVERY_MS = 60_000;
const SWEEP_LIMIT_ROWS = 500;

/** Removes what has outlived its time (answers of Idempotency-Keys, OAuth flows a day beyond their end) and overwrites what was destroyed. */
export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly vault: Vault,
    private readonly flows: OAuthFlows,
    private readonly clock: Clock,
    private readonly warn: (facts: object, message: string) => void,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.sweep();
    }, EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#sweeping;
  }

  async sweep(): Promise<void> {
    try {
      const now = this.clock.now();
      await sweepIdempotency(this.vault.store, now, SWEEP_LIMIT_ROWS);
      await this.flows.sweep(now, SWEEP_LIMIT_ROWS);
      await this.vault.scrub();
    } catch (error) {
      this.warn(
        { failure: error instanceof Error ? error.name : 'unknown' },
        'housekeeping is put off to its next turn',
      );
    }
  }
}
