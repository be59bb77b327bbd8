import type { IdentityId } from './platform.js';

/** Older calls give way, so that a long run does not fill the memory. */
export const LOG_LENGTH_CALLS = 50_000;
const PATH_LENGTH_CHARACTERS = 300;

export interface LoggedCall {
  readonly method: string;
  /** Without its query, which carries secrets on some platforms. */
  readonly path: string;
  readonly platform: string;
  /** Whose token, code or consent it was; `null` where the call did not say. */
  readonly identity: IdentityId | null;
  /** `ok`, `refused`, or `fault:<answer>` for an ordered fault. */
  readonly outcome: string;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** On the sandbox's clock. */
  readonly at: string;
}

/** Every call to a platform, newest last. It never holds a secret. */
export class CallLog {
  #calls: LoggedCall[] = [];

  add(call: Omit<LoggedCall, 'path'> & { url: string }): void {
    const { url, ...rest } = call;
    this.#calls.push({ ...rest, path: pathWithoutSecrets(url) });
    // Cut in blocks: dropping one from the front of a long array at every call would cost the array's length each time.
    if (this.#calls.length > LOG_LENGTH_CALLS * 1.1) this.#calls = this.#calls.slice(-LOG_LENGTH_CALLS);
  }

  all(): readonly LoggedCall[] {
    return this.#calls.slice(-LOG_LENGTH_CALLS);
  }

  reset(): void {
    this.#calls = [];
  }
}

function pathWithoutSecrets(url: string): string {
  const path = url.split('?', 1)[0] ?? '';
  const plain = decoded(path);
  return (plain.includes('sbx_') ? plain.replace(/sbx_[^/]*/g, '[secret]') : path).slice(0, PATH_LENGTH_CHARACTERS);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '[malformed]';
  }
}
