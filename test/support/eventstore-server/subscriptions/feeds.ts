import { compileFilter, type EventFilter } from '../reading/event-filter.js';
import { READ_PAGE_EVENTS, readableRange } from '../reading/read-log.js';
import type { EventLog } from '../storage/event-log.js';
import type { StreamIndex } from '../storage/log-index.js';
import type { StoredEvent } from '../storage/record-format.js';

/** What a subscription sends: an event, or the position up to which a filter has looked. */
export type FeedItem = { readonly event: StoredEvent } | { readonly checkpoint: number };

/** A place in the log that only moves forward. */
export interface Feed {
  /** What comes next, possibly nothing that is wanted; undefined when everything committed has been given. */
  next(live: boolean): readonly FeedItem[] | undefined;
  /** How many committed events have not been looked at. */
  behind(): number;
}

/** How many records a filter looks at before others get their turn. */
const CONSIDERED_AT_ONCE = 1024;

/** $all from an ordinal on, with or without a filter. */
export class AllFeed implements Feed {
  private readonly wanted: (ordinal: number) => boolean;
  private consideredSinceCheckpoint = 0;

  /** Throws a SyntaxError when the filter's regular expression is none. */
  constructor(
    private readonly log: EventLog,
    private nextOrdinal: number,
    private readonly filter: EventFilter | undefined,
  ) {
    this.wanted = filter === undefined ? () => true : compileFilter(log.index, filter);
  }

  next(live: boolean): readonly FeedItem[] | undefined {
    const { committed } = this.log.index;
    if (this.nextOrdinal >= committed) return undefined;
    const matches: number[] = [];
    const checkpointsAfter: { readonly matches: number; readonly ordinal: number }[] = [];
    const end = Math.min(committed, this.nextOrdinal + CONSIDERED_AT_ONCE);
    for (; this.nextOrdinal < end && matches.length < READ_PAGE_EVENTS; this.nextOrdinal += 1) {
      if (this.wanted(this.nextOrdinal)) matches.push(this.nextOrdinal);
      if (this.reachesCheckpoint(live, committed)) {
        checkpointsAfter.push({ matches: matches.length, ordinal: this.nextOrdinal });
      }
    }
    return this.interleave(this.log.readMany(matches), checkpointsAfter);
  }

  behind(): number {
    return this.log.index.committed - this.nextOrdinal;
  }

  /**
   * A checkpoint comes after each full window, never before, and never for the last record of the past: a real server
   * goes live there instead, and the window runs on.
   */
  private reachesCheckpoint(live: boolean, committed: number): boolean {
    if (this.filter === undefined) return false;
    this.consideredSinceCheckpoint += 1;
    if (this.consideredSinceCheckpoint < this.filter.checkpointEvery) return false;
    if (!live && this.nextOrdinal + 1 === committed) return false;
    this.consideredSinceCheckpoint = 0;
    return true;
  }

  private interleave(
    events: readonly StoredEvent[],
    checkpointsAfter: readonly { readonly matches: number; readonly ordinal: number }[],
  ): FeedItem[] {
    const items: FeedItem[] = [];
    let sent = 0;
    for (const { matches, ordinal } of checkpointsAfter) {
      for (const event of events.slice(sent, matches)) items.push({ event });
      sent = matches;
      items.push({ checkpoint: this.log.index.positionAt(ordinal) });
    }
    for (const event of events.slice(sent)) items.push({ event });
    return items;
  }
}

/** One stream from a revision on. */
export class StreamFeed implements Feed {
  constructor(
    private readonly log: EventLog,
    private readonly stream: StreamIndex,
    private nextRevision: number,
  ) {}

  next(): readonly FeedItem[] | undefined {
    const { first, end } = readableRange(this.log, this.stream, Date.now());
    const from = Math.max(this.nextRevision, first);
    if (from >= end) return undefined;
    const to = Math.min(from + READ_PAGE_EVENTS, end);
    this.nextRevision = to;
    return this.log.readMany(this.stream.ordinals.slice(from, to)).map((event) => ({ event }));
  }

  behind(): number {
    return this.stream.ordinals.length - this.nextRevision;
  }
}
