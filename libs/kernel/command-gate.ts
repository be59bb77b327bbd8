import { Refusal } from './refusal.js';

/** Says what is wrong and what is to be done while no command may be accepted, and null otherwise. */
type Condition = () => string | null;

/** Closed while no command may be accepted, for whatever reason. */
export class CommandGate {
  readonly #conditions: Condition[] = [];

  closeWhile(condition: Condition): void {
    this.#conditions.push(condition);
  }

  /** Why no command is accepted at the moment, or null. */
  refusal(): Refusal | null {
    for (const condition of this.#conditions) {
      const sentence = condition();
      if (sentence !== null) return new Refusal('unavailable', sentence, { retryAfterSeconds: 5 });
    }
    return null;
  }
}
