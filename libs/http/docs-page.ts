import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const PAGE_PATH = '/docs';
/** Everything comes from here; the viewer sets styles on its elements. */
const CONTENT_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Social Accounts API</title>
    <link rel="stylesheet" href="${PAGE_PATH}/swagger-ui.css" />
  </head>
  <body>
    <div id="api"></div>
    <script src="${PAGE_PATH}/swagger-ui-bundle.js"></script>
    <script src="${PAGE_PATH}/start.js"></script>
  </body>
</html>
`;

const VIEWER_FILES = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript' } as const;

/** The viewer comes with @nestjs/swagger, so it is looked for where that one would find it. */
function viewerFolder(): string {
  const fromSwagger = createRequire(createRequire(import.meta.url).resolve('@nestjs/swagger'));
  return dirname(fromSwagger.resolve('swagger-ui-dist/package.json'));
}

/** Serves a page that shows the API's description, with nothing from elsewhere. */
export function serveDocsPage(fastify: FastifyInstance, documentPath: string): void {
  const script = `SwaggerUIBundle({ url: ${JSON.stringify(documentPath)}, dom_id: '#api', deepLinking: true });\n`;
  const serve = (path: string, mediaType: string, body: () => string | Promise<Buffer>): void => {
    fastify.get(path, async (_request, reply) => {
      reply.header('content-security-policy', CONTENT_POLICY).type(`${mediaType}; charset=utf-8`);
      return reply.send(await body());
    });
  };
  serve(PAGE_PATH, 'text/html', () => PAGE);
  serve(`${PAGE_PATH}/start.js`, 'text/javascript', () => script);
  for (const [name, mediaType] of Object.entries(VIEWER_FILES))
    serve(`${PAGE_PATH}/${name}`, mediaType, () => readFile(join(viewerFolder(), name)));
}
