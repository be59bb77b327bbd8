import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import rateLimit, { normalizeIP } from '@fastify/rate-limit';
import { Refusal } from '#kernel';
import { stateOf } from './request-context.js';

const WINDOW_MS = 60_000;
/** Callers beyond this are forgotten, the ones that were longest silent first: memory stays bounded. */
const CALLERS_LIMIT = 100_000;
/** An address without a principal gets this part of what a principal gets. */
const ADDRESS_SHARE = 1 / 10;

/** Counts a request; a refusal when its caller has had enough for this minute. */
export type RateLimits = (request: FastifyRequest, reply: FastifyReply) => Promise<Refusal | null>;

/**
 * Limits by verified principal, and by address (IPv6 by /64) for requests without one. Windows are of real time, and each
 * process counts for itself.
 */
export async function createRateLimits(fastify: FastifyInstance, perMinute: number): Promise<RateLimits> {
  if (perMinute === 0) return () => Promise.resolve(null);
  await fastify.register(rateLimit, { global: false });
  const shared = { timeWindow: WINDOW_MS, cache: CALLERS_LIMIT };
  const byPrincipal = fastify.createRateLimit({
    ...shared,
    max: perMinute,
    keyGenerator: (request) => `${stateOf(request).principal?.kind ?? ''}|${stateOf(request).principal?.id ?? ''}`,
  });
  const byAddress = fastify.createRateLimit({
    ...shared,
    max: Math.max(1, Math.floor(perMinute * ADDRESS_SHARE)),
    keyGenerator: (request) => normalizeIP(request.ip),
  });
  return async (request, reply) => {
    const limit = await (stateOf(request).principal === null ? byAddress : byPrincipal)(request);
    if (limit.isAllowed) return null;
    reply.headers({
      'ratelimit-limit': limit.max,
      'ratelimit-remaining': limit.remaining,
      'ratelimit-reset': limit.ttlInSeconds,
    });
    if (!limit.isExceeded) return null;
    return new Refusal('rate-limited', 'Too many requests. Try again when the time in Retry-After is over.', {
      retryAfterSeconds: Math.max(1, limit.ttlInSeconds),
    });
  };
}
