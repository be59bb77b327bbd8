import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import { problemHeaders, problemOf, statusOf } from '#http';
import { Refusal } from '#kernel';

const STARTING = new Refusal('unavailable', 'The service starts. Try again shortly.', { retryAfterSeconds: 5 });

/**
 * What a process answers that still waits for its servers: that it lives, and is not ready. Whoever looks after it then does
 * not take it for dead and start it again, which would not make them come sooner.
 *
 * @throws Error when the port is in use.
 */
export async function answerWhileWaiting(port: number, host: string): Promise<{ close(): Promise<void> }> {
  const server = createServer((request, response) => answer(request.url?.split('?')[0], response));
  server.listen(port, host);
  await once(server, 'listening');
  return { close: () => close(server) };
}

function answer(path: string | undefined, response: ServerResponse): void {
  if (path === '/health/live') return send(response, 200, { status: 'ok' });
  const { 'content-type': problemType, ...waits } = problemHeaders(STARTING);
  if (path === '/health/ready')
    return send(response, 503, { status: 'unavailable', checks: { process: 'waits for its servers' } }, waits);
  send(response, statusOf(STARTING), problemOf(STARTING, randomUUID()), { ...waits, 'content-type': problemType });
}

/** No connection outlasts its answer: the service takes over the port. */
function send(response: ServerResponse, status: number, body: object, headers: OutgoingHttpHeaders = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
    .end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
