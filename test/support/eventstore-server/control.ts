import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { SubscriptionEnd } from './faults.js';
import type { EventStoreServer } from './start-server.js';

const MAXIMUM_BODY_BYTES = 4_096;

type Body = Readonly<Record<string, unknown>>;
type Action = (server: EventStoreServer, body: Body) => unknown;

/** What can be asked for: `POST /<name>` with a JSON object or nothing as the body. */
const ACTIONS: Readonly<Record<string, Action>> = {
  hang: ({ faults }) => faults.hang(),
  resume: ({ faults }) => faults.resume(),
  'drop-connections': ({ faults }) => faults.dropConnections(),
  'answer-late': ({ faults }, body) => faults.answerLate(number(body, 'ms', 0)),
  'answer-twice': ({ faults }, body) => faults.answerTwice(number(body, 'count', 1)),
  'lose-answers': ({ faults }, body) =>
    faults.loseAnswers(number(body, 'count', 1), oneOf(body, 'connection', ['keep', 'break'] as const)),
  'close-subscriptions': ({ faults }, body) =>
    faults.closeSubscriptions(oneOf<SubscriptionEnd>(body, 'how', ['end', 'error', 'slow-consumer'])),
  'not-ready': ({ faults }, body) => faults.notReady(number(body, 'ms', 0)),
  'lose-leader': ({ faults }, body) => {
    const leader = {
      host: typeof body['host'] === 'string' ? body['host'] : '127.0.0.1',
      port: number(body, 'port', 0),
    };
    faults.loseLeader(number(body, 'count', 1), leader.port === 0 ? undefined : leader);
  },
  clear: ({ faults }) => faults.clear(),
  restart: (server, body) => server.restart(number(body, 'downMs', 0)),
};

/**
 * Serves the faults of a stand-in over HTTP on the loopback interface, for tests in other processes:
 * `GET /` answers its status, `GET /health/live` 204, `POST /<fault>` 200 with `{ "answer": … }`, 400 or 404.
 */
export async function startControl(server: EventStoreServer, port: number): Promise<Server> {
  const control = createServer((request, response) => {
    void respond(server, request).then(({ code, body }) => {
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(body === undefined ? undefined : `${JSON.stringify(body)}\n`);
    });
  });
  control.listen(port, '127.0.0.1');
  await once(control, 'listening');
  return control;
}

async function respond(server: EventStoreServer, request: IncomingMessage): Promise<{ code: number; body?: object }> {
  const name = (request.url ?? '/').slice(1);
  if (request.method === 'GET') {
    if (name === 'health/live') return { code: 204 };
    return name === '' ? { code: 200, body: server.status() } : { code: 404 };
  }
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) return { code: 404, body: { known: Object.keys(ACTIONS) } };
  const body = await readBody(request);
  if (body === undefined) return { code: 400, body: { error: 'The body is no JSON object.' } };
  try {
    return { code: 200, body: { answer: (await action(server, body)) ?? null } };
  } catch (error) {
    return { code: 400, body: { error: error instanceof Error ? error.message : 'unknown' } };
  }
}

async function readBody(request: IncomingMessage): Promise<Body | undefined> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += String(chunk);
    if (text.length > MAXIMUM_BODY_BYTES) return undefined;
  }
  if (text === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Body) : undefined;
  } catch {
    return undefined;
  }
}

function number(body: Body, key: string, otherwise: number): number {
  const value = body[key] ?? otherwise;
  if (typeof value !== 'number' || !(value >= 0)) throw new RangeError(`'${key}' must be a number from 0.`);
  return value;
}

/** The first choice is the default. */
function oneOf<Choice extends string>(body: Body, key: string, choices: readonly [Choice, ...Choice[]]): Choice {
  const value = body[key] ?? choices[0];
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw new RangeError(`'${key}' must be one of ${choices.join(', ')}.`);
  return choice;
}
