import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailable } from '#kernel';
import { LinkedClock } from './linked-clock.js';

/** So long without a confirmation, and the sandbox no longer waits for this process: it must accept nothing then. */
const CONNECTION_LIMIT_MS = 2_000;
const RETRY_MS = 100;
/** A line of the sandbox has less than this; more comes from something else. */
const LINE_LIMIT_CHARACTERS = 10_000;

/** What the sandbox tells: the time, in a line that is to be confirmed. */
interface Line {
  readonly connection: string;
  readonly line: number;
  readonly isMove: boolean;
  readonly now: string;
}

/**
 * The connection to a sandbox that runs on its own. The sandbox moves its clock for all processes at once: it waits until
 * each has confirmed. A process that cannot confirm is left behind, and knows it by its own measure no later than the sandbox:
 * what it confirmed last counts from when it was sent.
 */
export class SandboxLink {
  readonly clock = new LinkedClock();
  readonly #process = randomUUID();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #confirmedAt = -Infinity;

  constructor(private readonly url: string) {
    this.#running = this.#run();
  }

  /** Whether this process goes by the sandbox's time for certain. */
  get isConnected(): boolean {
    return performance.now() - this.#confirmedAt < CONNECTION_LIMIT_MS;
  }

  /** @throws StoreUnavailable when there is no connection in time. */
  async connected(): Promise<void> {
    const deadline = performance.now() + CONNECTION_LIMIT_MS;
    while (!this.isConnected) {
      if (performance.now() >= deadline) throw new StoreUnavailable('The sandbox gives no answer.');
      await sleep(RETRY_MS / 10);
    }
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // Why it broke does not matter: it is tried again, and until it holds this process is not connected.
      await this.#follow().catch(() => undefined);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Applies and confirms what one connection tells, until it breaks or falls silent. */
  async #follow(): Promise<void> {
    const silence = new AbortController();
    const end = (): void => silence.abort();
    const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
    let timer = setTimeout(end, CONNECTION_LIMIT_MS);
    try {
      const response = await fetch(`${this.url}/v1/sandbox/clock/moves?process=${this.#process}`, { signal });
      if (!response.ok || response.body === null) return;
      for await (const line of linesOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(end, CONNECTION_LIMIT_MS);
        await this.#apply(line, signal);
      }
    } finally {
      clearTimeout(timer);
      end();
    }
  }

  async #apply({ connection, line, isMove, now }: Line, signal: AbortSignal): Promise<void> {
    this.clock.follow(new Date(now), isMove);
    const sentAt = performance.now();
    const response = await fetch(`${this.url}/v1/sandbox/clock/acknowledgements`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ connection, line }),
      signal,
    });
    if (!response.ok) throw new StoreUnavailable('The sandbox no longer counts this connection.');
    this.#confirmedAt = sentAt;
  }
}

async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Line, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    if (rest.length > LINE_LIMIT_CHARACTERS) throw new StoreUnavailable('What answers is no sandbox.');
    for (const part of parts) yield JSON.parse(part) as Line;
  }
}
