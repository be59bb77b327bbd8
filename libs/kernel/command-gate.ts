import { Refusal } from './refusal.js';

/** Closed while no command may be accepted, each reason for itself. Whoever closed it opens it again. */
export class CommandGate {
  readonly #reasons = new Map<string, string>();

  /** @param sentence what callers are told: what is wrong, and what is to be done. */
  close(reason: string, sentence: string): void {
    this.#reasons.set(reason, sentence);
  }

  open(reason: string): void {
    this.#reasons.delete(reason);
  }

  /** Why no command is accepted, or null. */
  get closedBecause(): string | null {
    for (const sentence of this.#reasons.values()) return sentence;
    return null;
  }

  refusal(): Refusal | null {
    const sentence = this.closedBecause;
    return sentence === null ? null : new Refusal('unavailable', sentence, { retryAfterSeconds: 5 });
  }
}
