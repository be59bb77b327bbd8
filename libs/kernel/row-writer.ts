import { isDeepStrictEqual } from 'node:util';
import type { Clock } from './clock.js';
import type { JsonObject, Position, RecordedEvent } from './event.js';
import { StoreUnavailable, type EventBatch, type EventStore } from './event-store.js';
import { parkedAt } from './parked-at.js';
import { partitionOf, rowKeyOf, type ReadModel } from './read-model.js';
import type {
  Checkpoint,
  Lease,
  ParkedStream,
  ReadModelCopy,
  ReadStore,
  StoredRow,
  StreamToPark,
  WaitingEvent,
} from './read-store.js';
import { NotDescribed, nothingFolded, RowDescriptions, type FoldedRows } from './row-descriptions.js';
import { hasSealedBytes, openUnder, parseStreamName, type OpenedEvent } from './stream.js';
import type { Vault } from './vault.js';

/** Progress without events is saved at most this often. */
export const PROGRESS_SAVE_MS = 50;
/** More streams of one copy that wait than this are no accident of single events: the copy stands still and says so. */
const PARKED_LIMIT_STREAMS = 10_000;
const RETRIES_PER_ROUND = 50;
const READ_LIMIT_EVENTS = 500;

/** Thrown when another process holds a newer lease, or the copy stands elsewhere than was known: nothing of the batch was written. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

export interface RowWriterStores {
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vault: Vault;
  readonly clock: Clock;
  /** Turns a stored event into today's shape. */
  readonly decode: (recorded: RecordedEvent) => { readonly type: string; readonly data: object };
}

/**
 * Turns events into rows: folds a batch, describes what it touched and what depends on that, and saves rows, counters and
 * checkpoint in one transaction under a lease.
 *
 * An event that cannot be folded holds up its own stream alone: the stream is parked in the same transaction, and what
 * follows in it is folded once that event can be, or is skipped.
 */
export class RowWriter {
  #savedProgressAt = 0;
  #unsaved: Checkpoint | null = null;
  #checkpoint: Checkpoint | null = null;
  /** Where the stored copy stands. */
  #stored: Position | null = null;
  #parked = new Map<string, WaitingEvent>();
  #skipped: ReadonlySet<string> = new Set();
  readonly #descriptions: RowDescriptions;

  constructor(
    private readonly model: ReadModel,
    private readonly copy: ReadModelCopy,
    private readonly stores: RowWriterStores,
    private readonly lease: () => Lease,
  ) {
    this.#descriptions = new RowDescriptions(model, copy, stores, (puts, folded) => this.#save(puts, folded, null));
  }

  /** Reads what the copy has come to, under a lease that was just taken. Answers its checkpoint. */
  async begin(): Promise<Checkpoint | null> {
    this.#unsaved = null;
    this.#checkpoint = await this.stores.rows.checkpoint(this.copy);
    this.#stored = this.#checkpoint?.position ?? null;
    this.#skipped = await this.stores.rows.skippedEvents(this.model.name);
    const parked = await this.stores.rows.parkedStreams(this.copy, PARKED_LIMIT_STREAMS + 1);
    this.#parked = new Map(parked.map((one) => [one.stream, one]));
    return this.#checkpoint;
  }

