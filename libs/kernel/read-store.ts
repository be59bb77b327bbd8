import type { JsonObject, Position } from './event.js';

/** One partition of one version of a read model. Its copies are its generations. */
export interface ReadModelPart {
  readonly name: string;
  readonly version: number;
  readonly partition: number;
}

/** Names one copy of one partition of a read model. Another version or generation is another copy, filled beside it. */
export interface ReadModelCopy extends ReadModelPart {
  readonly generation: number;
}

/** Which generations of a part there are. A number stands for one generation for ever: none is given twice. */
export interface Generations {
  /** The one that queries read. 0 until another takes over. */
  readonly active: number;
  /** The one that fills beside it, or null. */
  readonly filling: number | null;
  /** Those that others took over from and that are still to be dropped, with the store's (real) time since then. */
  readonly retired: readonly { readonly generation: number; readonly forMs: number }[];
}

/** What a read model can be asked for, declared once: the adapter builds tables and indexes from it. */
export interface ReadModelShape {
  readonly name: string;
  readonly version: number;
  /** The scalar columns that indexes are made of. Names here are letters, digits, `_` and `-`, a letter first. */
  readonly fields: Readonly<Record<string, 'text' | 'number'>>;
  /**
   * Named indexes: the fields in order. A query fixes all fields but the last, which it may bound and is ordered by, or all of
   * them; it always ends by the row's key. Rows whose first field is null are not in the index.
   */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** Multi-valued fields, found by (scope, prefix): words of a name, members of a workspace. */
  readonly terms: readonly string[];
}

/**
 * Texts are ordered by code point (the order of their UTF-8 bytes), wherever this port speaks of an order. Null stands behind
 * every value: last when ascending, first when descending.
 */
export type FieldValue = string | number | null;

/** A row as it is stored: its content, and everything by which it is found and counted. */
export interface StoredRow {
  /** Not empty. */
  readonly key: string;
  readonly body: JsonObject;
  /** By name, of the shape's fields; one that is left out comes back as null. */
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** By term field: (scope, terms). A scope is usually the workspace's id. */
  readonly terms: Readonly<Record<string, { readonly scope: string; readonly values: readonly string[] }>>;
  /** The names of the counters in which this row counts as one. */
  readonly counters: readonly string[];
  /**
   * When this row's place in the indexes, or the work it stands for, is next due by the passing of time alone
   * (domain time, ISO 8601 UTC as `Date#toISOString` writes it, so that texts compare as instants), or null for never.
   */
  readonly dueAt: string | null;
}

/** Where a runner has come to, kept in the same transaction as the rows. */
export interface Checkpoint {
  readonly position: Position;
  /** The newest of our events up to there, to notice another log behind the same name; null before the first one. */
  readonly anchor: { readonly position: Position; readonly eventId: string } | null;
}

/**
 * A stream of which an event could not be folded. Its row stays as it was before that event, which waits with all that
 * follow it in its stream: for the next try, or for an operator.
 */
export interface ParkedStream extends WaitingEvent, Postponement {}

/** The same from the moment on in which it failed once more. */
export interface StreamToPark extends WaitingEvent, FailedTry {}

/** An event that could not be folded, and since when. */
export interface WaitingEvent {
  readonly stream: string;
  /** The event that could not be folded. */
  readonly eventId: string;
  readonly eventType: string;
  readonly revision: number;
  readonly position: Position;
  /** Real time of the first try, ISO 8601 UTC. */
  readonly since: string;
}

/** What one transaction changes. No key stands in it twice. */
export interface RowChanges {
  readonly puts: readonly StoredRow[];
  readonly deletes: readonly string[];
  /** By counter name, what to add: whole numbers. */
  readonly counts: ReadonlyMap<string, number>;
  /**
   * Where the copy stands by what its writer read or saved last, null before the first checkpoint: nothing is changed where it
   * stands elsewhere. Left out, it may stand anywhere.
   */
  readonly standsAt?: Position | null;
  /** The new checkpoint, or null to leave it (rows renewed by time, not by events). */
  readonly checkpoint: Checkpoint | null;
  /** Streams that are parked from now on, or whose next try is put off. */
  readonly parks?: readonly StreamToPark[];
  /** Streams that are not parked any more. */
  readonly unparks?: readonly string[];
}

