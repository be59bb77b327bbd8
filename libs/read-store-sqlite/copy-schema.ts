import type { ReadModelShape } from '#kernel';

/** Which copies there are, each with the shape it was made for and how far it has come, and who may write them. */
export const CATALOG = `
  CREATE TABLE IF NOT EXISTS copies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    partition INTEGER NOT NULL,
    shape TEXT NOT NULL,
    position TEXT,
    anchor_position TEXT,
    anchor_event_id TEXT,
    dropped INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX IF NOT EXISTS copies_live ON copies (name, version, generation, partition) WHERE dropped = 0;
  CREATE TABLE IF NOT EXISTS leases (
    name TEXT PRIMARY KEY,
    owner TEXT,
    process TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    fence INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const NAME = /^[A-Za-z][A-Za-z0-9_-]*$/;

export const rowsTable = (copyId: number): string => `rows_${copyId}_`;
export const termsTable = (copyId: number): string => `terms_${copyId}_`;
export const countersTable = (copyId: number): string => `counters_${copyId}_`;
export const dueIndex = (copyId: number): string => `rows_${copyId}_due`;
export const fieldColumn = (field: string): string => `"field:${field}"`;
export const namedIndex = (copyId: number, index: string): string => `"rows_${copyId}_index:${index}"`;

/** The statements that make the tables and indexes of a copy. @throws RangeError for a shape that contradicts itself. */
export function copyTables(copyId: number, shape: ReadModelShape): readonly string[] {
  checkShape(shape);
  const rows = rowsTable(copyId);
  const columns = Object.entries(shape.fields).map(
    ([field, type]) => `${fieldColumn(field)} ${type === 'text' ? 'TEXT' : 'REAL'},`,
  );
  const indexes = Object.entries(shape.indexes).map(([name, fields]) => {
    const columnsOfIndex = fields.map(fieldColumn);
    return `CREATE INDEX ${namedIndex(copyId, name)} ON ${rows} (${[...columnsOfIndex, 'key'].join(', ')})
      WHERE ${columnsOfIndex[0] ?? 'key'} IS NOT NULL`;
  });
  return [
    // The body comes last, so that what is found and counted by is read without it.
    `CREATE TABLE ${rows} (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      due_at TEXT,
      parked INTEGER NOT NULL DEFAULT 0,
      tries INTEGER NOT NULL DEFAULT 0,
      next_try_at TEXT,
      reason TEXT,
      ${columns.join('\n      ')}
      counters TEXT NOT NULL,
      terms TEXT NOT NULL,
      body TEXT NOT NULL
    ) STRICT`,
    `CREATE INDEX ${dueIndex(copyId)} ON ${rows} (due_at, key) WHERE due_at IS NOT NULL AND parked = 0`,
    `CREATE INDEX rows_${copyId}_parked ON ${rows} (key) WHERE parked = 1`,
    `CREATE TABLE ${termsTable(copyId)} (
      field TEXT NOT NULL, scope TEXT NOT NULL, term TEXT NOT NULL, key TEXT NOT NULL,
      PRIMARY KEY (field, scope, term, key)
    ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE ${countersTable(copyId)} (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID`,
    ...indexes,
  ];
}

/** What of a shape decides the tables, as one text: two shapes with the same text are the same. */
export function describeShape({ name, version, fields, indexes, terms }: ReadModelShape): string {
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
