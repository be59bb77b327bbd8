import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PlatformFailure } from '#social-accounts';
import { z } from 'zod';
import { TimeBudget } from './limits.js';
import { kindOfStatus, PlatformHttp, type PlatformRequest } from './platform-http.js';
import { expectNoSecret, failed } from './spec-support.js';

type Answer = (response: ServerResponse) => void;

let server: Server;
let answers: Answer[] = [];
let calls = 0;
const http = new PlatformHttp('Example', { timeoutMs: 200, firstWaitMs: 1, responseLimitBytes: 1_000 });
const hang: Answer = () => undefined;
const reset: Answer = (response) => response.socket?.resetAndDestroy();
const answer =
  (status: number, body = '{}', headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(status, headers).end(body);

beforeAll(async () => {
  // Each call takes the next answer; the last one stays.
  server = createServer((_request, response) => {
    calls += 1;
    (answers.length > 1 ? answers.shift() : answers[0])?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  calls = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function request(more: Partial<PlatformRequest> = {}): PlatformRequest {
  const url = new URL(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}/path?token=sbx_secret`);
  return { url, repeat: 'always', classify: kindOfStatus, ...more };
}

function answering(...all: Answer[]): void {
  answers = all;
}

describe('a call to a platform', () => {
  it('gives the text of an answer, or its JSON when it has the shape', async () => {
    answering(answer(200, '{"id":"1"}'));
    expect(await http.send(request())).toEqual({ status: 200, text: '{"id":"1"}' });
    expect(await http.sendForJson(request(), z.object({ id: z.string() }))).toEqual({ id: '1' });
    expect(failed(await http.sendForJson(request(), z.object({ id: z.number() })))).toMatchObject({
      code: 'platform-error',
      kind: 'other',
    });
  });

  it.each<[string, Answer, Answer]>([
    ['429', answer(429), answer(200)],
    ['5xx', answer(503), answer(200)],
    ['a reset connection', reset, answer(200)],
    ['no answer in time', hang, answer(200)],
  ])('is tried again after %s', async (_fault, fault, good) => {
    answering(fault, good);
    expect(await http.send(request())).toMatchObject({ status: 200 });
    expect(calls).toBe(2);
  });

  it.each<[string, Answer, string]>([
    ['429', answer(429), 'rate-limited'],
    ['5xx', answer(500), 'transient'],
    ['a reset connection', reset, 'transient'],
    ['no answer in time', hang, 'transient'],
  ])('ends as unavailable after three times %s', async (_fault, fault, kind) => {
    answering(fault);
    expect(failed(await http.send(request()))).toMatchObject({ code: 'platform-unavailable', kind });
    expect(calls).toBe(3);
  });

  it.each<[string, Answer]>([
    ['another refusal', answer(400, '{"error":"sbx_secret"}')],
    ['a redirect', answer(302, '', { location: 'http://127.0.0.1:1/' })],
    ['an answer that is too long', answer(200, 'x'.repeat(1_001))],
  ])('is not tried again after %s', async (_fault, fault) => {
    answering(fault, answer(200));
    expect(failed(await http.send(request()))).toMatchObject({ code: 'platform-error', kind: 'other' });
    expect(calls).toBe(1);
  });

  it('takes an answer as long as the limit, and a stalled one for none', async () => {
    answering(answer(200, 'x'.repeat(1_000)));
    expect(await http.send(request())).toMatchObject({ status: 200 });
    answering((response) => response.writeHead(200).write('{"half":'));
    expect(failed(await http.send(request()))).toMatchObject({ kind: 'transient' });
  });

  it('of a thing that works once is sent again only after the platform refused it itself', async () => {
    for (const fault of [reset, hang]) {
      calls = 0;
      answering(fault, answer(200));
      expect(failed(await http.send(request({ repeat: 'after-refusal' })))).toMatchObject({ kind: 'transient' });
      expect(calls).toBe(1);
    }
    answering(answer(429), answer(503), answer(200));
    expect(await http.send(request({ repeat: 'after-refusal' }))).toMatchObject({ status: 200 });
    calls = 0;
    // A limit that is told with another status may come after the work was done.
    answering(answer(400), answer(200));
    failed(await http.send(request({ repeat: 'after-refusal', classify: () => 'rate-limited' })));
    expect(calls).toBe(1);
  });

  it('waits as long as the platform asks, and hands a longer wait to the caller', async () => {
    const began = performance.now();
    answering(answer(429, '{}', { 'retry-after': '1' }), answer(200));
    expect(await http.send(request())).toMatchObject({ status: 200 });
    expect(performance.now() - began).toBeGreaterThan(950);
    answering(answer(503, '{}', { 'retry-after': '120' }), answer(200));
    expect(failed(await http.send(request()))).toMatchObject({ kind: 'transient', retryAfterSeconds: 120 });
    answering(answer(429, '{}', { 'retry-after': 'soon' }), answer(200));
    expect(await http.send(request())).toMatchObject({ status: 200 });
  });

  it('stops when the time that it shares with others is spent', async () => {
    answering(hang);
    const began = performance.now();
    const budget = new TimeBudget(250);
    expect(failed(await http.send(request({ budget })))).toMatchObject({ code: 'platform-unavailable' });
    expect(performance.now() - began).toBeLessThan(450);
    calls = 0;
    expect(await http.send(request({ budget }))).toBeInstanceOf(PlatformFailure);
    expect(calls).toBe(0);
  });

  it('tells nobody the words of the platform or the secrets of the request', async () => {
    answering(answer(400, '{"error":"sbx_echo"}', { 'www-authenticate': 'OAuth "sbx_echo"' }));
    const failure = failed(await http.send(request({ headers: { authorization: 'Bearer sbx_secret' } })));
    expect(failure.detail).toBe('Example gave an answer that cannot be used.');
    // Not even when the request cannot be made at all, which fetch says by quoting the header.
    const impossible = await http.send(request({ headers: { authorization: 'Bearer sbx_a\nb' } }));
    expectNoSecret(impossible);
    expect(impossible).toBeInstanceOf(PlatformFailure);
  });
});