/** The right to write one copy: who holds a newer fence wins, and the loser's writes are refused. */
export interface Lease {
  readonly name: string;
  readonly owner: string;
  readonly fence: number;
}

export interface RowQuery {
  readonly index: string;
  /** Values of the leading fields of the index. */
  readonly equals: Readonly<Record<string, FieldValue>>;
  /** Bounds of the field behind them, both inclusive; null is none. A bound leaves out rows where that field is null. */
  readonly from?: FieldValue;
  readonly to?: FieldValue;
  readonly order: 'ascending' | 'descending';
  /**
   * Only rows behind this place in the order, whether or not a row is there: the value of the field behind the fixed ones
   * (no matter which when all are fixed), and the key.
   */
  readonly after?: { readonly value: FieldValue; readonly key: string };
  readonly limit: number;
}

export interface TermQuery {
  readonly field: string;
  readonly scope: string;
  /** Terms that begin with this; the empty prefix finds all. */
  readonly prefix: string;
  /** Exactly this term instead of a prefix. */
  readonly exact?: boolean;
  readonly limit: number;
}

/**
 * An attempt that did not succeed, as it is handed over: the store reckons the next one by its own (real) time, since the clocks
 * of those who try differ.
 */
export interface FailedTry {
  readonly tries: number;
  /** How long it is not tried again; null when it is parked for an operator. */
  readonly waitMs: number | null;
  readonly reason: string;
}

/** An attempt at a due row that did not succeed: kept beside the row until the row changes. */
export interface Postponement {
  readonly tries: number;
  /** The store's (real) time, ISO 8601 UTC as `Date#toISOString` writes it: not tried again before; null when parked for an operator. */
  readonly nextTryAt: string | null;
  readonly reason: string;
}

export interface DueRow {
  readonly row: StoredRow;
  readonly postponement: Postponement | null;
}

/**
 * Rows, their indexes and checkpoints. Rows and checkpoint of one batch move in one transaction, so each event counts
 * exactly once in effect. Answers are at least as new as the checkpoint that was read before them.
 */
export abstract class ReadStore {
  /**
   * Makes tables and indexes for a copy where they are missing. Repeatable; done once by each process that uses the copy
   * (`checkpoint` and `drop` alone do without). @throws RangeError for another shape than the copy was made with.
   */
  abstract prepare(shape: ReadModelShape, copy: ReadModelCopy): Promise<void>;

  /** How far a copy has come; null before its first checkpoint, and for one that is not there. */
  abstract checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null>;

