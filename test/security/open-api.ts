import type { Browser } from '../support/service/browser.js';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly additionalProperties?: boolean | Schema;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

interface DescribedOperation {
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security: readonly unknown[];
}

/** One operation of the description that the service serves of itself. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** The names of the ids and other parts in the path, in their order. */
  readonly pathParameters: readonly string[];
  readonly body: Schema | null;
  /** What it can answer: by status, the media types with their schemas. */
  readonly responses: ReadonlyMap<number, Content>;
  readonly isPublic: boolean;
}

export interface ApiDescription {
  readonly document: { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };
  readonly operations: readonly Operation[];
}

/** Reads `/openapi.json`. */
export async function readDescription(browser: Browser): Promise<ApiDescription> {
  const { body } = await browser.call<
    ApiDescription['document'] & {
      readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
    }
  >('/openapi.json');
  const operations = Object.entries(body.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, described]) => toOperation(method, path, described)),
  );
  return { document: body, operations };
}

function toOperation(method: string, path: string, described: DescribedOperation): Operation {
  const responses = Object.entries(described.responses);
  return {
    method: method.toUpperCase(),
    path,
    parameters: described.parameters,
    pathParameters: [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ''),
    body: described.requestBody?.content['application/json']?.schema ?? null,
    responses: new Map(responses.map(([status, { content = {} }]) => [Number(status), content])),
    isPublic: described.security.length === 0,
  };
}

export const nameOf = ({ method, path }: Operation): string => `${method} ${path}`;

/** The path with its parts filled in. */
export function pathOf(operation: Operation, parts: Readonly<Record<string, string>>): string {
  return operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts[name] ?? `no-${name}`));
}

/** What a schema stands for behind its references. */
export function resolve(schema: Schema, { document }: ApiDescription): Schema {
  if (schema.$ref === undefined) return schema;
  const found = document.components.schemas[schema.$ref.slice('#/components/schemas/'.length)];
  if (!found) throw new Error(`${schema.$ref} is not in the description.`);
  return resolve(found, { document, operations: [] });
}
