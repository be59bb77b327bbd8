import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, Position, ReadStore, VaultStore } from '#kernel';
import type { Rest } from './rest.js';

const CHECK_LIMIT_MS = 1_000;
const PROBE_LEASE = 'readiness-probe';

/** Whether this process can serve: its stores answer, and its read models have reached the head as it stood at the start. */
export class Readiness {
  #headAtStart: Position | null | undefined;
  #caughtUp = false;
  #draining = false;

  constructor(
    private readonly stores: { readonly events: EventStore; readonly rows: ReadStore; readonly vault: VaultStore },
    private readonly rest: Pick<Rest, 'haveReached'>,
    private readonly hasCertainTime: () => boolean = () => true,
  ) {}

  /** Not ready any more: the process is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** One word for each part; `ok` where it is fine. */
  async check(): Promise<Readonly<Record<string, string>>> {
    const [eventStore, readStore, vault] = await Promise.all([
      answers(async () => {
        const head = await this.stores.events.head();
        if (this.#headAtStart === undefined) this.#headAtStart = head;
      }),
      answers(() => this.stores.rows.acquireLease(PROBE_LEASE, PROBE_LEASE, 1)),
      answers(() => this.stores.vault.read('readiness-probe', 'none')),
    ]);
    if (!this.#caughtUp && this.#headAtStart !== undefined)
      this.#caughtUp = await this.rest.haveReached(this.#headAtStart).catch(() => false);
    return {
      eventStore,
      readStore,
      vault,
      readModels: this.#caughtUp ? 'ok' : 'catching up',
      ...(this.hasCertainTime() ? {} : { sandbox: 'no connection' }),
      process: this.#draining ? 'draining' : 'ok',
    };
  }
}

async function answers(ask: () => Promise<unknown>): Promise<string> {
  try {
    return await Promise.race([ask().then(() => 'ok'), sleep(CHECK_LIMIT_MS).then(() => 'no answer')]);
  } catch {
    return 'unavailable';
  }
}
