import type { FieldValue, ReadModelShape, RowQuery } from '#kernel';
import { fieldColumn, namedIndex, rowsTable } from './copy-schema.js';

/** One walk along an index: the rows with a value, or the rows without. */
export interface IndexWalk {
  readonly text: string;
  /** In the order of the text; the limit comes behind them. */
  readonly parameters: readonly FieldValue[];
}

interface Condition {
  readonly text: string;
  readonly parameters: readonly FieldValue[];
}

/**
 * The walks along the index, in turn, that answer a query: null stands behind every value, SQLite keeps it before them,
 * so rows with and without a value are walked apart. Every walk costs what it returns.
 * @throws RangeError for a query that its index does not answer in its order.
 */
export function indexWalks(
  copyId: number,
  shape: ReadModelShape,
  columns: string,
  query: RowQuery,
): readonly IndexWalk[] {
  const { fixed, ordered } = splitIndex(shape, query);
  if (fixed[0] !== undefined && query.equals[fixed[0]] === null) return [];
  const equal = fixed.map((field) => equals(field, query.equals[field] ?? null));
  const walk = (conditions: readonly Condition[], orderedBy: string): IndexWalk => {
    const all = [...equal, ...conditions];
    const direction = query.order === 'ascending' ? 'ASC' : 'DESC';
    const order = orderedBy === '' ? `key ${direction}` : `${orderedBy} ${direction}, key ${direction}`;
    return {
      text: `SELECT ${columns} FROM ${rowsTable(copyId)} INDEXED BY ${namedIndex(copyId, query.index)}
        WHERE ${all.map(({ text }) => text).join(' AND ')} ORDER BY ${order} LIMIT ?`,
      parameters: all.flatMap(({ parameters }) => parameters),
    };
  };
  if (ordered === undefined) return [walk(behindKey(query), '')];

  const column = fieldColumn(ordered);
  const walks: IndexWalk[] = [];
  const passedValues = query.order === 'ascending' && query.after?.value === null;
  const values = [
    { text: `${column} IS NOT NULL`, parameters: [] },
    ...bounds(column, query),
    ...behind(column, query),
  ];
  if (!passedValues) walks.push(walk(values, column));
  const isBounded = (query.from ?? null) !== null || (query.to ?? null) !== null;
  // A row whose first field is null is not in the index, and a bound leaves out the rows without a value.
  if (fixed.length === 0 || isBounded) return walks;
  const passedNulls = query.order === 'descending' && query.after !== undefined && query.after.value !== null;
  const nulls = [equals(ordered, null), ...(query.after?.value === null ? behindKey(query) : [])];
  if (!passedNulls) walks.push(walk(nulls, ''));
  return query.order === 'ascending' ? walks : walks.reverse();
}

function splitIndex(
  shape: ReadModelShape,
  query: RowQuery,
): { readonly fixed: readonly string[]; readonly ordered: string | undefined } {
  const fields = Object.hasOwn(shape.indexes, query.index) ? shape.indexes[query.index] : undefined;
  if (!fields) throw new RangeError(`${shape.name} has no index ${query.index}.`);
  const named = Object.keys(query.equals).length;
  const fixed = fields.slice(0, named);
  if (!fixed.every((field) => Object.hasOwn(query.equals, field)) || named < fields.length - 1) {
    throw new RangeError(`A query of ${shape.name}.${query.index} fixes all of its fields, or all but the last.`);
  }
  const ordered = fields[named];
  if (ordered === undefined && (query.from ?? query.to ?? null) !== null) {
    throw new RangeError(`A query of ${shape.name}.${query.index} has a bound and no field for it.`);
  }
  return { fixed, ordered };
}

// `IS ?` would not tell SQLite that the value is not null, and so not that the partial index holds the row.
const equals = (field: string, value: FieldValue): Condition =>
  value === null
    ? { text: `${fieldColumn(field)} IS NULL`, parameters: [] }
    : { text: `${fieldColumn(field)} = ?`, parameters: [value] };

function bounds(column: string, { from = null, to = null }: RowQuery): readonly Condition[] {
  return [
    ...(from === null ? [] : [{ text: `${column} >= ?`, parameters: [from] }]),
    ...(to === null ? [] : [{ text: `${column} <= ?`, parameters: [to] }]),
  ];
}

const comparison = (query: RowQuery): string => (query.order === 'ascending' ? '>' : '<');

/** Among rows with a value: behind (value, key). Nothing when paging has not come to the values yet. */
function behind(column: string, query: RowQuery): readonly Condition[] {
  if (!query.after || query.after.value === null) return [];
  return [{ text: `(${column}, key) ${comparison(query)} (?, ?)`, parameters: [query.after.value, query.after.key] }];
}

/** Among rows that differ by their key alone: behind the key. */
function behindKey(query: RowQuery): readonly Condition[] {
  return query.after ? [{ text: `key ${comparison(query)} ?`, parameters: [query.after.key] }] : [];
}
