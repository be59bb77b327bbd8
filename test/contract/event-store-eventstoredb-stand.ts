import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from '@jest/globals';
import { EventStoreDbEventStore, type EventStoreDbLimits } from '#event-store-eventstoredb';
import { StoreUnavailable, type AppendResult, type EventToAppend } from '#kernel';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';

/** A stand-in of EventStoreDB for one test, and the stores that the test opens on it. */
export class Stand {
  readonly warnings: string[] = [];
  readonly #stores: EventStoreDbEventStore[] = [];

  private constructor(
    readonly server: EventStoreServer,
    private readonly dir: string,
  ) {}

  static async open(): Promise<Stand> {
    const dir = mkdtempSync(join(tmpdir(), 'event-store-'));
    return new Stand(await startEventStoreServer({ port: 0, dir }), dir);
  }

  async store(limits: Partial<EventStoreDbLimits> = {}, url = this.server.url): Promise<EventStoreDbEventStore> {
    const log = { warn: (_facts: object, message: string) => void this.warnings.push(message) };
    const store = await EventStoreDbEventStore.open({ connectionString: url, limits, log });
    this.#stores.push(store);
    return store;
  }

  async dispose(): Promise<void> {
    this.server.faults.clear();
    for (const store of this.#stores) await store.close();
    await this.server.close();
    rmSync(this.dir, { recursive: true });
  }
}

/** A new one for each test of the file. */
export function useStand(): () => Stand {
  let stand: Stand;
  beforeEach(async () => (stand = await Stand.open()));
  afterEach(() => stand.dispose());
  return () => stand;
}

/** Appends as a caller does: again, with the same ids and the same expectation, as long as the outcome is unknown. */
export async function appendAtLast(
  store: EventStoreDbEventStore,
  stream: string,
  events: readonly EventToAppend[],
  limitMs = 60_000,
): Promise<AppendResult> {
  for (const until = performance.now() + limitMs; ;) {
    try {
      return await store.append(stream, 'no-stream', events);
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || performance.now() > until) throw error;
    }
  }
}
