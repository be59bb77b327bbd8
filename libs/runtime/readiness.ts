import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore, Position, ReadModel, ReadModels, ReadStore, VaultStore } from '#kernel';
import type { LogWatch } from './log-watch.js';

const CHECK_LIMIT_MS = 1_000;
const PROBE_LEASE = 'readiness-probe';

/** Whether this process can serve: its stores answer, and its read models have reached the head as it stood at the start. */
export class Readiness {
  #headAtStart: Position | null | undefined;
  #caughtUp = false;
  #draining = false;

  constructor(
    private readonly stores: { readonly events: EventStore; readonly rows: ReadStore; readonly vault: VaultStore },
    private readonly served: readonly ReadModel[],
    private readonly readModels: ReadModels,
    private readonly logWatch: LogWatch,
  ) {}

  /** Not ready any more: the process is about to end. */
  drain(): void {
    this.#draining = true;
  }

  /** One word for each part, or a sentence that says what to do; `ok` where it is fine. */
  async check(): Promise<Readonly<Record<string, string>>> {
    const [eventStore, readStore, vault] = await Promise.all([
      answers(async () => {
        const head = await this.stores.events.head();
        if (this.#headAtStart === undefined) this.#headAtStart = head;
      }),
      answers(() => this.stores.rows.acquireLease(PROBE_LEASE, PROBE_LEASE, 1)),
      answers(() => this.stores.vault.read('readiness-probe', 'none')),
    ]);
    const isAnswered = [eventStore, readStore].every((state) => state === 'ok');
    if (!this.#caughtUp && isAnswered) await answers(async () => (this.#caughtUp = await this.#hasCaughtUp()));
    return {
      eventStore,
      log: this.logWatch.state,
      readStore,
      vault,
      readModels: this.#caughtUp ? 'ok' : 'catching up',
      process: this.#draining ? 'draining' : 'ok',
    };
  }

  async #hasCaughtUp(): Promise<boolean> {
    const head = this.#headAtStart;
    if (head === null || head === undefined) return head === null;
    const copies = (await Promise.all(this.served.map((model) => this.readModels.copies(model)))).flat();
    const positions = await Promise.all(copies.map((copy) => this.readModels.position(copy)));
    return positions.every((position) => position !== null && this.stores.events.comparePositions(position, head) >= 0);
  }
}

async function answers(ask: () => Promise<unknown>): Promise<string> {
  try {
    return await Promise.race([ask().then(() => 'ok'), sleep(CHECK_LIMIT_MS).then(() => 'no answer')]);
  } catch {
    return 'unavailable';
  }
}
