import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { authorize } from './authorization.js';
import type { CallLog } from './call-log.js';
import type { SandboxClock } from './clock.js';
import type { Controls } from './controls.js';
import type { FaultAnswer, Faults } from './faults.js';
import type { Grants } from './grants.js';
import type {
  AuthorizationSettings,
  Call,
  CodeExchange,
  Endpoint,
  Handler,
  IdentityId,
  Lifetimes,
  PlatformHost,
  Reply,
  SandboxPlatform,
} from './platform.js';
import type { World } from './world.js';

const MILLISECONDS_PER_SECOND = 1000;
/** An ordered time-out outlasts every client's patience, but not for ever. */
const TIMEOUT_FAULT_MS = 120_000;

export interface HostParts {
  readonly server: FastifyInstance;
  readonly clock: SandboxClock;
  readonly controls: Controls;
  readonly grants: Grants;
  readonly world: World;
  readonly faults: Faults;
  readonly log: CallLog;
  /** Where browsers reach the sandbox, when that is not where its caller does. */
  readonly publicUrl: string | null;
}

/** Serves one platform: every endpoint is logged, and meets the faults that were ordered. */
export function hostPlatform(platform: SandboxPlatform, parts: HostParts): void {
  const { clock, controls, grants, world } = parts;
  const serve = (
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    handler: Handler,
    endpoint: Endpoint | null,
  ): void => {
    parts.server.route({
      method,
      url: path,
      handler: (request, reply) => answer(platform, parts, endpoint, handler, request, reply),
    });
  };
  const host: PlatformHost = {
    clock,
    grants,
    world,
    lifetimes: () => (controls.get('lifetimes', platform.id) as Lifetimes | undefined) ?? platform.lifetimes,
    after: (seconds) => new Date(clock.now().getTime() + seconds * MILLISECONDS_PER_SECOND),
    route: (method, path, endpoint, handler) => serve(method, path, handler, endpoint),
    authorization: (settings: AuthorizationSettings) =>
      serve('GET', settings.path, (call) => authorize(platform, settings, host, call), null),
    exchangeCode: (call) => exchangeCode(platform, host, call),
    clientFault: (call) => clientFault(platform, call),
  };
  platform.routes(host);
}

async function answer(
  platform: SandboxPlatform,
  { faults, log, clock, publicUrl }: HostParts,
  endpoint: Endpoint | null,
  handler: Handler,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  let identity: IdentityId | null = null;
  const record = (outcome: string, status: number): void => {
    log.add({
      method: request.method,
      url: request.originalUrl,
      platform: platform.id,
      identity,
      outcome,
      status,
      at: clock.now().toISOString(),
    });
  };
  const fault = endpoint === null ? undefined : faults.take(platform.id, endpoint);
  if (endpoint !== null && fault !== undefined) return playFault(platform, endpoint, fault, request, reply, record);
  const result = handler(
    readCall(request, publicUrl, (found) => {
      identity = found;
    }),
  );
  record(result.status < 400 ? 'ok' : 'refused', result.status);
  return send(reply, result);
}

async function playFault(
  platform: SandboxPlatform,
  endpoint: Endpoint,
  fault: FaultAnswer,
  request: FastifyRequest,
  reply: FastifyReply,
  record: (outcome: string, status: number) => void,
): Promise<FastifyReply> {
  const outcome = `fault:${fault}`;
  const socket = request.raw.socket;
  switch (fault) {
    case 'timeout': {
      record(outcome, 0);
      reply.hijack();
      const end = setTimeout(() => socket.destroy(), TIMEOUT_FAULT_MS);
      socket.once('close', () => clearTimeout(end));
      return reply;
    }
    case 'reset':
      record(outcome, 0);
      reply.hijack();
      socket.resetAndDestroy();
      return reply;
    case 'bad-json':
      record(outcome, 200);
      return send(reply, {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: '{"data": [{"id": "1",',
      });
    case 'empty':
      record(outcome, 200);
      return send(reply, { status: 200, headers: { 'content-type': 'application/json' }, body: '' });
    case '429':
    case '500':
    case 'invalid_grant': {
      const result = platform.fault(fault, endpoint);
      record(outcome, result.status);
      return send(reply, result);
    }
  }
}

async function send(reply: FastifyReply, { status, headers, body }: Reply): Promise<FastifyReply> {
  reply.code(status);
  if (headers !== undefined) reply.headers(headers);
  if (typeof body === 'string') return reply.send(body);
  return reply.header('cache-control', 'no-store').type('application/json; charset=utf-8').send(JSON.stringify(body));
}

function readCall(request: FastifyRequest, publicUrl: string | null, identify: (identity: IdentityId) => void): Call {
  const origin = `${request.protocol}://${request.host}`;
  const url = new URL(request.originalUrl, 'http://sandbox');
  const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
  const json: unknown = request.body instanceof URLSearchParams ? undefined : request.body;
  return {
    method: request.method,
    path: url.pathname,
    origin,
    pictureOrigin: publicUrl ?? origin,
    params: request.params as Record<string, string>,
    headers: request.headers,
    query: url.searchParams,
    form,
    json,
    input: (name) => url.searchParams.get(name) ?? form.get(name) ?? jsonText(json, name),
    identify,
  };
}

function jsonText(json: unknown, name: string): string {
  if (typeof json !== 'object' || json === null) return '';
  const value: unknown = Object.entries(json).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : '';
}

function clientFault(platform: SandboxPlatform, call: Call): 'client' | 'secret' | undefined {
  if (call.input('client_id') !== `sandbox-${platform.id}`) return 'client';
  return sameText(call.input('client_secret'), clientSecret(platform.id)) ? undefined : 'secret';
}

/** The secret that the sandbox has given every client of a platform. */
export function clientSecret(platform: string): string {
  return `sbx_client-secret-${platform}`;
}

function exchangeCode(platform: SandboxPlatform, host: PlatformHost, call: Call): CodeExchange {
  const client = clientFault(platform, call);
  if (client !== undefined) return { ok: false, fault: client };
  const code = call.input('code');
  const found = host.grants.find(code);
  if (found?.kind !== 'code' || found.grant.platform !== platform.id) return { ok: false, fault: 'unknown' };
  call.identify(found.grant.identity);
  if (found.standing === 'used') return { ok: false, fault: 'used' };
  if (found.standing !== 'live') return { ok: false, fault: 'expired' };
  if (found.grant.clientId !== call.input('client_id') || found.data['redirectUri'] !== call.input('redirect_uri')) {
    return { ok: false, fault: 'mismatch' };
  }
  const challenge = found.data['challenge'] ?? '';
  if (challenge !== '' && !sameText(challengeOf(call.input('code_verifier')), challenge)) {
    return { ok: false, fault: 'mismatch' };
  }
  return host.grants.spend(code) ? { ok: true, found } : { ok: false, fault: 'used' };
}

/** RFC 7636, 4.6: S256. */
function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url');
}

function sameText(given: string, expected: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
