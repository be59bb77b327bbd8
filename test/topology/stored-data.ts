import type { EventStore, RecordedEvent, StoredVaultRecord, VaultStore, WrappedKey } from '#kernel';
import { pages } from '../../apps/cli/pages.js';

const PAGE = 1_000;

/** Everything in a log, in its order. */
export async function allEvents(events: EventStore): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for (let after: string | null = null; ;) {
    const page = await events.readAll(after, PAGE);
    if (page.events.length === 0) return found;
    found.push(...page.events);
    after = page.position;
  }
}

/** What two logs have to have in common: all but the words for the places. */
export const bytesOf = (events: readonly RecordedEvent[]): readonly string[] =>
  events.map(({ stream, revision, id, type, version, data, sealed, metadata }) =>
    JSON.stringify([stream, revision, id, type, version, data, sealed, metadata]),
  );

export interface VaultContent {
  readonly keys: readonly WrappedKey[];
  readonly destroyed: readonly string[];
  readonly records: readonly StoredVaultRecord[];
}

/** Everything in a vault, in its order. */
export async function contentOf(vault: VaultStore): Promise<VaultContent> {
  return {
    keys: await collect(pages((after: WrappedKey | null) => vault.listKeys(after?.subject ?? null, PAGE))),
    destroyed: await collect(pages((after: string | null) => vault.destroyedSubjects(after, PAGE))),
    records: await collect(pages((after: StoredVaultRecord | null) => vault.walk(after, PAGE))),
  };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}
