import type { JsonObject, Position } from './event.js';

/** Names one copy of one partition of a read model. Another version or generation is another copy, filled beside it. */
export interface ReadModelCopy {
  readonly name: string;
  readonly version: number;
  readonly generation: number;
  readonly partition: number;
}

/** What a read model can be asked for, declared once: the adapter builds tables and indexes from it. */
export interface ReadModelShape {
  readonly name: string;
  readonly version: number;
  /** The scalar columns that indexes are made of. */
  readonly fields: Readonly<Record<string, 'text' | 'number'>>;
  /**
   * Named indexes: the fields in order. A query fixes some leading fields, may bound or order by the next one, and always
   * ends by the row's key. Rows whose first field is null are not in the index.
   */
  readonly indexes: Readonly<Record<string, readonly string[]>>;
  /** Multi-valued fields, found by (scope, prefix): words of a name, members of a workspace. */
  readonly terms: readonly string[];
}

export type FieldValue = string | number | null;

/** A row as it is stored: its content, and everything by which it is found and counted. */
export interface StoredRow {
  readonly key: string;
  readonly body: JsonObject;
  readonly fields: Readonly<Record<string, FieldValue>>;
  /** By term field: (scope, terms). A scope is usually the workspace's id. */
  readonly terms: Readonly<Record<string, { readonly scope: string; readonly values: readonly string[] }>>;
  /** The names of the counters in which this row counts as one. */
  readonly counters: readonly string[];
  /**
   * When this row's place in the indexes, or the work it stands for, is next due by the passing of time alone
   * (ISO 8601 UTC, domain time), or null for never.
   */
  readonly dueAt: string | null;
}

/** Where a runner has come to, kept in the same transaction as the rows. */
export interface Checkpoint {
  readonly position: Position;
  /** Id of the event at `position`, to notice another log behind the same name; null when the position holds none of ours. */
  readonly eventId: string | null;
}

/** What one transaction changes. */
export interface RowChanges {
  readonly puts: readonly StoredRow[];
  readonly deletes: readonly string[];
  /** By counter name, what to add. */
  readonly counts: ReadonlyMap<string, number>;
  /** The new checkpoint, or null to leave it (rows renewed by time, not by events). */
  readonly checkpoint: Checkpoint | null;
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
  /** Bounds of the field behind them, both inclusive. */
  readonly from?: FieldValue;
  readonly to?: FieldValue;
  readonly order: 'ascending' | 'descending';
  /** Only rows behind this one in the order: the value of the field behind the fixed ones, and the key. */
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

/** An attempt at a due row that did not succeed: kept beside the row until the row changes. */
export interface Postponement {
  readonly tries: number;
  /** Real time, ISO 8601 UTC: not tried again before; null when parked for an operator. */
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
  /** Makes tables and indexes for a copy where they are missing. Repeatable. */
  abstract prepare(shape: ReadModelShape, copy: ReadModelCopy): Promise<void>;

  abstract checkpoint(copy: ReadModelCopy): Promise<Checkpoint | null>;

  /** The rows with these keys, by key; those that are not there are missing from the map. */
  abstract load(copy: ReadModelCopy, keys: readonly string[]): Promise<ReadonlyMap<string, StoredRow>>;

  abstract find(copy: ReadModelCopy, query: RowQuery): Promise<readonly StoredRow[]>;

  /** Keys of the rows that carry such a term, ordered by term and key, each key once. */
  abstract findKeysByTerm(copy: ReadModelCopy, query: TermQuery): Promise<readonly string[]>;

  /** The counters' values by name; one that was never touched is 0. */
  abstract counts(copy: ReadModelCopy, names: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** All counters whose name begins so, with their values other than 0. */
  abstract countsByPrefix(copy: ReadModelCopy, prefix: string): Promise<ReadonlyMap<string, number>>;

  /** Rows with `dueAt` at or before an instant, oldest first, those that wait for a next try or are parked left out. */
  abstract due(copy: ReadModelCopy, at: string, limit: number): Promise<readonly DueRow[]>;

  /** The earliest `dueAt` behind an instant, or null: what the clock would reach next. */
  abstract nextDue(copy: ReadModelCopy, after: string): Promise<string | null>;

  /** Keeps a failed attempt beside a row. Ends by itself when the row is put again or deleted. */
  abstract postpone(
    copy: ReadModelCopy,
    lease: Lease,
    key: string,
    postponement: Postponement,
  ): Promise<'saved' | 'fenced'>;

  /** How many rows of a copy are parked. */
  abstract countParked(copy: ReadModelCopy): Promise<number>;

  /** Changes rows, counters and checkpoint in one transaction, or nothing when a newer fence holds the lease. */
  abstract save(copy: ReadModelCopy, lease: Lease, changes: RowChanges): Promise<'saved' | 'fenced'>;

  /** Takes or prolongs a lease for `forMs` of the store's time. Null while another owner holds it. */
  abstract acquireLease(name: string, owner: string, forMs: number): Promise<Lease | null>;

  abstract releaseLease(lease: Lease): Promise<void>;

  /** Every row of a copy in the order of keys: for comparing copies. */
  abstract scan(copy: ReadModelCopy): AsyncIterable<StoredRow>;

  /** Removes a copy with everything in it. */
  abstract drop(copy: ReadModelCopy): Promise<void>;

  /** Calls `listener` when a checkpoint may have moved, in this process or another. A hint: may come late, twice or not at all. */
  abstract onCheckpoint(listener: (copy: ReadModelCopy) => void): () => void;

  abstract close(): Promise<void>;
}
