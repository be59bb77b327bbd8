import type { EventBatch, RecordedEvent } from '#kernel';
import { comparePlaces, type Place, placeOf, positionOf } from './position.js';
import { roughSize } from './rough-size.js';

/** What a subscription delivers at once. */
const BATCH_EVENTS = 500;
/** While events keep coming, those of so long go together: each batch is a transaction of somebody's. */
const GATHER_MS = 4;
/** Progress without events is delivered at most this often: somebody stores each of them. */
const PROGRESS_INTERVAL_MS = 250;

/** What has arrived and has not been delivered: events in order, and how far the log has been looked at. */
export class BatchQueue {
  private events: RecordedEvent[] = [];
  private bytes = 0;
  private takenAt = Number.NEGATIVE_INFINITY;
  /** What the consumer has been given reaches to here. */
  private delivered: Place | null;
  /** Everything of ours up to here is in the queue or delivered. */
  private last: Place | null;

  constructor(
    after: Place | null,
    private readonly limits: { readonly queueEvents: number; readonly queueBytes: number },
  ) {
    this.delivered = after;
    this.last = after;
  }

  get reached(): Place | null {
    return this.last;
  }

  get isEmpty(): boolean {
    return this.events.length === 0;
  }

  get isFull(): boolean {
    return this.events.length >= this.limits.queueEvents || this.bytes >= this.limits.queueBytes;
  }

  get holdsBatch(): boolean {
    return this.events.length >= BATCH_EVENTS;
  }

  /** Takes the next event. One that was queued before is passed over. */
  add(event: RecordedEvent, place: Place): void {
    if (!this.moveTo(place)) return;
    this.events.push(event);
    this.bytes += roughSize(event);
  }

  /** There is nothing of ours up to this place but what was queued. Answers whether that is news. */
  moveTo(place: Place): boolean {
    if (comparePlaces(place, this.last) <= 0) return false;
    this.last = place;
    return true;
  }

  /** How long until there is something to take; undefined: until something is added. */
  waitMs(): number | undefined {
    if (this.holdsBatch) return 0;
    const hasEvents = this.events.length > 0;
    if (!hasEvents && comparePlaces(this.last, this.delivered) <= 0) return undefined;
    return Math.max(0, this.takenAt + (hasEvents ? GATHER_MS : PROGRESS_INTERVAL_MS) - performance.now());
  }

  /** The next batch. To be asked for when `waitMs` is 0. */
  take(): EventBatch {
    const events = this.events.splice(0, BATCH_EVENTS);
    this.bytes = this.events.length === 0 ? 0 : this.bytes - events.reduce((sum, event) => sum + roughSize(event), 0);
    const position = this.isEmpty ? positionOf(this.last) : (events.at(-1)?.position ?? positionOf(this.last));
    this.delivered = placeOf(position);
    this.takenAt = performance.now();
    return { events, position };
  }
}
