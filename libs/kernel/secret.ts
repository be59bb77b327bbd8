import { inspect } from 'node:util';

const MASK = '[secret]';

/**
 * A token, code or password. It prints as `[secret]` in every form, so that it cannot slip into a log, an event or an answer;
 * only `use` hands the text out, to the code that sends or seals it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** Runs `action` with the text and returns its result. */
  use<Result>(action: (text: string) => Result): Result {
    return action(this.#text);
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return MASK;
  }
}
