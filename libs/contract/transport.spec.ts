import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ATTEMPTS_LIMIT, Transport } from './transport.js';

type Responder = (request: IncomingMessage, response: ServerResponse) => void;

/** A real server that answers from a script, one responder per request, and remembers what it was asked. */
class ScriptedServer {
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers'] }[] = [];
  readonly responders: Responder[] = [];
  private readonly server: Server = createServer((request, response) => {
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    const responder = this.responders.shift() ?? json(200, {});
    request.resume().on('end', () => responder(request, response));
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Responder =>
  (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

const problem = (status: number, code: string, headers: Record<string, string> = {}): Responder =>
  json(status, { type: `/problems/${code}`, title: code, status, code, correlationId: 'cor-1' }, headers);

const reset: Responder = (request) => request.socket.destroy();

describe('transport', () => {
  let server: ScriptedServer;
  let baseUrl: string;
  beforeEach(async () => {
    server = new ScriptedServer();
    baseUrl = await server.start();
  });
  afterEach(() => server.stop());

  it('sends the bearer, and a new key with every command', async () => {
    const transport = new Transport({ baseUrl, token: () => 'abc' });
    await transport.command('POST', '/one', { a: 1 });
    await transport.command('POST', '/two', { a: 1 });
    const keys = server.requests.map((request) => request.headers['idempotency-key']);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer abc');
    expect(keys[0]).toMatch(/^[\x21-\x7e]{1,128}$/);
    expect(keys[0]).not.toBe(keys[1]);
  });

  it('asks again under the same key when the answer of a command was lost', async () => {
    server.responders.push(reset, json(201, { id: 'ws_1' }, { position: '7' }));
    const transport = new Transport({ baseUrl });
    const result = await transport.command('POST', '/v1/workspaces', { name: 'n' });
    expect(result).toMatchObject({ ok: true, status: 201, position: '7', value: { id: 'ws_1' } });
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]?.headers['idempotency-key']).toBe(server.requests[0]?.headers['idempotency-key']);
  });

  it('does not repeat a command that takes no key', async () => {
    server.responders.push(reset);
    const result = await new Transport({ baseUrl }).command('POST', '/token', {}, { withoutKey: true });
    expect(result).toMatchObject({ ok: false, problem: { code: 'network-failed' } });
    expect(server.requests.map((request) => request.headers['idempotency-key'])).toEqual([undefined]);
  });

  it('reads after what a command wrote', async () => {
    server.responders.push(json(200, {}, { position: '12' }), json(200, {}));
    const transport = new Transport({ baseUrl });
    await transport.command('DELETE', '/thing');
    await transport.query('/things');
    expect(server.requests[1]?.headers['read-after']).toBe('12');
  });

  it('keeps the position of a command when an older query answers late', async () => {
    let answerSlowly = (): void => undefined;
    const asked = new Promise<void>((arrived) => {
      server.responders.push((request, response) => {
        answerSlowly = () => json(200, {}, { position: '1' })(request, response);
        arrived();
      });
    });
    server.responders.push(json(200, {}, { position: '9' }));
    const transport = new Transport({ baseUrl });
    const slow = transport.query('/slow');
    await asked;
    await transport.command('POST', '/command');
    answerSlowly();
    await slow;
    expect(transport.position).toBe('9');
  });

  it('waits as long as a reading side that is behind asks, then reads again, and gives up after the limit', async () => {
    server.responders.push(problem(503, 'read-behind', { 'retry-after': '0' }), json(200, { items: [] }));
    const transport = new Transport({ baseUrl });
    expect(await transport.query('/late')).toMatchObject({ ok: true });
    for (let attempt = 0; attempt < ATTEMPTS_LIMIT; attempt += 1) {
      server.responders.push(problem(503, 'read-behind', { 'retry-after': '0' }));
    }
    expect(await transport.query('/never')).toMatchObject({ ok: false, problem: { code: 'read-behind' } });
    expect(server.requests).toHaveLength(2 + ATTEMPTS_LIMIT);
  });

  it('hands a refusal over as it came and does not repeat it', async () => {
    server.responders.push(problem(409, 'already-decided'));
    const result = await new Transport({ baseUrl }).command('POST', '/selection', {});
    expect(result).toEqual({
      ok: false,
      problem: {
        type: '/problems/already-decided',
        title: 'already-decided',
        status: 409,
        code: 'already-decided',
        correlationId: 'cor-1',
      },
    });
    expect(server.requests).toHaveLength(1);
  });

  it('tells when the token is no longer accepted', async () => {
    let told = 0;
    server.responders.push(problem(401, 'unauthenticated'));
    await new Transport({ baseUrl, onUnauthenticated: () => (told += 1) }).query('/me');
    expect(told).toBe(1);
  });

  it('states a problem itself when something else than a problem document refuses', async () => {
    server.responders.push((_request, response) => response.writeHead(502).end('<h1>Bad gateway</h1>'));
    const result = await new Transport({ baseUrl }).query('/x');
    expect(result).toMatchObject({ ok: false, problem: { code: 'unexpected-answer', status: 502 } });
  });

  it('ends when the caller no longer waits, and when the time is over', async () => {
    const silent: Responder = () => undefined;
    server.responders.push(silent, silent);
    const transport = new Transport({ baseUrl });
    const stop = new AbortController();
    const stopped = transport.query('/a', { signal: stop.signal });
    stop.abort();
    expect(await stopped).toMatchObject({ ok: false, problem: { code: 'aborted' } });
    expect(await transport.query('/b', { timeoutMs: 50 })).toMatchObject({ ok: false, problem: { code: 'timed-out' } });
  });
});
