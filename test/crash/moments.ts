import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { SpawnedService } from '../support/service/spawned-service.js';
import { LogWatch } from './snapshot.js';

const WATCH_LIMIT_MS = 5_000;

/** When to kill: some time after a request was sent, or as soon as that many events stand in the log behind it. */
export type Moment = { readonly afterMs: number } | { readonly afterEvents: number };

/** Moments spread evenly over a duration and a little beyond it. */
export const spread = (durationMs: number, count: number): readonly Moment[] =>
  Array.from({ length: count }, (_, index) => ({ afterMs: (index * durationMs * 1.2) / Math.max(1, count - 1) }));

/** Sends requests, kills the service at the moment, and answers how many events it had written by then. */
export async function killAt(
  service: SpawnedService,
  moment: Moment,
  request: () => Promise<unknown>,
): Promise<{ readonly eventsWritten: number; readonly wasAnswered: boolean }> {
  const log = new LogWatch(service.dataDir);
  try {
    const from = log.head();
    let wasAnswered = false;
    const asked = request().then(
      () => (wasAnswered = true),
      () => false,
    );
    if ('afterMs' in moment) await sleep(moment.afterMs);
    else await untilWritten(log, from + moment.afterEvents);
    await service.kill();
    await asked;
    return { eventsWritten: log.head() - from, wasAnswered };
  } finally {
    log.close();
  }
}

async function untilWritten(log: LogWatch, head: number): Promise<void> {
  const deadline = performance.now() + WATCH_LIMIT_MS;
  while (log.head() < head && performance.now() < deadline) await nextTurn();
}

/** Starts the service again on the same data, and waits until nothing is left to do. */
export async function startAgain(service: SpawnedService): Promise<void> {
  await service.start();
  await service.sandbox.rest();
}

/** How many kills found how many events: what a run is worth. */
export class Histogram {
  readonly #counts = new Map<number, number>();

  add(events: number): void {
    this.#counts.set(events, (this.#counts.get(events) ?? 0) + 1);
  }

  /** How many kills found more than `low` and fewer than `high` events. */
  between(low: number, high: number): number {
    return [...this.#counts].reduce((sum, [events, kills]) => (events > low && events < high ? sum + kills : sum), 0);
  }

  toString(): string {
    const parts = [...this.#counts].sort(([one], [other]) => one - other);
    return parts.map(([events, kills]) => `${events} events: ${kills} kills`).join(', ');
  }
}
