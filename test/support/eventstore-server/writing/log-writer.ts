import { randomUUID } from 'node:crypto';
import type { EventLog } from '../storage/event-log.js';
import type { StreamIndex } from '../storage/log-index.js';
import { type NewEvent, TOMBSTONE_REVISION } from '../storage/record-format.js';
import { SOFT_DELETION, undeletedFrom } from '../storage/stream-metadata.js';
import { type AppendDecision, decideAppend, type Expectation, type StreamFacts } from './decide-append.js';
import { GroupCommit } from './group-commit.js';

/** An event as a client proposes it. */
export interface ProposedEvent {
  readonly id: string;
  readonly type: string;
  readonly isJson: boolean;
  readonly metadata: Buffer;
  readonly data: Buffer;
}

/** What became of an append, a deletion or a tombstone. */
export type WriteOutcome =
  | {
      readonly kind: 'written';
      /** The last revision written, or -1 after an append of nothing to no stream. */
      readonly lastRevision: number;
      /** Of the last record; absent when nothing was written. */
      readonly position: number | undefined;
    }
  | { readonly kind: 'wrong-expected-version'; readonly lastRevision: number }
  | { readonly kind: 'stream-deleted' };

const NOTHING = Buffer.alloc(0);

/** Everything that changes the log. Each promise resolves after the change is durable. */
export class LogWriter {
  private readonly group: GroupCommit;

  /** `onCommit` is called after each flush, when the new records can be read. */
  constructor(
    private readonly log: EventLog,
    onCommit: () => void,
  ) {
    this.group = new GroupCommit(async () => {
      await log.commit();
      onCommit();
    });
  }

  append(name: string, expectation: Expectation, events: readonly ProposedEvent[]): Promise<WriteOutcome> {
    return this.group.submit(() => {
      const stream = this.log.index.stream(name);
      const decision = this.decide(
        stream,
        expectation,
        events.map((event) => event.id),
      );
      return this.settle(stream, decision, () => this.writeEvents(stream, events));
    });
  }

  /** Deletes softly: the events can no longer be read from the stream, and its next event continues the numbers. */
  deleteStream(name: string, expectation: Expectation): Promise<WriteOutcome> {
    return this.group.submit(() => {
      const stream = this.log.index.stream(name);
      const decision = this.decide(stream, expectation, [randomUUID()]);
      return this.settle(stream, decision, () => {
        const position = this.log.write([this.metadataEvent(stream, SOFT_DELETION)]);
        return { kind: 'written', lastRevision: stream.lastRevision, position };
      });
    });
  }

  /** Closes a stream for ever. */
  tombstone(name: string, expectation: Expectation): Promise<WriteOutcome> {
    return this.group.submit(() => {
      const stream = this.log.index.stream(name);
      const decision = this.decide(stream, expectation, [randomUUID()]);
      return this.settle(stream, decision, () => {
        const record = systemEvent(stream.name, TOMBSTONE_REVISION, '$streamDeleted', NOTHING);
        return { kind: 'written', lastRevision: stream.lastRevision, position: this.log.write([record]) };
      });
    });
  }

  /** Writes the record that a real server adds each time it becomes leader: the head of $all is often a system event. */
  beginEpoch(): Promise<void> {
    return this.group.submit(() => {
      const stream = this.log.index.stream('$epoch-information');
      const data = Buffer.from(JSON.stringify({ epochId: randomUUID(), epochNumber: stream.lastRevision + 1 }));
      this.log.write([systemEvent(stream.name, stream.lastRevision + 1, '$epoch-information', data)]);
    });
  }

  /** Resolves when nothing is waiting or being written. */
  idle(): Promise<void> {
    return this.group.idle();
  }

  private decide(stream: StreamIndex, expectation: Expectation, ids: readonly string[]): AppendDecision {
    const { index } = this.log;
    const facts: StreamFacts = {
      lastRevision: stream.lastRevision,
      // The metadata of a tombstoned stream is closed with it.
      tombstoned: stream.tombstoned || index.describedBy(stream)?.tombstoned === true,
      softDeleted: stream.metadata.softDeleted,
      hasMetadata: index.metadataStreamOf(stream).lastRevision >= 0,
      idAt: (revision) => this.log.readOne(ordinalOf(stream, revision)).id,
      revisionOf: (id) => index.revisionOfId(stream, id),
    };
    return decideAppend(facts, expectation, ids);
  }

  private settle(stream: StreamIndex, decision: AppendDecision, write: () => WriteOutcome): WriteOutcome {
    if (decision.kind === 'write') return write();
    if (decision.kind !== 'already-written') return decision;
    const position = this.log.index.positionAt(ordinalOf(stream, decision.lastRevision));
    return { kind: 'written', lastRevision: decision.lastRevision, position };
  }

  private writeEvents(stream: StreamIndex, proposed: readonly ProposedEvent[]): WriteOutcome {
    const first = stream.lastRevision + 1;
    if (proposed.length === 0) return { kind: 'written', lastRevision: stream.lastRevision, position: undefined };
    const created = Date.now();
    const events = proposed.map((event, n): NewEvent => ({
      ...event,
      stream: stream.name,
      revision: first + n,
      created,
    }));
    const revived = this.revivedBy(stream, first);
    const position = this.log.write(events);
    if (revived !== undefined) this.log.write([revived()]);
    return { kind: 'written', lastRevision: stream.lastRevision, position };
  }

  /** Writing to a softly deleted stream, or setting its metadata, makes its further events readable again. */
  private revivedBy(stream: StreamIndex, firstRevision: number): (() => NewEvent) | undefined {
    const described = this.log.index.describedBy(stream);
    const deleted = described ?? stream;
    if (!deleted.metadata.softDeleted) return undefined;
    const from = described === undefined ? firstRevision : described.lastRevision + 1;
    return () => this.metadataEvent(deleted, undeletedFrom(deleted.metadata, from));
  }

  private metadataEvent(stream: StreamIndex, data: string): NewEvent {
    const metadata = this.log.index.metadataStreamOf(stream);
    return systemEvent(metadata.name, metadata.lastRevision + 1, '$metadata', Buffer.from(data));
  }
}

function systemEvent(stream: string, revision: number, type: string, data: Buffer): NewEvent {
  return { stream, revision, id: randomUUID(), type, created: Date.now(), isJson: true, metadata: NOTHING, data };
}

function ordinalOf(stream: StreamIndex, revision: number): number {
  const ordinal = stream.ordinals[revision];
  if (ordinal === undefined) throw new Error(`Stream has no revision ${revision}.`);
  return ordinal;
}