  /** The rows with these keys, by key; those that are not there are missing from the map. */
  abstract load(copy: ReadModelCopy, keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>>;

  /** The rows of an index that a query fixes, in its order. @throws RangeError for a query that its index does not answer. */
  abstract find(copy: ReadModelCopy, query: RowQuery): Promise<readonly StoredRow[]>;

  /** Keys of the rows that carry such a term, ordered by term and key, each key once. */
  abstract findKeysByTerm(copy: ReadModelCopy, query: TermQuery): Promise<readonly string[]>;

  /** The counters' values by name; one that was never touched is 0. */
  abstract counts(copy: ReadModelCopy, names: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** All counters whose name begins so, with their values other than 0. */
  abstract countsByPrefix(copy: ReadModelCopy, prefix: string): Promise<ReadonlyMap<string, number>>;

  /** Rows with `dueAt` at or before an instant, oldest first and by key, those that wait for a next try or are parked left out. */
  abstract due(copy: ReadModelCopy, at: string, limit: number): Promise<readonly DueRow[]>;

  /** The earliest `dueAt` behind an instant of a row that is not parked, or null: what the clock would reach next. */
  abstract nextDue(copy: ReadModelCopy, after: string): Promise<string | null>;

  /** Keeps a failed attempt beside a row; nothing where the row is gone. Ends by itself when the row is put again or deleted. */
  abstract postpone(copy: ReadModelCopy, lease: Lease, key: string, failedTry: FailedTry): Promise<'saved' | 'fenced'>;

  /** How many rows of a copy are parked. */
  abstract countParked(copy: ReadModelCopy): Promise<number>;

  /** The rows of a copy that are parked, by key. */
  abstract parkedRows(copy: ReadModelCopy, limit: number): Promise<readonly DueRow[]>;

  /** Lets a row that was postponed or parked be tried again at once, by anybody. False where there is no such row. */
  abstract retryRow(copy: ReadModelCopy, key: string): Promise<boolean>;

  /** The streams of a copy of which an event could not be folded, by name. */
  abstract parkedStreams(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]>;

  /** Those whose next try has come by the store's (real) time, by name. */
  abstract parkedStreamsDue(copy: ReadModelCopy, limit: number): Promise<readonly ParkedStream[]>;

  /** Lets a parked stream be tried again at once, as if for the first time, by anybody. False where it is not parked. */
  abstract retryStream(copy: ReadModelCopy, stream: string): Promise<boolean>;

  /** Lets every copy of a read model, of whatever version, pass over an event from now on. For good, and repeatable. */
  abstract skipEvent(readModel: string, eventId: string): Promise<void>;

  /** The events that a read model passes over. */
  abstract skippedEvents(readModel: string): Promise<ReadonlySet<string>>;

  /**
   * Changes rows, counters and checkpoint in one transaction, or nothing ('fenced') when a newer fence holds the lease or the
   * copy does not stand where the changes say: what the writer knows is out of date then, and it begins again from the checkpoint.
   * A lease that lapsed or was released still counts until somebody takes it. @throws RangeError for a field that the shape has not.
   */
  abstract save(copy: ReadModelCopy, lease: Lease, changes: RowChanges): Promise<'saved' | 'fenced'>;

  /**
   * Takes or prolongs a lease for `forMs` of the store's (real) time. Null while another owner holds it. The fence grows
   * whenever the lease is taken anew, and stays while its owner prolongs it. An owner is named for one start of one process.
   */
  abstract acquireLease(name: string, owner: string, forMs: number): Promise<Lease | null>;

  /** Ends a lease before its time; nothing when it was taken since. */
  abstract releaseLease(lease: Lease): Promise<void>;

  /** Leases whose name begins so and that somebody holds now by the store's (real) time, by name. */
  abstract leaseHolders(prefix: string): Promise<readonly { readonly name: string; readonly owner: string }[]>;

  /** Every row of a copy in the order of keys: for comparing copies. Rows that change meanwhile may come as they were or are. */
  abstract scan(copy: ReadModelCopy): AsyncIterable<StoredRow>;

  /**
   * Removes a copy with everything in it but its lease. Repeatable, also for a copy that is not there. A generation that
   * fills or is retired is none any more afterwards.
   */
  abstract drop(copy: ReadModelCopy): Promise<void>;

  /** Every copy that there is, whatever its version and generation. */
  abstract listCopies(): Promise<readonly ReadModelCopy[]>;

  /** The generations of a part, as they are now. */
  abstract generations(part: ReadModelPart): Promise<Generations>;

  /** Lets another generation fill beside the active one. Answers its number: that of the one which fills already, if any. */
  abstract fillAnother(part: ReadModelPart): Promise<number>;

  /**
   * Makes the generation that fills the active one, and retires the one before, in one step: if it still is the one that
   * fills, and if it may by both checkpoints as they stand in that moment. True when it is active afterwards.
   */
  abstract takeOver(
    copy: ReadModelCopy,
    mayTakeOver: (filled: Checkpoint | null, active: Checkpoint | null) => boolean,
  ): Promise<boolean>;

  /** Makes a new, empty generation active at once and retires every other. Answers its number. */
  abstract startAnew(part: ReadModelPart): Promise<number>;

  /** Calls `listener` when a checkpoint may have moved, in this process or another. A hint: may come late, twice or not at all. */
  abstract onCheckpoint(listener: (copy: ReadModelCopy) => void): () => void;

  abstract close(): Promise<void>;
}
