import { BACKWARDS, END, START } from '@eventstore/db-client';
import type { EventBatch, RecordedEvent } from '#kernel';
import { collect, type Connection } from './connection.js';
import { isNoRecord } from './failures.js';
import { comparePlaces, type Place, positionOf } from './position.js';
import { type ClientRecord, decodeRecord, isOwn, placeOfRecord } from './record.js';
import { roughSizeOfRecord } from './rough-size.js';

const PAGE_MIN_RECORDS = 100;
const PAGE_MAX_RECORDS = 1_000;
const PAGE_LIMIT_BYTES = 4 * 1_024 * 1_024;
/** Looking for the newest own event goes back in growing steps: it is mostly the newest record of all. */
const HEAD_FIRST_STEP_RECORDS = 1;
const HEAD_STEP_FACTOR = 16;

/** What is known of the log's end: the newest record, and the newest own one up to there. */
interface KnownEnd {
  readonly end: Place;
  readonly own: Place | null;
}

/** Reads `$all`, of which this service's own events are a part. */
export class LogReader {
  private known: KnownEnd | null = null;
  private newest: Place | null = null;
  private looking: Promise<Place | null> | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly prefixes: readonly string[],
  ) {}

  isOwn(record: ClientRecord): boolean {
    return isOwn(record, this.prefixes);
  }

  /** The own events behind a place, at most `limit`, from as many pages as it takes. */
  async readBehind(after: Place | null, limit: number): Promise<EventBatch> {
    const events: RecordedEvent[] = [];
    let from = after;
    while (events.length < limit) {
      // The place itself comes along, since reading is inclusive.
      const count = Math.min(Math.max(limit - events.length + 1, PAGE_MIN_RECORDS), PAGE_MAX_RECORDS);
      const page = await this.readPage(from, count);
      const behind = page.filter((record) => comparePlaces(placeOfRecord(record), from) > 0);
      for (const record of behind) if (events.length < limit && this.isOwn(record)) events.push(decodeRecord(record));
      const last = behind.at(-1);
      if (page.length < count || last === undefined) break;
      from = placeOfRecord(last);
    }
    return { events, position: events.at(-1)?.position ?? positionOf(after) };
  }

  /** The records from a place on (inclusive), forward. A place that is no record is an error of the server's. */
  async readPage(from: Place | null, maxCount: number): Promise<ClientRecord[]> {
    const found = await this.connection.ask((client, limitMs) => {
      return collect(client.readAll({ fromPosition: from ?? START, maxCount, requiresLeader: true }), limitMs);
    });
    return found.flatMap(({ event }) => (event === undefined ? [] : [event]));
  }

  /** The same, but no more than reach PAGE_LIMIT_BYTES together (at least one); and whether there may be more. */
  async readBounded(
    from: Place | null,
    maxCount: number,
  ): Promise<{ readonly records: readonly ClientRecord[]; readonly isFull: boolean }> {
    let isFull = false;
    const found = await this.connection.ask((client, limitMs) => {
      let bytes = 0;
      isFull = false;
      const read = client.readAll({ fromPosition: from ?? START, maxCount, requiresLeader: true });
      return collect(read, limitMs, ({ event }) => {
        bytes += event === undefined ? 0 : roughSizeOfRecord(event);
        isFull = bytes >= PAGE_LIMIT_BYTES;
        return isFull;
      });
    });
    return { records: found.flatMap(({ event }) => event ?? []), isFull: isFull || found.length >= maxCount };
  }

  /** The record at exactly this place, or null. */
  async recordAt(place: Place): Promise<ClientRecord | null> {
    const record = await this.firstFrom(place);
    return record !== null && comparePlaces(placeOfRecord(record), place) === 0 ? record : null;
  }

  /** Whether the log has a record here: the server refuses to read from a place inside the log that is none, and beyond its end there is nothing. */
  async reachesTo(place: Place): Promise<boolean> {
    return (await this.firstFrom(place)) !== null;
  }

  /** The newest own event's place, as it is now. What was looked at once is not looked at again. */
  async head(): Promise<Place | null> {
    let end: Place | null = null;
    let own: Place | null = null;
    let from: Place | null = null;
    for (let step = HEAD_FIRST_STEP_RECORDS; own === null; step = Math.min(step * HEAD_STEP_FACTOR, PAGE_MAX_RECORDS)) {
      const page = await this.readBackwards(from, step);
      const last = page.at(-1);
      if (last === undefined) break;
      end ??= placeOfRecord(page[0] ?? last);
      // A log that ends before what was seen of it is another log.
      if (this.known !== null && comparePlaces(end, this.known.end) < 0) this.known = null;
      const found = page.find((record) => this.isOwn(record));
      if (found !== undefined) own = placeOfRecord(found);
      from = placeOfRecord(last);
      if (this.known !== null && comparePlaces(from, this.known.end) <= 0) {
        if (comparePlaces(own, this.known.own) < 0) own = this.known.own;
        break;
      }
      if (page.length < step) break;
    }
    if (end !== null && comparePlaces(end, this.known?.end ?? null) >= 0) this.known = { end, own };
    this.newest = own;
    return own;
  }

  /** The same for those who watch the log: one look for all that ask meanwhile. */
  newestOwn(): Promise<Place | null> {
    this.looking ??= this.head().finally(() => (this.looking = null));
    return this.looking;
  }

  /** The newest own event that this process knows of without asking. */
  get newestKnown(): Place | null {
    return this.newest;
  }

  noteAppended(place: Place): void {
    if (comparePlaces(place, this.newest) > 0) this.newest = place;
  }

  /** Backwards from a place, or from the end; whether the place itself comes along does not matter here. */
  private async readBackwards(from: Place | null, maxCount: number): Promise<ClientRecord[]> {
    const found = await this.connection.ask((client, limitMs) => {
      const read = client.readAll({ direction: BACKWARDS, fromPosition: from ?? END, maxCount, requiresLeader: true });
      return collect(read, limitMs);
    });
    return found.flatMap(({ event }) => (event === undefined ? [] : [event]));
  }

  private async firstFrom(place: Place): Promise<ClientRecord | null> {
    try {
      return (await this.readPage(place, 1))[0] ?? null;
    } catch (error) {
      if (isNoRecord(error)) return null;
      throw error;
    }
  }
}
