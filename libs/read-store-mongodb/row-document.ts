import { MaxKey } from 'mongodb';
import type { JsonObject, ReadModelShape, StoredRow } from '#kernel';

/** Null stands behind every value: MongoDB keeps null before them, and this behind them. */
export const NULL = new MaxKey();

/**
 * A row as it is stored. `row` is the whole of it as JSON, so that any content comes back to the byte, whatever its names;
 * the rest is what it is found by. What is postponed stands beside it, and ends with the document that is replaced.
 */
export interface RowDocument {
  readonly _id: string;
  readonly row: string;
  readonly fields: Readonly<Record<string, string | number | MaxKey>>;
  readonly terms?: readonly string[];
  readonly dueAt?: string;
  readonly parked: boolean;
  readonly tries?: number;
  /** By the server's clock. */
  readonly nextTryAt?: Date;
  readonly reason?: string;
}

/** @throws RangeError for a field that the shape has not. */
export function encodeRow(shape: ReadModelShape, row: StoredRow): RowDocument {
  checkNames(shape, row);
  const fields = Object.keys(shape.fields).map((field) => [field, row.fields[field] ?? null] as const);
  const terms = Object.entries(row.terms).flatMap(([field, { scope, values }]) =>
    values.map((term) => termEntry(field, scope, term)),
  );
  return {
    _id: row.key,
    row: JSON.stringify({ ...row, fields: Object.fromEntries(fields) }),
    fields: Object.fromEntries(fields.map(([field, value]) => [field, value ?? NULL])),
    ...(terms.length > 0 ? { terms } : {}),
    ...(row.dueAt === null ? {} : { dueAt: row.dueAt }),
    parked: false,
  };
}

export function decodeRow({ row }: Pick<RowDocument, 'row'>): StoredRow {
  const { key, body, fields, terms, counters, dueAt } = JSON.parse(row) as StoredRow & { readonly body: JsonObject };
  return { key, body, fields, terms, counters, dueAt };
}

/** One text for a field, a scope and a term, in the order of the terms where field and scope are the same. */
export const termEntry = (field: string, scope: string, term: string): string =>
  `${field}|${scope.length}|${scope}|${term}`;

function checkNames(shape: ReadModelShape, row: StoredRow): void {
  for (const field of Object.keys(row.fields)) {
    if (!Object.hasOwn(shape.fields, field)) throw new RangeError(`${shape.name} has no field ${field}.`);
  }
  for (const field of Object.keys(row.terms)) {
    if (!shape.terms.includes(field)) throw new RangeError(`${shape.name} has no term field ${field}.`);
  }
}
