import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { fastifyCookie } from '@fastify/cookie';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { Refusal } from '#kernel';
import { TokenVerifier } from './authentication.js';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { addJsonBodies } from './json-bodies.js';
import { Metrics } from './metrics.js';
import { serveOpenApi } from './openapi.js';
import { prepare, refused } from './outgoing.js';
import { createRateLimits } from './rate-limits.js';
import { correlationIdOf } from './request-headers.js';
import { addRequestHooks } from './request-hooks.js';

/** Bodies over this are refused with 413. */
export const BODY_LIMIT_BYTES = 1024 * 1024;
/** Longer than any id or opaque part of a path may be: the guard answers for those, with 404 as for all that is not there. */
const PARAMETER_LENGTH_LIMIT = 16 * 1024;
/** A request that takes longer to arrive, body and all, ends its connection: slow senders must not pile up. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The adapter to create the application with: `NestFactory.create(AppModule, createHttpAdapter(), { bodyParser: false })`.
 * What can only be set before there is an application stands here; `applyHttp` does the rest.
 */
export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // The request hooks say it themselves, as a problem.
    return503OnClosing: false,
    routerOptions: { maxParamLength: PARAMETER_LENGTH_LIMIT },
    frameworkErrors: answerUnroutable,
    clientErrorHandler: answerUnreadable,
  });
}

/**
 * Puts the rules for every route on an application, before it is initialised: it must be made with `createHttpAdapter`
 * and `bodyParser: false`, and its modules must include `HttpModule.forRoot`.
 */
export async function applyHttp(app: NestFastifyApplication): Promise<void> {
  const options = app.get<HttpOptions>(HTTP_OPTIONS);
  const fastify = app.getHttpAdapter().getInstance();
  await fastify.register(fastifyCookie);
  const rateLimits = await createRateLimits(fastify, options.rateLimitPerMinute);
  const [verifier, metrics] = [app.get(TokenVerifier), app.get(Metrics)];
  addRequestHooks(fastify, { options, verifier, rateLimits, metrics });
  addJsonBodies(fastify);
  serveOpenApi(app, fastify);
}

/** A path that the router cannot read, such as one with a broken percent-encoding. */
function answerUnroutable(_error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const correlationId = correlationIdOf(request.headers);
  const refusal = new Refusal('not-found', 'The path is not well-formed.');
  reply.header('x-correlation-id', correlationId).header('x-content-type-options', 'nosniff');
  void reply.send(prepare(reply, refused(refusal, correlationId)));
}

/** What is no HTTP, or has headers beyond all measure: there is no request to answer, only a connection to end. */
function answerUnreadable(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const correlationId = correlationIdOf({});
  const refusal = new Refusal('malformed-body', 'The request cannot be read.');
  const { status, headers, body } = refused(refusal, correlationId);
  const text = body as string;
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Content-Type: ${headers['content-type'] ?? ''}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    `X-Correlation-Id: ${correlationId}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`);
}
