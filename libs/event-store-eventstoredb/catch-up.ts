import type { EventBatch, RecordedEvent } from '#kernel';
import type { LogReader } from './log-reader.js';
import { comparePlaces, type Place, positionOf } from './position.js';
import { decodeRecord, placeOfRecord } from './record.js';

const PAGE_RECORDS = 1_000;
/** Readers that begin together drift apart as their work takes longer or shorter; so many pages lie between them at most. */
const PAGES_LIMIT = 6;
/** A page that nobody asked for in so long is let go of. */
const KEPT_MS = 1_000;

/** A page of the log, and the place of its last record; null where the log's end is nearer than that. */
export type CatchUpPage = { readonly batch: EventBatch; readonly end: Place } | null;

/**
 * The way from far behind to near the log's end, page by page. Read models that are made anew read the same events at the same
 * time: each page is asked for and parsed once for all of them, which subscriptions of their own would do for each.
 */
export class CatchUp {
  private readonly pages = new Map<string, Promise<CatchUpPage>>();
  private letGo: NodeJS.Timeout | null = null;

  constructor(private readonly reader: LogReader) {}

  /** @throws StoreUnavailable, and what the server says of a place that is no record. */
  page(after: Place | null): Promise<CatchUpPage> {
    const name = positionOf(after);
    const known = this.pages.get(name);
    if (known !== undefined) return known;
    const read = this.read(after);
    this.keep(name, read);
    read.then(
      (page) => {
        if (page === null) this.pages.delete(name);
      },
      () => this.pages.delete(name),
    );
    return read;
  }

  clear(): void {
    this.pages.clear();
    if (this.letGo !== null) clearTimeout(this.letGo);
    this.letGo = null;
  }

  private async read(after: Place | null): Promise<CatchUpPage> {
    // The place itself comes along, since reading is inclusive.
    const { records, isFull } = await this.reader.readBounded(after, PAGE_RECORDS + 1);
    const behind = records.filter((record) => comparePlaces(placeOfRecord(record), after) > 0);
    const last = behind.at(-1);
    if (!isFull || last === undefined) return null;
    const events: RecordedEvent[] = [];
    for (const record of behind) if (this.reader.isOwn(record)) events.push(decodeRecord(record));
    const end = placeOfRecord(last);
    return { batch: { events, position: positionOf(end) }, end };
  }

  private keep(name: string, page: Promise<CatchUpPage>): void {
    this.pages.set(name, page);
    this.letGo = this.letGo?.refresh() ?? setTimeout(() => this.clear(), KEPT_MS).unref();
    for (const oldest of this.pages.keys()) {
      if (this.pages.size <= PAGES_LIMIT) return;
      this.pages.delete(oldest);
    }
  }
}
