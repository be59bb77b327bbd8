import fastify, { type FastifyInstance } from 'fastify';
import type { Metrics } from '#http';
import { HealthRoutes } from './health-routes.js';
import type { Readiness } from './readiness.js';

const BODY_LIMIT_BYTES = 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/**
 * What a process without the role of the API answers: health and metrics. It is a server of its own with these routes and no
 * others, so that no route of the API can be reached there, whatever a capability declares.
 */
export function createProbeServer(readiness: Readiness, metrics: Metrics): FastifyInstance {
  const server = fastify({ bodyLimit: BODY_LIMIT_BYTES, requestTimeout: REQUEST_TIMEOUT_MS });
  const routes = new HealthRoutes(readiness, metrics);
  server.get('/health/live', () => routes.live());
  server.get('/health/ready', (_request, reply) => routes.ready(reply));
  server.get('/metrics', (_request, reply) => routes.prometheus(reply));
  server.setNotFoundHandler((_request, reply) =>
    reply
      .code(404)
      .type('application/problem+json')
      .send({ type: 'urn:social-accounts:problem:not-found', title: 'Not found', status: 404, code: 'not-found' }),
  );
  return server;
}
