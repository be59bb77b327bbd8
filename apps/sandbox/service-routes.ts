import type { FastifyInstance } from 'fastify';
import type { SandboxClock } from './clock.js';
import type { ClockLink } from './clock-link.js';
import type { SandboxIssuer, SessionRequest } from './issuer.js';

const ROOT = '/v1/sandbox';
const MAX_TEXT_CHARACTERS = 500;
const MAX_WORKSPACES = 100;

interface ServiceRoutesParts {
  readonly clock: SandboxClock;
  readonly link: ClockLink;
  readonly issuer: SandboxIssuer;
}

/** What the processes of the service ask of a sandbox that runs on its own: sessions, their keys, and the time. */
export function serveService(server: FastifyInstance, { clock, link, issuer }: ServiceRoutesParts): void {
  server.post(`${ROOT}/session`, async (request, reply) => {
    const session = sessionOf(request.body);
    if (session === null) return reply.code(400).send({ message: 'A session needs a userId.' });
    return reply.send({ token: await issuer.issueSession(session) });
  });
  server.get(`${ROOT}/jwks.json`, () => issuer.jwks());
  server.get(`${ROOT}/clock`, () => ({ now: clock.now().toISOString() }));
  // Only the instant is set: which instants lie on the way, the service knows.
  server.put(`${ROOT}/clock`, async (request, reply) => {
    const to = new Date(String(fieldsOf(request.body)['to']));
    const hasMoved = await link.move(to);
    return reply.code(hasMoved ? 200 : 409).send({ now: clock.now().toISOString() });
  });
  server.get<{ Querystring: { process?: string } }>(`${ROOT}/clock/moves`, (request, reply) => {
    const { process } = request.query;
    if (!isText(process)) return reply.code(400).send({ message: 'A process needs a name.' });
    reply.hijack();
    reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    link.connect(process, reply.raw);
    return reply;
  });
  server.post(`${ROOT}/clock/acknowledgements`, (request, reply) => {
    const { connection, line } = fieldsOf(request.body);
    const counts = isText(connection) && typeof line === 'number' && link.acknowledge(connection, line);
    return reply.code(counts ? 204 : 410).send();
  });
}

function sessionOf(body: unknown): SessionRequest | null {
  const { userId, name, scope, workspaces } = fieldsOf(body);
  if (!isText(userId)) return null;
  const isNamed = (name === undefined || isText(name)) && (scope === undefined || typeof scope === 'string');
  if (!isNamed || !(workspaces === undefined || isTextList(workspaces))) return null;
  return {
    userId,
    ...(name === undefined ? {} : { name }),
    ...(scope === undefined ? {} : { scope }),
    ...(workspaces === undefined ? {} : { workspaces }),
  };
}

const fieldsOf = (body: unknown): Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && value.length <= MAX_TEXT_CHARACTERS;

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length <= MAX_WORKSPACES && value.every(isText);
