import type { IndexDescription } from 'mongodb';
import type { ReadModelShape } from '#kernel';
import { fieldPath } from './row-query.js';

export const DUE_INDEX = 'due';
export const PARKED_INDEX = 'parked';
export const TERMS_INDEX = 'terms';

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

export const namedIndex = (index: string): string => `index:${index}`;

/** Every index of a copy's rows; each ends by the key, so that what it answers costs the length of the answer. */
export function indexesOf(shape: ReadModelShape): IndexDescription[] {
  const named = Object.entries(shape.indexes).map(([name, fields]): IndexDescription => {
    const first = fields[0] ?? '';
    const paths = fields.map((field) => [fieldPath(field), 1] as const);
    return {
      name: namedIndex(name),
      key: { ...Object.fromEntries(paths), _id: 1 },
      // The rows whose first field has a value: a bound takes in values of its own type alone.
      partialFilterExpression: { [fieldPath(first)]: { $gte: shape.fields[first] === 'number' ? -Infinity : '' } },
    };
  });
  return [
    {
      name: DUE_INDEX,
      key: { dueAt: 1, _id: 1 },
      partialFilterExpression: { dueAt: { $gte: '' }, parked: false },
    },
    { name: PARKED_INDEX, key: { parked: 1, _id: 1 }, partialFilterExpression: { parked: true } },
    { name: TERMS_INDEX, key: { terms: 1, _id: 1 }, partialFilterExpression: { terms: { $exists: true } } },
    ...named,
  ];
}

/**
 * What of a shape decides the indexes, as one text: two shapes with the same text are the same.
 * @throws RangeError for a shape that contradicts itself.
 */
export function describeShape(shape: ReadModelShape): string {
  checkShape(shape);
  const { name, version, fields, indexes, terms } = shape;
  const sorted = (entries: object): object => Object.fromEntries(Object.entries(entries).sort());
  return JSON.stringify({ name, version, fields: sorted(fields), indexes: sorted(indexes), terms: [...terms].sort() });
}

function checkShape(shape: ReadModelShape): void {
  for (const name of [...Object.keys(shape.fields), ...Object.keys(shape.indexes), ...shape.terms]) {
    if (!NAME.test(name)) throw new RangeError(`The shape of ${shape.name} has a name that is none: ${name}`);
  }
  for (const [index, fields] of Object.entries(shape.indexes)) {
    const isSound = fields.length > 0 && fields.every((field) => Object.hasOwn(shape.fields, field));
    if (!isSound) throw new RangeError(`The index ${index} of ${shape.name} names no field, or one that is not there.`);
  }
}
