import type { RecordedEvent } from '#kernel';

/** Subscriptions that begin together stay together within a page or two, since they take turns on one thread. */
const PAGES_LIMIT = 2;
/** A page that nobody asked for in so long is let go of. */
const KEPT_MS = 1_000;

/**
 * The pages of the log that were read last. Read models that are made anew read the same events at the same time: each page
 * is read and parsed once for all of them. What stands in the log stays as it is, so a full page is never out of date.
 */
export class SharedPages {
  private readonly pages = new Map<number, readonly RecordedEvent[]>();
  private letGo: NodeJS.Timeout | null = null;

  /** The page behind a position, from memory or by `read`. Kept when it has `fullLength` events: one at the log's end grows. */
  behind(position: number, fullLength: number, read: () => readonly RecordedEvent[]): readonly RecordedEvent[] {
    const known = this.pages.get(position);
    if (known !== undefined) return known;
    const events = read();
    if (events.length >= fullLength) this.keep(position, events);
    return events;
  }

  /** Something was erased, or nobody reads far behind any more. */
  clear(): void {
    this.pages.clear();
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = null;
  }

  private keep(position: number, events: readonly RecordedEvent[]): void {
    this.pages.set(position, events);
    this.letGo = this.letGo?.refresh() ?? setTimeout(() => this.clear(), KEPT_MS).unref();
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= PAGES_LIMIT) return;
      this.pages.delete(oldest);
    }
  }
}
