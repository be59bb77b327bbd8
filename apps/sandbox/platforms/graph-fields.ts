/** One entry of a Graph API `fields` parameter: `accounts.limit(2){id,name}`. */
export interface Field {
  readonly name: string;
  readonly limit: number | null;
  readonly fields: readonly Field[];
  /** What stood between the braces, for links to the next page. */
  readonly text: string;
}

/** Something that the Graph API shows: what it shows by default, and how each field comes about. */
export interface GraphNode {
  readonly type: string;
  readonly defaults: readonly string[];
  readonly fields: Readonly<Record<string, (field: Field) => unknown>>;
}

/** A field that this type of node does not have. It is passed up, so that the whole call is refused as Graph does. */
export class NonexistingField {
  constructor(
    readonly field: string,
    readonly type: string,
  ) {}
}

const ENTRY = /^\s*([a-z_0-9]+)((?:\.[a-z_]+\([^(){}]*\))*)\s*/i;
const DEPTH_LIMIT_LEVELS = 5;

/** Reads a `fields` parameter; `undefined` when it makes no sense. Modifiers other than `limit` change nothing. */
export function parseFields(text: string, depth = 0): Field[] | undefined {
  const fields: Field[] = [];
  let rest = text;
  while (rest.trim() !== '') {
    const entry = ENTRY.exec(rest);
    if (entry === null || depth > DEPTH_LIMIT_LEVELS) return undefined;
    rest = rest.slice(entry[0].length);
    const inner = rest.startsWith('{') ? upToClosingBrace(rest) : '';
    if (inner === undefined) return undefined;
    if (rest.startsWith('{')) rest = rest.slice(inner.length + 2).trimStart();
    const nested = parseFields(inner, depth + 1);
    if (nested === undefined) return undefined;
    const limit = /\.limit\((\d+)\)/.exec(entry[2] ?? '')?.[1];
    fields.push({
      name: entry[1] ?? '',
      limit: limit === undefined ? null : Number(limit),
      fields: nested,
      text: inner,
    });
    if (rest === '') return fields;
    if (!rest.startsWith(',')) return undefined;
    rest = rest.slice(1);
  }
  return fields;
}

function upToClosingBrace(text: string): string | undefined {
  let open = 0;
  for (const [index, character] of [...text].entries()) {
    if (character === '{') open += 1;
    if (character === '}') open -= 1;
    if (open === 0) return text.slice(1, index);
  }
  return undefined;
}

/** The chosen fields of a node, or its defaults; the id always. Fields without a value are left out, as Graph does. */
export function select(node: GraphNode, fields: readonly Field[]): Record<string, unknown> | NonexistingField {
  const chosen =
    fields.length > 0 ? fields : node.defaults.map((name) => ({ name, limit: null, fields: [], text: '' }));
  const result: Record<string, unknown> = {};
  for (const field of chosen) {
    const resolve = Object.hasOwn(node.fields, field.name) ? node.fields[field.name] : undefined;
    if (resolve === undefined) return new NonexistingField(field.name, node.type);
    const value = resolve(field);
    if (value instanceof NonexistingField) return value;
    if (value !== undefined) result[field.name] = value;
  }
  const id = node.fields['id']?.({ name: 'id', limit: null, fields: [], text: '' });
  return { ...result, id };
}