  /** Applies a batch. Answers the rows that it wrote. @throws LeaseLost */
  async apply(batch: EventBatch): Promise<readonly StoredRow[]> {
    const last = batch.events.at(-1);
    const anchor = last ? { position: last.position, eventId: last.id } : (this.#checkpoint?.anchor ?? null);
    const checkpoint: Checkpoint = { position: batch.position, anchor };
    const ours = batch.events.filter((recorded) => this.#follows(recorded));
    if (ours.length === 0) {
      this.#unsaved = this.#checkpoint = checkpoint;
      if (performance.now() - this.#savedProgressAt >= PROGRESS_SAVE_MS) await this.saveProgress();
      return [];
    }
    const changes = await this.#fold(ours);
    const puts = await this.#descriptions.touched(changes);
    await this.#save(puts, changes, checkpoint);
    return puts;
  }

  /**
   * Goes back to the newest of our events where the checkpoint rests on a record of others that is not in the log any more,
   * as after a restore: what we write next may stand before that place. Answers where to go on.
   */
  async goBack(): Promise<Position | null> {
    const { anchor = null } = this.#checkpoint ?? {};
    if (anchor !== null) await this.#save([], nothingFolded(), { position: anchor.position, anchor });
    return anchor?.position ?? null;
  }

  /** Saves a checkpoint that has moved over events of others. */
  async saveProgress(): Promise<void> {
    if (!this.#unsaved) return;
    this.#savedProgressAt = performance.now();
    await this.#save([], nothingFolded(), this.#unsaved);
  }

  /** Whether a stream waits whose next try may have come. */
  get hasParked(): boolean {
    return this.#parked.size > 0;
  }

  isParked(stream: string): boolean {
    return this.#parked.has(stream);
  }

  /** Folds on the parked streams whose next try has come, each up to the checkpoint. Answers the rows that it wrote. */
  async retryParked(): Promise<readonly StoredRow[]> {
    const due = await this.stores.rows.parkedStreamsDue(this.copy, RETRIES_PER_ROUND);
    if (due.length === 0) return [];
    this.#skipped = await this.stores.rows.skippedEvents(this.model.name);
    const written: StoredRow[] = [];
    for (const parked of due) {
      this.#parked.delete(parked.stream);
      const { puts, changes } = await this.#foldOn(parked, await this.#readWaiting(parked));
      const unparks = changes.parks.size > 0 ? [] : [parked.stream];
      await this.#save(puts, { ...changes, unparks }, null);
      written.push(...puts);
    }
    await this.#retrySkippedMeanwhile();
    return written;
  }

  /** As far as it goes: where the row comes out so that it cannot be described, it stays at the last event after which it can. */
  async #foldOn(
    parked: ParkedStream,
    waiting: readonly RecordedEvent[],
  ): Promise<{ readonly puts: readonly StoredRow[]; readonly changes: FoldedRows }> {
    let reason: unknown;
    for (let count = waiting.length; ; count -= 1) {
      const changes = await this.#fold(waiting.slice(0, count), parked);
      const puts = await this.#descriptions.touched(changes);
      const next = waiting[count];
      if (next && !changes.parks.has(parked.stream)) changes.parks.set(parked.stream, parkedAt(next, reason, parked));
      if (count <= 1 || !changes.notDescribed.has(parked.stream)) return { puts, changes };
      reason = changes.notDescribed.get(parked.stream);
    }
  }

  /** An operator may have skipped an event while it was tried: what was written of that try must not outlast their word. */
  async #retrySkippedMeanwhile(): Promise<void> {
    this.#skipped = await this.stores.rows.skippedEvents(this.model.name);
    for (const { stream, eventId } of this.#parked.values())
      if (this.#skipped.has(eventId)) await this.stores.rows.retryStream(this.copy, stream);
  }

  /** What of a parked stream lies behind the checkpoint: the rest will come by itself. */
  async #readWaiting({ stream, revision }: ParkedStream): Promise<readonly RecordedEvent[]> {
    const until = this.#checkpoint?.position;
    if (until === undefined) return [];
    const waiting: RecordedEvent[] = [];
    for (let from = revision; ;) {
      const page = await this.stores.events.readStream(stream, from, READ_LIMIT_EVENTS);
      waiting.push(...page.filter(({ position }) => this.stores.events.comparePositions(position, until) <= 0));
      if (page.length < READ_LIMIT_EVENTS) return waiting;
      from = (page.at(-1)?.revision ?? from) + 1;
    }
  }

  /** Describes rows anew, because their time has come. Answers those of which no description could be made, which stay as they are. */
  async redescribe(keys: readonly string[]): Promise<readonly NotDescribed[]> {
    const before = new Map(await this.stores.rows.load(this.copy, keys));
    const changes = { ...nothingFolded(), before };
    const failed: NotDescribed[] = [];
    for (;;) {
      try {
        await this.#save(await this.#descriptions.of([...before.values()], changes), changes, null);
        return failed;
      } catch (error) {
        if (!(error instanceof NotDescribed)) throw error;
        failed.push(error);
        before.delete(error.key);
      }
    }
  }

  /** Whether a row is as it was when something was decided about it. */
  async isStill(row: StoredRow): Promise<boolean> {
    const now = (await this.stores.rows.load(this.copy, [row.key])).get(row.key);
    return now !== undefined && isDeepStrictEqual(now.body, row.body);
  }

  /** Removes a to-do row that is settled without an event. */
  async settle(row: StoredRow): Promise<void> {
    const changes = { ...nothingFolded(), before: new Map([[row.key, row]]), after: new Map([[row.key, null]]) };
    await this.#save([], changes, null);
  }

  /** @param retried the stream that these events are of, where they have been waiting. */
  async #fold(events: readonly RecordedEvent[], retried?: ParkedStream): Promise<FoldedRows> {
    const keys = [...new Set(events.map(rowKeyOf))];
    const before = await this.stores.rows.load(this.copy, keys);
    const after = new Map<string, JsonObject | null>(keys.map((key) => [key, before.get(key)?.body ?? null]));
    const personal = await this.#personalDataOf(events);
    const parks = new Map<string, StreamToPark>();
    for (const recorded of events) {
      const key = rowKeyOf(recorded);
      if (this.#parked.has(key) || parks.has(key) || this.#skipped.has(recorded.id)) continue;
      try {
        after.set(key, this.model.project(after.get(key) ?? null, this.#open(recorded, personal)));
      } catch (error) {
        // A store that is away says nothing about the event.
        if (error instanceof StoreUnavailable) throw error;
        parks.set(key, parkedAt(recorded, error, retried));
        if (this.#parked.size + parks.size > PARKED_LIMIT_STREAMS) throw error;
      }
    }
    const firstEvents = new Map([...events].reverse().map((recorded) => [rowKeyOf(recorded), recorded]));
    const notDescribed = new Map<string, unknown>();
    return { before: new Map(before), after, parks, firstEvents, notDescribed, ...(retried ? { retried } : {}) };
  }

  #open(recorded: RecordedEvent, personal: (recorded: RecordedEvent) => OpenedEvent['personal']): OpenedEvent {
    return { event: this.stores.decode(recorded), personal: personal(recorded), recorded };
  }

  /** Opens what the model reads of these events; their keys are asked for together. */
  async #personalDataOf(
    events: readonly RecordedEvent[],
  ): Promise<(recorded: RecordedEvent) => OpenedEvent['personal']> {
    const { readsPersonalData: reads } = this.model;
    const isRead = ({ stream }: RecordedEvent): boolean =>
      typeof reads === 'boolean' ? reads : reads.includes(parseStreamName(stream).category);
    const subjectOf = ({ stream }: RecordedEvent): string => parseStreamName(stream).id;
    const sealed = events.filter((recorded) => hasSealedBytes(recorded) && isRead(recorded));
    const keys = await this.stores.vault.existingKeys(sealed.map(subjectOf));
    return (recorded) => (isRead(recorded) ? openUnder(keys.get(subjectOf(recorded)) ?? null, recorded) : null);
  }

  async #save(puts: readonly StoredRow[], folded: FoldedRows, checkpoint: Checkpoint | null): Promise<void> {
    const { before, after, unparks = [] } = folded;
    const parks = [...folded.parks.values()];
    const deletes = [...after].filter(([key, body]) => body === null && before.has(key)).map(([key]) => key);
    const counts = countChanges(puts, deletes, before);
    const changes = { puts, deletes, counts, standsAt: this.#stored, checkpoint, parks, unparks };
    if ((await this.stores.rows.save(this.copy, this.lease(), changes)) === 'fenced') throw new LeaseLost();
    for (const one of parks) this.#parked.set(one.stream, one);
    if (!checkpoint) return;
    this.#checkpoint = checkpoint;
    this.#stored = checkpoint.position;
    this.#unsaved = null;
  }

  #follows(recorded: RecordedEvent): boolean {
    if (!this.model.follows.includes(parseStreamName(recorded.stream).category)) return false;
    return partitionOf(recorded.metadata.workspaceId, this.model.partitions) === this.copy.partition;
  }
}

/** What the counters gain and lose. */
function countChanges(
  puts: readonly StoredRow[],
  deletes: readonly string[],
  before: ReadonlyMap<string, StoredRow>,
): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const count = (row: StoredRow | undefined, by: number): void => {
    for (const name of row?.counters ?? []) counts.set(name, (counts.get(name) ?? 0) + by);
  };
  for (const row of puts) {
    count(before.get(row.key), -1);
    count(row, 1);
  }
  for (const key of deletes) count(before.get(key), -1);
  for (const [name, value] of counts) if (value === 0) counts.delete(name);
  return counts;
}
