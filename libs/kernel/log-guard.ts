import { setTimeout as sleep } from 'node:timers/promises';
import { ForeignLog, type EventStore } from './event-store.js';
import type { Checkpoint } from './read-store.js';

/** A node of a cluster may be a little behind: so long a checkpoint may be missing before that means anything. */
export const DOUBT_LIMIT_MS = 10_000;
/** How often it is looked again meanwhile. */
export const DOUBT_PAUSE_MS = 500;

/**
 * Whether the event beside a checkpoint stands where it stood, so that this is the log which the rows were made from.
 * @throws StoreUnavailable when the log cannot say.
 */
export async function holdsCheckpoint(events: EventStore, checkpoint: Checkpoint | null): Promise<boolean> {
  const anchor = checkpoint?.anchor;
  if (!anchor) return true;
  return (await events.readAt(anchor.position))?.id === anchor.eventId;
}

/** Whether the log still has a record at the checkpoint's position, which may be one of others. @throws StoreUnavailable */
export async function isRecord(events: EventStore, { position, anchor }: Checkpoint): Promise<boolean> {
  return position === anchor?.position || (await events.readAt(position)) !== null;
}

/** Waits until the log holds the checkpoint. @throws ForeignLog when it still does not after 10 s. */
export async function requireCheckpoint(
  events: EventStore,
  checkpoint: Checkpoint | null,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + DOUBT_LIMIT_MS;
  while (!signal.aborted && !(await holdsCheckpoint(events, checkpoint))) {
    if (performance.now() >= until) throw new ForeignLog();
    await sleep(DOUBT_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
