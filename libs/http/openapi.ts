import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance } from 'fastify';
import { serveDocsPage } from './docs-page.js';
import { closeSchemas } from './openapi-closed-schemas.js';
import { describeOperation, SHARED_COMPONENTS } from './openapi-operation.js';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { type Route, RouteTable } from './route-table.js';

const DOCUMENT_PATH = '/openapi.json';
const operationIdOf = (controller: string, method: string): string =>
  `${controller.replace(/Controller$/, '')}_${method}`;

/** Describes every route of an initialised application as OpenAPI 3.1, from the code alone. */
export function buildOpenApi(app: NestFastifyApplication): OpenAPIObject {
  const { sandbox, publicUrl } = app.get<HttpOptions>(HTTP_OPTIONS);
  const routes = new Map<string, Route>(
    app.get(RouteTable).all.map((route) => [operationIdOf(route.controller.name, route.methodName), route]),
  );
  const config = new DocumentBuilder()
    .setTitle('Social Accounts')
    .setDescription('Connected social media accounts: their tokens, queues, posts and history.')
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .addServer(publicUrl)
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .build();
  const document = SwaggerModule.createDocument(app, config, { operationIdFactory: operationIdOf });
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      const route = routes.get(operation?.operationId ?? '');
      if (operation === undefined || route === undefined) continue;
      if (route.plan.sandboxOnly && !sandbox) delete item[method];
      else item[method] = describeOperation(operation, route, path);
    }
    if (Object.keys(item).length === 0) delete document.paths[path];
  }
  const { schemas, headers } = document.components ?? {};
  document.components = {
    ...document.components,
    schemas: { ...schemas, ...SHARED_COMPONENTS.schemas },
    headers: { ...headers, ...SHARED_COMPONENTS.headers },
  };
  closeSchemas(document);
  return document;
}

/** Serves the description, and a page that shows it. It is made when first asked for, and never again. */
export function serveOpenApi(app: NestFastifyApplication, fastify: FastifyInstance): void {
  let text: string | null = null;
  fastify.get(DOCUMENT_PATH, (_request, reply) =>
    reply.type('application/json; charset=utf-8').send((text ??= JSON.stringify(buildOpenApi(app)))),
  );
  serveDocsPage(fastify, DOCUMENT_PATH);
}
