import fc from 'fast-check';
import { ASKERS, type Asker, type Stage } from './fuzz-stage.js';
import { type ApiDescription, type Operation, resolve, type Schema } from './open-api.js';
import { sampleBody, SENSIBLE_VALUES } from './sample-bodies.js';

export interface FuzzRequest {
  readonly operation: Operation;
  readonly asker: Asker;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

const MANY_MEMBERS = 12;

/** Fields with values of which many make sense, and some do not. */
const KNOWN_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  name: ['Shop', 'x', '', ' ', 'Ünï\u0000', 'x'.repeat(201), '<b>'],
  timezone: ['UTC', 'Europe/Berlin', 'Europe/Nowhere', '+01:00', ''],
  expiringWindow: ['P30D', 'P7D', 'P1Y', 'P0D', ''],
  noticeSteps: [['P7D'], ['P30D', 'P1D'], [], ['P7D', 'P7D'], 'P7D', [1]],
  accountAccess: ['all', [], ['acc_01hf3m7z8kfw2r5x9d4c6b1n0a'], ['x'], 'none', null],
  returnUrl: ['/', '/a?b=c', 'https://evil.example/', '//x', 'http://[', 'javascript:1'],
  // Far moves of the clock would leave nothing alive for the requests behind them.
  advance: ['PT0S', 'PT1S', 'PT1M', '-P1D', 'P', 'tomorrow', ''],
  to: ['2001-01-01T00:00:00Z', '9999-12-31T00:00:00Z', 'now', ''],
  workspaces: [[], ['ws_1'], 'all'],
};

const visibleText = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  minLength: 1,
  maxLength: 20,
});
/** Text that fits into a header, good or not. */
const headerText = fc.oneof(visibleText, fc.constantFrom('two words', 'x'.repeat(200), '"1"', 'W/"1"'));
const nastyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    '\u0000',
    '../..',
    "' OR 1=1 --",
    '%00',
    '{{7*7}}',
    '\ud800',
    '😀'.repeat(20),
    'x'.repeat(3_000),
    '__proto__',
  ),
);

/** Random requests, valid and not, of every operation that is described. */
export function fuzzRequests(description: ApiDescription, stage: Stage): fc.Arbitrary<FuzzRequest> {
  return fc.constantFrom(...description.operations).chain((operation) =>
    fc
      .record({
        asker: mostly<Asker>(usualAsker(operation), fc.constantFrom(...ASKERS)),
        path: fc.record(Object.fromEntries(operation.pathParameters.map((name) => [name, pathPart(name, stage)]))),
        query: queryOf(operation, stage),
        headers: headersOf(operation),
        body: bodyOf(operation, description, stage),
        contentType: rarely(fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=x', 'x')),
      })
      .map(({ path, query, headers, contentType, ...rest }) => ({
        ...{ operation, asker: rest.asker, body: rest.body, target: targetOf(operation, path, query) },
        headers: { ...headers, ...(contentType === null ? {} : { 'content-type': contentType }) },
      })),
  );
}

const usualAsker = ({ path }: Operation): Asker => (path.startsWith('/v1/ops/') ? 'operator' : 'owner');
const mostly = <Value>(usual: Value, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: others });
const rarely = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 24, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
const sometimes = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: value });
const often = <Value>(usual: fc.Arbitrary<Value>, others: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 7, arbitrary: usual }, { weight: 1, arbitrary: others });

function pathPart(name: string, { values }: Stage): fc.Arbitrary<string> {
  const real = values[name] ?? ['x'];
  const unknown = name.length <= 3 ? `${name}_01hf3m7z8kfw2r5x9d4c6b1n0a` : 'unknown';
  const others = fc.oneof(fc.constantFrom(unknown, ...Object.values(values).flat()), nastyText);
  // An empty part, or one of dots, would be another path.
  return often(fc.constantFrom(...real), others).map((part) => (/^\.{0,2}$/.test(part) ? 'x' : part));
}

