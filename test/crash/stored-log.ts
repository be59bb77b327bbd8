import { SqliteEventStore } from '#event-store-sqlite';
import { eventId, type RecordedEvent } from '#kernel';

const PAGE_EVENTS = 500;

/** Every event of a data directory that no service works in, in global order. */
export async function readLog(dataDir: string): Promise<readonly RecordedEvent[]> {
  const store = await SqliteEventStore.open({ dataDir });
  try {
    const all: RecordedEvent[] = [];
    for (;;) {
      const { events } = await store.readAll(all.at(-1)?.position ?? null, PAGE_EVENTS);
      all.push(...events);
      if (events.length < PAGE_EVENTS) return all;
    }
  } finally {
    await store.close();
  }
}

/** What is wrong with a log: positions and revisions without gaps, ids that are unique, one set of events for each command. */
export function faultsOfLog(events: readonly RecordedEvent[]): readonly string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  const revisions = new Map<string, number>();
  const sets = new Map<string, { readonly stream: string; count: number; last: number }>();
  for (const [index, { id, stream, revision, position, metadata }] of events.entries()) {
    const name = `${stream}@${revision}`;
    if (position !== String(index + 1)) faults.push(`${name} stands at position ${position}, not ${index + 1}`);
    if (ids.has(id)) faults.push(`the id of ${name} is another event's`);
    ids.add(id);
    const expected = (revisions.get(stream) ?? -1) + 1;
    if (revision !== expected) faults.push(`${name} follows revision ${expected - 1}`);
    revisions.set(stream, revision);
    const set = sets.get(metadata.commandId) ?? { stream, count: 0, last: revision - 1 };
    if (set.stream !== stream) faults.push(`the command of ${name} wrote to ${set.stream} too`);
    if (set.last !== revision - 1) faults.push(`the command of ${name} wrote a second time`);
    if (id !== eventId(metadata.commandId, stream, set.count)) faults.push(`the id of ${name} is not its command's`);
    sets.set(metadata.commandId, { stream, count: set.count + 1, last: revision });
  }
  return faults;
}
