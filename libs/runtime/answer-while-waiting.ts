import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';

const RETRY_AFTER_SECONDS = 5;

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
  if (path === '/health/ready')
    return send(response, 503, { status: 'unavailable', checks: { process: 'waits for its servers' } });
  send(
    response,
    503,
    {
      type: 'urn:social-accounts:problem:unavailable',
      title: 'Temporarily unavailable',
      status: 503,
      detail: 'The service starts. Try again shortly.',
      code: 'unavailable',
    },
    'application/problem+json',
  );
}

function send(response: ServerResponse, status: number, body: object, type = 'application/json'): void {
  const waits = status === 503 ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {};
  // No connection outlasts its answer: the service takes over the port.
  response.writeHead(status, { 'content-type': type, connection: 'close', ...waits }).end(JSON.stringify(body));
}

async function close(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