function targetOf(
  operation: Operation,
  parts: Readonly<Record<string, string>>,
  query: readonly (readonly [string, string])[],
): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encode(parts[name] ?? ''));
  return query.length === 0
    ? path
    : `${path}?${query.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
}

/** Percent-encoded; a lone surrogate has no encoding and stands as what replaces it. */
const encode = (text: string): string => encodeURIComponent(Buffer.from(text).toString());

function queryOf(operation: Operation, stage: Stage): fc.Arbitrary<readonly (readonly [string, string])[]> {
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query');
  const pairs = parameters.map(({ name, schema }) =>
    fc
      .option(often(scalarOf(name, schema, stage), nastyText), { freq: 2, nil: null })
      .map((value) => [name, value] as const),
  );
  const extra = rarely(fc.tuple(fc.constantFrom('extra', 'limit', '__proto__', 'constructor'), nastyText));
  return fc
    .tuple(fc.tuple(...pairs), extra)
    .map(([own, more]) => [
      ...own.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])),
      ...(more === null ? [] : [more]),
    ]);
}

function scalarOf(name: string, schema: Schema, { values }: Stage): fc.Arbitrary<string> {
  if (values[name]) return fc.constantFrom(...values[name]);
  if (schema.enum) return fc.constantFrom(...schema.enum.map(String));
  if (schema.type === 'integer') return fc.oneof(fc.integer({ min: 1, max: 200 }), fc.integer()).map(String);
  return fc.oneof(fc.constantFrom('ada', 'a b', 'é', ''), visibleText);
}

function headersOf({ parameters }: Operation): fc.Arbitrary<Readonly<Record<string, string>>> {
  const made: Readonly<Record<string, fc.Arbitrary<string>>> = {
    'X-Correlation-Id': headerText,
    // Far ahead it would wait two seconds for what never comes.
    'Read-After': fc.oneof(fc.constantFrom('1', '5', 'other-form'), fc.constantFrom('two words', '')),
    'If-Match': fc.oneof(
      fc.integer({ min: 0, max: 6 }).map((revision) => `"${revision}"`),
      headerText,
    ),
    'Idempotency-Key': fc.oneof(
      fc.integer({ min: 0, max: 30 }).map((key) => `key-${key}`),
      headerText,
    ),
  };
  const headers = parameters
    .filter((parameter) => parameter.in === 'header')
    .map(({ name }) => [name, sometimes(made[name] ?? headerText)] as const);
  return fc
    .record(Object.fromEntries(headers))
    .map((record) =>
      Object.fromEntries(Object.entries(record).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    );
}

function bodyOf(operation: Operation, description: ApiDescription, stage: Stage): fc.Arbitrary<string | undefined> {
  if (operation.method === 'GET') return fc.constant(undefined);
  const broken = fc.oneof(
    fc.json({ maxDepth: 4 }),
    fc.constantFrom('{', '', 'null', '[]', '{"a":1}', `${'['.repeat(50)}${']'.repeat(50)}`, '{"__proto__":1}'),
    nastyText,
  );
  if (operation.body === null) return often(fc.constant(undefined), broken);
  const sound = fc.constant(sampleBody(operation.body, description));
  const random = fc.oneof(sound, objectOf(resolve(operation.body, description), stage));
  return often(
    random.map((body) => JSON.stringify(body)),
    broken,
  );
}

function objectOf({ properties = {}, required = [] }: Schema, stage: Stage): fc.Arbitrary<object> {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const value = often(fieldOf(name, schema, stage), fc.oneof(nastyText, fc.jsonValue({ maxDepth: 2 })));
    const isNeeded = required.includes(name);
    return [name, fc.option(value, { freq: isNeeded ? 20 : 2, nil: undefined })] as const;
  });
  const extra = rarely(fc.constantFrom('id', 'workspaceId', 'revision', 'admin'));
  return fc
    .tuple(fc.record(Object.fromEntries(fields)), extra)
    .map(([body, name]) => (name === null ? body : { ...body, [name]: 'x' }));
}

function fieldOf(name: string, schema: Schema, { values }: Stage): fc.Arbitrary<unknown> {
  if (name === 'candidateIds') {
    const ids = fc.constantFrom(...(values[name] ?? []), 'unknown');
    return fc.array(ids, { minLength: 1, maxLength: MANY_MEMBERS });
  }
  const known: readonly unknown[] = [...(KNOWN_VALUES[name] ?? []), ...(values[name] ?? [])];
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (known.length > 0) return fc.constantFrom(...known);
  return name in SENSIBLE_VALUES ? fc.constant(SENSIBLE_VALUES[name]) : visibleText;
}
