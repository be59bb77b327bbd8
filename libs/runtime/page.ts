import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** Where `npm run build` puts the page: beside the built programs, or in `dist` when the sources run. */
const PAGE_FOLDERS = ['../../web', '../../dist/web'].map((path) => fileURLToPath(new URL(path, import.meta.url)));

/** Serves the web page at `/`, with nothing from elsewhere but pictures. */
export async function servePage(fastify: FastifyInstance, pictureOrigins: readonly string[]): Promise<boolean> {
  const root = PAGE_FOLDERS.find((folder) => existsSync(`${folder}/index.html`));
  if (!root) return false;
  const policy = [
    "default-src 'self'",
    `img-src 'self' data: https: ${pictureOrigins.join(' ')}`.trim(),
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
  await fastify.register(fastifyStatic, {
    root,
    prefix: '/',
    wildcard: false,
    cacheControl: false,
    setHeaders(response, path) {
      response.header('content-security-policy', policy);
      response.header('referrer-policy', 'no-referrer');
      response.header('cache-control', path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  return true;
}
