import type {
  DueRow,
  FailedTry,
  FieldValue,
  JsonObject,
  Postponement,
  ReadModelShape,
  RowQuery,
  StoredRow,
  TermQuery,
} from '#kernel';
import { countersTable, dueIndex, fieldColumn, rowsTable, termsTable } from './copy-schema.js';
import { KnownRows, type KnownRow } from './known-rows.js';
import { instantIn } from './parked-streams.js';
import { indexWalks } from './row-query.js';
import type { SqliteFile } from './sqlite-file.js';

type Column = FieldValue;

/** Columns of every answer before those of the fields. */
const FIXED_COLUMNS = ['key', 'due_at', 'counters', 'terms', 'body'];
const TERMS_COLUMN = FIXED_COLUMNS.indexOf('terms');
const ABSENT: KnownRow = { id: null, columns: [], isPostponed: false };

/** The rows, terms and counters of one copy. Everything runs at once, in the transaction that is open if one is. */
export class CopyRows {
  readonly #fields: readonly string[];
  readonly #columns: readonly string[];
  readonly #selected: string;
  readonly #rows: string;
  readonly #terms: string;
  readonly #counters: string;
  readonly #known = new KnownRows();
  readonly #texts;

  constructor(
    private readonly file: SqliteFile,
    readonly id: number,
    readonly shape: ReadModelShape,
  ) {
    this.#fields = Object.keys(shape.fields);
    this.#rows = rowsTable(id);
    this.#terms = termsTable(id);
    this.#counters = countersTable(id);
    this.#columns = [...FIXED_COLUMNS, ...this.#fields.map(fieldColumn)];
    this.#selected = this.#columns.join(', ');
    this.#texts = {
      select: `SELECT id, reason, ${this.#selected} FROM ${this.#rows} WHERE key = ?`,
      insert: `INSERT INTO ${this.#rows} (${this.#selected}) VALUES (${this.#columns.map(() => '?').join(', ')})`,
      delete: `DELETE FROM ${this.#rows} WHERE id = ?`,
      insertTerm: `INSERT INTO ${this.#terms} (field, scope, term, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      deleteTerm: `DELETE FROM ${this.#terms} WHERE field = ? AND scope = ? AND term = ? AND key = ?`,
      count: `INSERT INTO ${this.#counters} (name, value) VALUES (?, ?)
        ON CONFLICT (name) DO UPDATE SET value = value + excluded.value RETURNING value`,
    };
  }

  /** What is known of the rows is out of date: another connection has written to the file, or a transaction was taken back. */
  forgetRows(): void {
    this.#known.clear();
  }

  load(key: string): StoredRow | null {
    const { id, columns } = this.#stored(key);
    return id === null ? null : this.#decode(columns);
  }

  /** The row as it stands in the file. What was read is kept until it is written: a batch puts what it has loaded. */
  #stored(key: string): KnownRow {
    const remembered = this.#known.get(key);
    if (remembered) return remembered;
    const found = this.file.statement(this.#texts.select).get(key) as [number, string | null, ...Column[]] | undefined;
    const known = found ? knownRow(found) : ABSENT;
    this.#known.remember(key, known);
    return known;
  }

  /** At most `limit` rows behind `key` in the order of keys; the empty text is before all. */
  readBehind(key: string, limit: number): readonly StoredRow[] {
    const text = `SELECT ${this.#selected} FROM ${this.#rows} WHERE key > ? ORDER BY key LIMIT ?`;
    return this.#decodeAll(this.file.statement(text).all(key, limit));
  }

