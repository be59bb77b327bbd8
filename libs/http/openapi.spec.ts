import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject, OperationObject, ParameterObject, ResponseObject } from '@nestjs/swagger';
import { buildOpenApi } from './index.js';
import { noVaultStore } from './testing/no-vault-store.js';
import { type SampleApplication, startSample } from './testing/sample-application.js';

const NOTES = '/v1/workspaces/{ws}/notes';

describe('the API’s description', () => {
  let sample: SampleApplication;
  let document: OpenAPIObject;

  beforeAll(async () => {
    sample = await startSample({ vaultStore: noVaultStore });
    document = buildOpenApi(sample.app);
  });
  afterAll(() => sample.close());

  const operations = (): readonly (readonly [string, OperationObject])[] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method} ${path}`, operation as OperationObject] as const),
    );
  const operation = (name: string): OperationObject => new Map(operations()).get(name) as OperationObject;
  const statuses = (name: string): readonly number[] => Object.keys(operation(name).responses).map(Number);
  const headers = (name: string): readonly string[] =>
    (operation(name).parameters as ParameterObject[]).filter((each) => each.in === 'header').map((each) => each.name);

  it('is OpenAPI 3.1 with every route of the API and no other', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(operations().map(([name]) => name)).toEqual([
      `post ${NOTES}`,
      `get ${NOTES}`,
      `get ${NOTES}/{acc}`,
      `patch ${NOTES}/{acc}`,
      `delete ${NOTES}/{acc}`,
      `post ${NOTES}/{acc}/publish`,
      'get /v1/me',
      'post /v1/workspaces',
      'get /v1/ops/state',
      'post /v1/internal/accounts/{acc}/access-token',
      'post /v1/visits',
      'get /v1/oauth/{platform}/callback',
      'get /v1/export',
      'get /v1/sandbox/clock',
    ]);
    expect(new Set(operations().map(([, { operationId }]) => operationId)).size).toBe(operations().length);
  });

  it('declares every status', () => {
    expect(statuses(`post ${NOTES}`)).toEqual([201, 400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503]);
    expect(statuses(`get ${NOTES}`)).toEqual([200, 400, 401, 403, 404, 429, 500, 503]);
    expect(statuses('get /v1/me')).toEqual([200, 400, 401, 429, 500, 503]);
    expect(statuses('post /v1/visits')).toEqual([200, 400, 410, 413, 415, 429, 500, 503]);
    expect(statuses('post /v1/internal/accounts/{acc}/access-token')).not.toContain(422);
    expect(statuses('get /v1/oauth/{platform}/callback')).toEqual([302, 400, 404, 429, 500, 503]);
    expect((operation(`post ${NOTES}`).responses['409'] as ResponseObject).description).toBe(
      'queue-full, revision-conflict, request-in-progress',
    );
  });

  it('gives errors as problems and answers as what they are', () => {
    for (const [, { responses }] of operations()) {
      for (const [status, response] of Object.entries(responses)) {
        const types = Object.keys((response as ResponseObject).content ?? {});
        if (Number(status) >= 400) expect(types).toEqual(['application/problem+json']);
      }
    }
    const content = (name: string, status: string): unknown =>
      (operation(name).responses[status] as ResponseObject).content;
    expect(content(`post ${NOTES}`, '201')).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/Changed' } },
    });
    expect(content(`get ${NOTES}`, '200')).toEqual({
      'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Note' } } },
    });
    expect(content('get /v1/export', '200')).toHaveProperty('application/x-ndjson');
    expect(content('get /v1/oauth/{platform}/callback', '302')).toBeUndefined();
  });

  it('has closed schemas alone', () => {
    const open: string[] = [];
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('type' in node && node.type === 'object' && !('additionalProperties' in node)) open.push(path);
      for (const [name, child] of Object.entries(node)) walk(child, `${path}/${name}`);
    };
    walk(document, '');
    expect(open).toEqual([]);
    expect(document.components?.schemas).toMatchObject({
      NewNote: { additionalProperties: false, required: ['text'] },
      Reminder: { additionalProperties: false },
      Changed: { additionalProperties: false },
      Problem: { additionalProperties: false, properties: { errors: { items: { additionalProperties: false } } } },
    });
  });

  it('names the parameters, headers and security of each operation', () => {
    expect(headers(`post ${NOTES}`)).toEqual(['X-Correlation-Id', 'If-Match', 'Idempotency-Key']);
    expect(headers('post /v1/visits')).not.toContain('Idempotency-Key');
    expect(headers(`get ${NOTES}`)).toEqual(['X-Correlation-Id', 'Read-After']);
    const parameters = operation(`get ${NOTES}`).parameters as ParameterObject[];
    expect(parameters).toContainEqual(
      expect.objectContaining({
        name: 'ws',
        in: 'path',
        required: true,
        schema: expect.objectContaining({ type: 'string' }),
      }),
    );
    expect(parameters).toContainEqual(expect.objectContaining({ name: 'limit', in: 'query', required: false }));
    expect(operation('get /v1/me').security).toEqual([{ bearer: [] }]);
    expect(operation('post /v1/visits').security).toEqual([]);
    const success = operation(`get ${NOTES}`).responses['200'] as ResponseObject;
    expect(Object.keys(success.headers ?? {})).toEqual(
      expect.arrayContaining(['Position', 'ETag', 'X-Correlation-Id']),
    );
    expect((operation('get /v1/me').responses['401'] as ResponseObject).headers).toHaveProperty('WWW-Authenticate');
  });

  it('refers to nothing that is not there', () => {
    const text = JSON.stringify(document);
    for (const [, reference] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = (reference ?? '')
        .split('/')
        .reduce<unknown>((node, name) => (node as Record<string, unknown>)[name], document);
      expect(found).toBeDefined();
    }
  });

  it('leaves the sandbox out where there is none', async () => {
    const live = await startSample({ vaultStore: noVaultStore, sandbox: false });
    const paths = Object.keys(buildOpenApi(live.app).paths);
    await live.close();
    expect(paths).not.toContain('/v1/sandbox/clock');
    expect(paths).toContain('/v1/me');
  });

  it('is served, with a page that shows it and brings everything itself', async () => {
    const served = await sample.call('GET', '/openapi.json', { as: null });
    expect(served).toMatchObject({ status: 200, body: { openapi: '3.1.0' } });
    const page = await sample.call('GET', '/docs', { as: null });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
    expect(links).toHaveLength(3);
    for (const link of links) {
      expect(link).toMatch(/^\/docs\//);
      expect((await sample.call('GET', link, { as: null })).status).toBe(200);
    }
  });
});
