import type { RecordedEvent } from '#kernel';

/** How much of the log's end is kept in memory, so that subscriptions there need not read and parse it again. */
export const RECENT_EVENTS_LIMIT = 4_096;
export const RECENT_EVENTS_LIMIT_BYTES = 16 * 1024 * 1024;

interface Kept {
  readonly event: RecordedEvent;
  readonly bytes: number;
}

/**
 * The end of the log: what has been acknowledged, the newest of it in memory, and who waits for more.
 * Positions have no gaps, so a position's place in the ring is its remainder.
 */
export class RecentEvents {
  private readonly ring: (Kept | undefined)[] = [];
  private readonly waiting = new Set<() => void>();
  /** The oldest position in the ring; one more than `last` while it is empty. */
  private first: number;
  private bytes = 0;

  /** `last` is the newest position of the log. */
  constructor(private last: number) {
    this.first = last + 1;
  }

  get head(): number {
    return this.last;
  }

  /** Adds the next event of the log. Waiters are woken by `wake`, once for many events. */
  add(event: RecordedEvent, bytes: number): void {
    // Room first: the new event's place in the ring is that of the oldest one when the ring is full.
    while (this.first <= this.last && this.isFullFor(bytes)) this.dropFirst();
    this.last += 1;
    this.ring[this.last % RECENT_EVENTS_LIMIT] = { event, bytes };
    this.bytes += bytes;
  }

  /** Wakes everybody who waits: for new events, or because there will be none. */
  wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const resume of waiting) resume();
  }

  /** The events behind a position, at most `limit`, or null when some of them are only in the file. */
  behind(position: number, limit: number): RecordedEvent[] | null {
    if (position + 1 < this.first) return null;
    const events: RecordedEvent[] = [];
    const end = Math.min(this.last, position + limit);
    for (let at = position + 1; at <= end; at += 1) {
      const kept = this.ring[at % RECENT_EVENTS_LIMIT];
      if (kept !== undefined) events.push(kept.event);
    }
    return events;
  }

  /** Resolves once the head may be behind this position, or the signal aborts. */
  waitBeyond(position: number, signal: AbortSignal): Promise<void> {
    if (this.last > position || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        this.waiting.delete(resume);
        signal.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.add(resume);
      signal.addEventListener('abort', resume, { once: true });
    });
  }

  /** Forgets the events, not the head: what was erased in the file must not be served from memory. */
  clear(): void {
    while (this.first <= this.last) this.dropFirst();
  }

  private isFullFor(bytes: number): boolean {
    const events = this.last - this.first + 1;
    return events >= RECENT_EVENTS_LIMIT || this.bytes + bytes > RECENT_EVENTS_LIMIT_BYTES;
  }

  private dropFirst(): void {
    const place = this.first % RECENT_EVENTS_LIMIT;
    this.bytes -= this.ring[place]?.bytes ?? 0;
    this.ring[place] = undefined;
    this.first += 1;
  }
}