  find(query: RowQuery): readonly StoredRow[] {
    const found: StoredRow[] = [];
    for (const { text, parameters } of indexWalks(this.id, this.shape, this.#selected, query)) {
      if (found.length >= query.limit) break;
      const rows = this.file.statement(text).all(...parameters, query.limit - found.length);
      found.push(...this.#decodeAll(rows));
    }
    return found;
  }

  /** Writes the columns that change and the indexes they are in, no others: most changes are to the body alone. */
  put(row: StoredRow): void {
    this.#checkNames(row);
    const columns = this.#encode(row);
    const before = this.#stored(row.key);
    this.#known.forget(row.key);
    if (before.id === null) {
      this.file.statement(this.#texts.insert).run(...columns);
      this.#replaceTerms(row.key, NO_TERMS, row.terms);
      return;
    }
    const changed = columns.flatMap((column, index) => (column === before.columns[index] ? [] : [index]));
    // Whatever was postponed is tried anew once its row is put again.
    const assignments = before.isPostponed ? ['parked = 0', 'tries = 0', 'next_try_at = NULL', 'reason = NULL'] : [];
    assignments.push(...changed.map((index) => `${this.#columns[index]} = ?`));
    if (assignments.length === 0) return;
    const update = `UPDATE ${this.#rows} SET ${assignments.join(', ')} WHERE id = ?`;
    this.file.statement(update).run(...changed.map((index) => columns[index]), before.id);
    if (changed.includes(TERMS_COLUMN))
      this.#replaceTerms(row.key, parseTerms(before.columns[TERMS_COLUMN]), row.terms);
  }

  remove(key: string): void {
    const { id, columns } = this.#stored(key);
    if (id === null) return;
    this.#known.forget(key);
    this.#replaceTerms(key, parseTerms(columns[TERMS_COLUMN]), NO_TERMS);
    this.file.statement(this.#texts.delete).run(id);
  }

  findKeysByTerm({ field, scope, prefix, exact, limit }: TermQuery): readonly string[] {
    if (!this.shape.terms.includes(field)) throw new RangeError(`${this.shape.name} has no term field ${field}.`);
    // UTF-8 has no byte FF: behind the prefix, it bounds all texts that begin so.
    const condition = exact === true ? 'term = ?' : `term >= ? AND term < ? || x'ff'`;
    const text = `SELECT key FROM ${this.#terms} WHERE field = ? AND scope = ? AND ${condition} ORDER BY term, key`;
    const bounds = exact === true ? [prefix] : [prefix, prefix];
    const keys = new Set<string>();
    if (limit <= 0) return [];
    for (const [key] of this.file.statement(text).iterate(field, scope, ...bounds) as Iterable<[string]>) {
      keys.add(key);
      if (keys.size >= limit) break;
    }
    return [...keys];
  }

  /** Adds to a counter. One that comes to 0 is removed. */
  count(name: string, amount: number): void {
    const [value] = this.file.statement(this.#texts.count).get(name, amount) as [number];
    if (value === 0) this.file.statement(`DELETE FROM ${this.#counters} WHERE name = ?`).run(name);
  }

  counter(name: string): number {
    const found = this.file.statement(`SELECT value FROM ${this.#counters} WHERE name = ?`).get(name);
    return found === undefined ? 0 : (found as [number])[0];
  }

  countersByPrefix(prefix: string): ReadonlyMap<string, number> {
    const text = `SELECT name, value FROM ${this.#counters} WHERE name >= ? AND name < ? || x'ff' ORDER BY name`;
    return new Map(this.file.statement(text).all(prefix, prefix) as [string, number][]);
  }

  due(at: string, now: string, limit: number): readonly DueRow[] {
    const text = `SELECT ${this.#selected}, tries, next_try_at, reason FROM ${this.#rows}
      INDEXED BY ${dueIndex(this.id)} WHERE due_at <= ? AND parked = 0 AND (next_try_at IS NULL OR next_try_at <= ?)
      ORDER BY due_at, key LIMIT ?`;
    return this.#decodeDue(this.file.statement(text).all(at, now, limit));
  }

  nextDue(after: string): string | null {
    const text = `SELECT due_at FROM ${this.#rows} INDEXED BY ${dueIndex(this.id)}
      WHERE due_at > ? AND parked = 0 ORDER BY due_at LIMIT 1`;
    const found = this.file.statement(text).get(after) as [string] | undefined;
    return found?.[0] ?? null;
  }

  postpone(key: string, { tries, waitMs, reason }: FailedTry): void {
    this.#known.forget(key);
    const nextTryAt = instantIn(waitMs);
    this.file
      .statement(`UPDATE ${this.#rows} SET parked = ?, tries = ?, next_try_at = ?, reason = ? WHERE key = ?`)
      .run(nextTryAt === null ? 1 : 0, tries, nextTryAt, reason, key);
  }

  parked(limit: number): readonly DueRow[] {
    const text = `SELECT ${this.#selected}, tries, next_try_at, reason FROM ${this.#rows}
      WHERE parked = 1 ORDER BY key LIMIT ?`;
    return this.#decodeDue(this.file.statement(text).all(limit));
  }

  retry(key: string): boolean {
    this.#known.forget(key);
    const text = `UPDATE ${this.#rows} SET parked = 0, tries = 0, next_try_at = NULL, reason = NULL
      WHERE key = ? AND reason IS NOT NULL`;
    return this.file.statement(text).run(key).changes > 0;
  }

  countParked(): number {
    const text = `SELECT count(*) FROM ${this.#rows} WHERE parked = 1`;
    return (this.file.statement(text).get() as [number])[0];
  }

  #decodeDue(rows: readonly unknown[]): readonly DueRow[] {
    return (rows as Column[][]).map((columns) => {
      const [tries, nextTryAt, reason] = columns.slice(-3) as [number, string | null, string | null];
      const postponement: Postponement | null = reason === null ? null : { tries, nextTryAt, reason };
      return { row: this.#decode(columns), postponement };
    });
  }

  #decodeAll(rows: readonly unknown[]): StoredRow[] {
    return rows.map((columns) => this.#decode(columns as Column[]));
  }

  #decode(columns: readonly Column[]): StoredRow {
    const [key, dueAt, counters, terms, body] = columns as [string, string | null, string, string, string];
    const fields = this.#fields.map((field, index) => [field, columns[FIXED_COLUMNS.length + index] ?? null]);
    return {
      key,
      body: JSON.parse(body) as JsonObject,
      fields: Object.fromEntries(fields) as StoredRow['fields'],
      terms: parseTerms(terms),
      counters: JSON.parse(counters) as StoredRow['counters'],
      dueAt,
    };
  }

  #encode(row: StoredRow): readonly Column[] {
    return [
      row.key,
      row.dueAt,
      JSON.stringify(row.counters),
      JSON.stringify(row.terms),
      JSON.stringify(row.body),
      ...this.#fields.map((field) => row.fields[field] ?? null),
    ];
  }

  #checkNames(row: StoredRow): void {
    for (const field of Object.keys(row.fields)) {
      if (!Object.hasOwn(this.shape.fields, field)) throw new RangeError(`${this.shape.name} has no field ${field}.`);
    }
    for (const field of Object.keys(row.terms)) {
      if (!this.shape.terms.includes(field)) throw new RangeError(`${this.shape.name} has no term field ${field}.`);
    }
  }

  #replaceTerms(key: string, before: StoredRow['terms'], after: StoredRow['terms']): void {
    const kept = new Set<string>();
    for (const place of placesOf(after)) {
      this.file.statement(this.#texts.insertTerm).run(...place, key);
      kept.add(JSON.stringify(place));
    }
    for (const place of placesOf(before)) {
      if (!kept.has(JSON.stringify(place))) this.file.statement(this.#texts.deleteTerm).run(...place, key);
    }
  }
}

const knownRow = ([id, reason, ...columns]: [number, string | null, ...Column[]]): KnownRow => ({
  id,
  columns,
  isPostponed: reason !== null,
});

const NO_TERMS: StoredRow['terms'] = {};

const parseTerms = (text: Column | undefined): StoredRow['terms'] => JSON.parse(String(text)) as StoredRow['terms'];

/** Field, scope and term of every entry that a row has in the table of terms. */
const placesOf = (terms: StoredRow['terms']): readonly [string, string, string][] =>
  Object.entries(terms).flatMap(([field, { scope, values }]) =>
    values.map((term): [string, string, string] => [field, scope, term]),
  );
