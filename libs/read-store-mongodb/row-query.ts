import { MaxKey, MinKey } from 'mongodb';
import type { FieldValue, ReadModelShape, RowQuery } from '#kernel';
import { NULL } from './row-document.js';
import { compareTexts, rightBehind } from './text-order.js';

type Bound = string | number | MinKey | MaxKey;

/** One walk along an index: from the place `min` to before the place `max`, each with a value for every field of the index. */
export interface IndexWalk {
  readonly min: Readonly<Record<string, Bound>>;
  readonly max: Readonly<Record<string, Bound>>;
  readonly sort: Readonly<Record<string, 1 | -1>>;
}

/** A place among the rows that a query fixes: the value of the field behind the fixed ones, and the key. */
type Place = readonly [value: Bound, key: Bound];

const FIRST = new MinKey();
const LAST = new MaxKey();

/**
 * The walk that answers a query; null when there can be no rows. It costs what it returns.
 * @throws RangeError for a query that its index does not answer in its order.
 */
export function indexWalk(shape: ReadModelShape, query: RowQuery): IndexWalk | null {
  const { fixed, ordered } = splitIndex(shape, query);
  if (fixed[0] !== undefined && query.equals[fixed[0]] === null) return null;
  const [from, to] = ordered === undefined ? keyBounds(query) : valueBounds(query, fixed.length === 0);
  if (comparePlaces(from, to) >= 0) return null;
  const equals = fixed.map((field) => [fieldPath(field), query.equals[field] ?? NULL] as const);
  const at = ([value, key]: Place): Record<string, Bound> =>
    Object.fromEntries([
      ...equals,
      ...(ordered === undefined ? [] : [[fieldPath(ordered), value] as const]),
      ['_id', key] as const,
    ]);
  const [min, max] = [at(from), at(to)];
  const direction = query.order === 'ascending' ? 1 : -1;
  return { min, max, sort: Object.fromEntries(Object.keys(min).map((path) => [path, direction])) };
}

export const fieldPath = (field: string): string => `fields.${field}`;

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

/** Among rows that differ by their key alone. */
function keyBounds({ order, after }: RowQuery): readonly [Place, Place] {
  if (!after) return [START, END];
  return order === 'ascending' ? [[FIRST, rightBehind(after.key)], END] : [START, [FIRST, after.key]];
}

function valueBounds(query: RowQuery, isFirstField: boolean): readonly [Place, Place] {
  const { from = null, to = null, order, after } = query;
  // A bound leaves out the rows without a value, and a row whose first field is null is not in the index.
  const leavesOutNulls = from !== null || to !== null || isFirstField;
  let low: Place = from === null ? START : [from, FIRST];
  let high: Place = to !== null ? [to, LAST] : leavesOutNulls ? [LAST, FIRST] : END;
  if (after && order === 'ascending') low = later(low, [valueOf(after.value), rightBehind(after.key)]);
  if (after && order === 'descending') high = earlier(high, [valueOf(after.value), after.key]);
  return [low, high];
}

const START: Place = [FIRST, FIRST];
const END: Place = [LAST, LAST];

const valueOf = (value: FieldValue): Bound => value ?? NULL;
const later = (one: Place, other: Place): Place => (comparePlaces(one, other) >= 0 ? one : other);
const earlier = (one: Place, other: Place): Place => (comparePlaces(one, other) <= 0 ? one : other);

function comparePlaces(one: Place, other: Place): number {
  return compareBounds(one[0], other[0]) || compareBounds(one[1], other[1]);
}

function compareBounds(one: Bound, other: Bound): number {
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other);
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return rankOf(one) - rankOf(other);
}

/** The order in which MongoDB keeps values of different kinds. */
function rankOf(bound: Bound): number {
  if (bound instanceof MinKey) return 0;
  if (typeof bound === 'number') return 1;
  return typeof bound === 'string' ? 2 : 3;
}
