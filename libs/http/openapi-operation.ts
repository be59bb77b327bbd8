import { STATUS_CODES } from 'node:http';
import type {
  HeaderObject,
  OperationObject,
  ParameterObject,
  ReferenceObject,
  ResponseObject,
  SchemaObject,
} from '@nestjs/swagger';
import type { RefusalCode } from '#kernel';
import { declaredRefusals, declaredSuccesses } from './declared-answers.js';
import { isIdPrefix } from './path-parameters.js';
import { PROBLEM_MEDIA_TYPE, PROBLEMS } from './problems.js';
import type { Route } from './route-table.js';

const TEXT: SchemaObject = { type: 'string' };
const VISIBLE_TEXT: SchemaObject = { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' };
const PROBLEM_SCHEMA = 'Problem';

const RESPONSE_HEADERS = {
  'X-Correlation-Id': { description: 'What the request is called in events and logs.', schema: VISIBLE_TEXT },
  Position: { description: 'Where in the log this was read or written; Read-After takes it.', schema: VISIBLE_TEXT },
  ETag: { description: 'The revision, as If-Match takes it.', schema: { type: 'string', pattern: '^"\\d+"$' } },
  'Retry-After': { description: 'Seconds after which to try again.', schema: { type: 'integer', minimum: 0 } },
  'WWW-Authenticate': { description: 'How to authenticate.', schema: { type: 'string', enum: ['Bearer'] } },
  'RateLimit-Limit': { description: 'Requests a minute.', schema: { type: 'integer' } },
  'RateLimit-Remaining': { description: 'Requests left in this minute.', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until the minute is over.', schema: { type: 'integer' } },
} satisfies Record<string, HeaderObject>;
type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** On every answer; the limits only where there are any. */
const COMMON_HEADERS: readonly ResponseHeader[] = [
  'X-Correlation-Id',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
];

/** What every operation refers to. */
export const SHARED_COMPONENTS: {
  readonly schemas: Record<string, SchemaObject>;
  readonly headers: Record<string, HeaderObject>;
} = {
  headers: RESPONSE_HEADERS,
  schemas: {
    [PROBLEM_SCHEMA]: {
      type: 'object',
      description: 'Why a request was turned down (RFC 9457).',
      required: ['type', 'title', 'status', 'detail', 'code', 'correlationId'],
      properties: {
        type: { type: 'string', pattern: '^urn:social-accounts:problem:' },
        title: TEXT,
        status: { type: 'integer' },
        detail: TEXT,
        code: { type: 'string', enum: Object.keys(PROBLEMS) },
        correlationId: VISIBLE_TEXT,
        errors: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'code', 'message'],
            properties: { path: TEXT, code: TEXT, message: TEXT },
          },
        },
      },
    },
  },
};

/** Completes what the decorators say about an operation by what its declaration and the rules for every route say. */
export function describeOperation(operation: OperationObject, route: Route, path: string): OperationObject {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '');
  const own = (operation.parameters ?? []).filter((parameter) => !('in' in parameter) || parameter.in === 'query');
  const responses: Record<string, ResponseObject> = {};
  for (const status of declaredSuccesses(route.plan))
    responses[status] = success(status, operation.responses[String(status)], route);
  for (const [status, codes] of declaredRefusals(route.plan, names.length > 0))
    responses[status] = refusal(status, codes);
  return {
    ...operation,
    parameters: [...names.map(pathParameter), ...own, ...headerParameters(route)],
    responses,
    security: route.plan.requires === 'public' ? [] : [{ bearer: [] }],
  };
}

function pathParameter(name: string): ParameterObject {
  const schema: SchemaObject = isIdPrefix(name)
    ? { type: 'string', pattern: `^${name}_[0-7][0-9a-hjkmnp-tv-z]{25}$` }
    : TEXT;
  return { name, in: 'path', required: true, schema };
}

function headerParameters({ plan }: Route): readonly ParameterObject[] {
  const header = (name: string, description: string, schema: SchemaObject = VISIBLE_TEXT): ParameterObject => ({
    name,
    in: 'header',
    required: false,
    description,
    schema,
  });
  const correlation = header('X-Correlation-Id', 'What the request is to be called in events and logs.');
  if (plan.kind === 'query')
    return [correlation, header('Read-After', 'The answer includes at least what stands up to this position.')];
  const match = header('If-Match', 'The revision that the change is meant for.', {
    type: 'string',
    pattern: '^"(0|[1-9][0-9]{0,14})"$',
  });
  const key = header('Idempotency-Key', 'The same key and body within 24 h gives the same answer and does nothing.');
  return [correlation, match, ...(plan.idempotency ? [key] : [])];
}

const headerReferences = (names: readonly ResponseHeader[]): Record<string, ReferenceObject> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function success(
  status: number,
  described: ResponseObject | ReferenceObject | undefined,
  { plan }: Route,
): ResponseObject {
  const known = described !== undefined && 'content' in described ? described.content : undefined;
  const json = known?.['application/json'];
  const content = plan.produces === null ? known : { [plan.produces]: json ?? { schema: TEXT } };
  const read: readonly ResponseHeader[] = plan.kind === 'query' ? ['Position', 'ETag'] : ['Position'];
  return {
    description: STATUS_CODES[status] ?? '',
    headers: {
      ...headerReferences([...COMMON_HEADERS, ...read]),
      ...(isRedirect(status) ? { Location: { schema: TEXT } } : {}),
    },
    ...(content === undefined || isRedirect(status) ? {} : { content }),
  };
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

function refusal(status: number, codes: readonly RefusalCode[]): ResponseObject {
  const headers = [...COMMON_HEADERS];
  if (status === 401) headers.push('WWW-Authenticate');
  if (status === 429 || status === 503 || codes.includes('request-in-progress')) headers.push('Retry-After');
  return {
    description: codes.join(', '),
    headers: headerReferences(headers),
    content: { [PROBLEM_MEDIA_TYPE]: { schema: { $ref: `#/components/schemas/${PROBLEM_SCHEMA}` } } },
  };
}
