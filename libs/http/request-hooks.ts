import { BlockList, isIPv6 } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { notFound, Refusal, StoreUnavailable } from '#kernel';
import { bearerToken, type TokenVerifier } from './authentication.js';
import type { HttpOptions } from './http-options.js';
import type { Metrics } from './metrics.js';
import { prepare, refused } from './outgoing.js';
import type { RateLimits } from './rate-limits.js';
import { type RequestState, stateOf } from './request-context.js';
import { correlationIdOf } from './request-headers.js';
import type { RoutePlan } from './routes.js';
import { unavailable } from './unexpected.js';

/** What a request that matched no route is called in logs and metrics: its path could hold anything. */
const UNMATCHED = 'unmatched';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

export interface RequestHooks {
  readonly options: HttpOptions;
  readonly verifier: TokenVerifier;
  readonly rateLimits: RateLimits;
  readonly metrics: Metrics;
}

/**
 * What happens before a body is read, and after an answer has gone: who calls, whether they call too often, one line in
 * the log, and the figures. It stands in Fastify's own hooks so that it also holds where no controller is reached.
 */
export function addRequestHooks(fastify: FastifyInstance, hooks: RequestHooks): void {
  fastify.decorateRequest('state', null);
  let isClosing = false;
  fastify.addHook('preClose', (done) => {
    isClosing = true;
    done();
  });
  fastify.addHook('onRequest', async (request, reply) => {
    begin(request, reply, hooks.options);
    const refusal = isClosing ? unavailable() : await admission(request, reply, hooks);
    if (refusal === null) return;
    return reply.send(prepare(reply, refused(refusal, stateOf(request).correlationId)));
  });
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    // A connection that was kept alive behind its last answer would hold up the end of the process.
    if (isClosing) reply.header('connection', 'close');
    done(null, payload);
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    record(request, reply, hooks);
    done();
  });
}

function begin(request: FastifyRequest, reply: FastifyReply, options: HttpOptions): void {
  const correlationId = correlationIdOf(request.headers);
  const state: RequestState = {
    principal: null,
    workspaceId: null,
    membership: null,
    correlationId,
    command: null,
    readAfter: null,
    baseUrl: options.publicUrl,
    cookies: request.cookies,
    address: request.ip,
    startedAt: process.hrtime.bigint(),
  };
  request.state = state;
  reply.header('x-correlation-id', correlationId).header('x-content-type-options', 'nosniff');
  if (isOurs(request)) reply.header('cache-control', 'no-store');
}

/** Routes of this API, and what matches nothing; the rest are files and probes, served by others. */
const isOurs = (request: FastifyRequest): boolean => request.is404 || request.routeOptions.config.plan !== undefined;

/** Null when the request may go on; else what it is turned down with before anything of it is read. */
async function admission(request: FastifyRequest, reply: FastifyReply, hooks: RequestHooks): Promise<Refusal | null> {
  if (!isOurs(request)) return null;
  const { plan } = request.routeOptions.config;
  const unauthenticated = plan === undefined ? null : await authenticate(request, plan, hooks.verifier);
  const tooMany = await hooks.rateLimits(request, reply);
  if (tooMany !== null) return tooMany;
  if (plan?.sandboxOnly === true && !isSandboxThere(request, hooks.options)) return notFound('thing');
  if (unauthenticated !== null) return unauthenticated;
  return plan?.kind === 'command' && hooks.options.acceptsCommands?.() === false ? unavailable() : null;
}

async function authenticate(
  request: FastifyRequest,
  plan: RoutePlan,
  verifier: TokenVerifier,
): Promise<Refusal | null> {
  if (plan.requires === 'public') return null;
  const token = bearerToken(request.headers.authorization);
  try {
    const principal = token === null ? null : await verifier.verify(token);
    stateOf(request).principal = principal;
    return principal === null ? new Refusal('unauthenticated', 'A valid bearer token is needed.') : null;
  } catch (error) {
    if (error instanceof StoreUnavailable) return unavailable();
    throw error;
  }
}

/** Behind a proxy on this machine everybody's requests come from here, so one that was forwarded is somebody else's. */
function isSandboxThere({ ip, headers }: FastifyRequest, { sandbox, sandboxAnyAddress }: HttpOptions): boolean {
  const isForwarded = Object.keys(headers).some((name) => name === 'forwarded' || name.startsWith('x-forwarded-'));
  const isFromThisMachine = LOOPBACK.check(ip, isIPv6(ip) ? 'ipv6' : 'ipv4');
  return sandbox && !isForwarded && (isFromThisMachine || sandboxAnyAddress === true);
}

function record(request: FastifyRequest, reply: FastifyReply, { options, metrics }: RequestHooks): void {
  const { state, method } = request;
  if (state === null) return;
  const route = request.is404 ? UNMATCHED : (request.routeOptions.url ?? UNMATCHED);
  const status = reply.statusCode;
  const seconds = Number(process.hrtime.bigint() - state.startedAt) / 1e9;
  metrics.recordRequest(route, method, status, seconds, request.routeOptions.config.plan?.kind === 'command');
  // The pattern alone: paths and queries hold secrets and ids that belong in no log.
  options.logger.info(
    {
      route,
      method,
      status,
      durationMs: Math.round(seconds * 1000),
      correlationId: state.correlationId,
      principal: state.principal?.id ?? null,
    },
    'request',
  );
}
