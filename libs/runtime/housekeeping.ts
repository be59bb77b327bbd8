import { setImmediate as nextTurn } from 'node:timers/promises';
import { sweepIdempotency } from '#http';
import type { Clock, Vault } from '#kernel';
import type { OAuthFlows } from '#social-accounts';

const PAUSE_MS = 60_000;
/** What one question to the store asks for; a sweep goes on until there is nothing left. */
const SWEEP_LIMIT_ROWS = 500;

/** Removes what has outlived its time (answers of Idempotency-Keys, OAuth flows a day beyond their end) and overwrites what was destroyed. */
export class Housekeeping {
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(
    private readonly vault: Vault,
    private readonly flows: OAuthFlows,
    private readonly clock: Clock,
    private readonly warn: (facts: object, message: string) => void,
  ) {}

  /** Each sweep begins a while after the one before has ended, however long that took. */
  start(): void {
    if (this.#isStopping) return;
    this.#timer = setTimeout(() => {
      this.#sweeping = this.sweep();
      void this.#sweeping.then(() => this.start());
    }, PAUSE_MS);
    this.#timer.unref();
  }

  /** Ends a sweep after the rows that it has asked for. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#sweeping;
  }

  async sweep(): Promise<void> {
    try {
      const now = this.clock.now();
      await this.#untilNone(() => sweepIdempotency(this.vault.store, now, SWEEP_LIMIT_ROWS));
      await this.#untilNone(() => this.flows.sweep(now, SWEEP_LIMIT_ROWS));
      await this.vault.scrub();
    } catch (error) {
      this.warn(
        { failure: error instanceof Error ? error.name : 'unknown' },
        'housekeeping is put off to its next turn',
      );
    }
  }

  /** Fewer than it asked for does not mean that there are none: another process may sweep the same rows. */
  async #untilNone(pass: () => Promise<number>): Promise<void> {
    while (!this.#isStopping && (await pass()) > 0) await nextTurn();
  }
}
