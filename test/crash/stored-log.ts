import { eventId, type EventStore, type RecordedEvent } from '#kernel';

const PAGE_EVENTS = 500;

/** Every event, in global order. */
export async function readLog(store: EventStore): Promise<readonly RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for (;;) {
    const { events } = await store.readAll(all.at(-1)?.position ?? null, PAGE_EVENTS);
    all.push(...events);
    if (events.length < PAGE_EVENTS) return all;
  }
}

/**
 * What is wrong with a log: positions that do not grow, gaps in revisions (and in positions where they are counted), ids that are
 * not unique, more than one set of events for a command.
 */
export function faultsOfLog(
  events: readonly RecordedEvent[],
  store: Pick<EventStore, 'comparePositions'>,
): readonly string[] {
  const faults: string[] = [];
  const ids = new Set<string>();
  const revisions = new Map<string, number>();
  const sets = new Map<string, { readonly stream: string; count: number; last: number }>();
  for (const [index, { id, stream, revision, position, metadata }] of events.entries()) {
    const name = `${stream}@${revision}`;
    const before = events[index - 1]?.position;
    const isCounted = !position.includes('/');
    if (
      isCounted ? position !== String(index + 1) : before !== undefined && store.comparePositions(before, position) >= 0
    )
      faults.push(`${name} stands at position ${position}, number ${index + 1} behind ${String(before)}`);
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
