import { createHash } from 'node:crypto';
import type { JsonObject, Position, RecordedEvent } from './event.js';
import type { FieldValue, ReadModelShape, RowQuery, StoredRow } from './read-store.js';
import type { OpenedEvent } from './stream.js';

/** How a row is found, counted and woken up: computed from its content, the content of related rows, and the time. */
export interface RowDescription {
  readonly fields: Readonly<Record<string, FieldValue>>;
  readonly terms?: StoredRow['terms'];
  readonly counters?: readonly string[];
  /** The next instant at which this description would come out differently, or the row's work is due. */
  readonly dueAt: string | null;
}

/**
 * A read model: rows that are folds of streams, and how they are found.
 *
 * A row is the fold of exactly one stream, so that every interleaving of streams gives the same bytes. What depends on other
 * rows or on the time stands in the row's description alone: it is written with the row, renewed with the rows it was made
 * from, and renewed when its `dueAt` comes.
 */
export interface ReadModel<Body extends JsonObject = JsonObject> extends ReadModelShape {
  /** How many partitions by workspace. Part of the version: another number is a rebuild. */
  readonly partitions: number;
  /** The categories of the streams that it folds. */
  readonly follows: readonly string[];
  /** Whether `project` reads personal data, or in which categories' events alone: opening what nobody reads costs a key each. */
  readonly readsPersonalData: boolean | readonly string[];
  /** Pure and total. Null removes the row, or leaves it out. */
  project(body: Body | null, event: OpenedEvent): Body | null;
  /** Pure. `related` holds the rows named by `relatedKeys`, as far as they are there. */
  describe(key: string, body: Body, related: ReadonlyMap<string, Body>, now: string): RowDescription;
  /** Keys of other rows that `describe` looks at. */
  relatedKeys?(body: Body): readonly string[];
  /** The rows whose description has to be renewed because this row changed from `before` to `after`. */
  dependents?(key: string, before: Body | null, after: Body | null): Pick<RowQuery, 'index' | 'equals'> | null;
}

/** What the passing of time asks of a to-do row. */
export interface Todo<Body extends JsonObject = JsonObject> {
  readonly key: string;
  readonly body: Body;
  readonly related: ReadonlyMap<string, Body>;
  /** Domain time. */
  readonly now: Date;
}

/**
 * What became of a to-do: `done` names a position up to which its consequences reach (they change the row), `settled` ends a
 * to-do that leaves no event behind (its row is removed), `later` says why it is to be tried again.
 */
export type TodoOutcome = { readonly done: Position } | { readonly settled: true } | { readonly later: string };

/** A policy: to-do rows folded from events, and the commands that they ask for when they are due. Repeatable at every step. */
export interface Automation<Body extends JsonObject = JsonObject> extends ReadModel<Body> {
  carryOut(todo: Todo<Body>): Promise<TodoOutcome>;
}

export const isAutomation = (model: ReadModel): model is Automation => 'carryOut' in model;

/** The rows of an automation alone, as a read model: they are folded, and nothing is carried out. */
export function withoutDeeds(model: ReadModel): ReadModel {
  const { carryOut: _carryOut, ...rows } = model as ReadModel & { readonly carryOut?: unknown };
  return rows;
}

/** The partition that a workspace belongs to. */
export function partitionOf(workspaceId: string, partitions: number): number {
  return partitions === 1 ? 0 : createHash('sha256').update(workspaceId).digest().readUInt32BE(0) % partitions;
}

/** The key of the row that an event belongs to: its stream. */
export const rowKeyOf = (recorded: RecordedEvent): string => recorded.stream;
