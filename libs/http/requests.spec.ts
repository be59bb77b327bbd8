import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import { noVaultStore } from './testing/no-vault-store.js';
import { type Called, type SampleApplication, startSample, WORKSPACE } from './testing/sample-application.js';
import type { NewNote } from './testing/sample-controllers.js';

const NOTES = `/v1/workspaces/${WORKSPACE}/notes`;

describe('what is taken from a request', () => {
  let sample: SampleApplication;

  beforeAll(async () => {
    sample = await startSample({ vaultStore: noVaultStore });
  });
  beforeEach(() => {
    sample.sample.calls.length = 0;
  });
  afterAll(() => sample.close());

  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Called> =>
    sample.call('POST', NOTES, { body, headers });

  /** Sends bytes as they are and gives back the whole of the answer. */
  const send = (bytes: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(new URL(sample.url).port), '127.0.0.1', () => socket.write(bytes));
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });

  it('hands the handler an instance of its class', async () => {
    await post({ text: 'hello', tags: ['a'], reminder: { days: 2 } });
    const body = sample.sample.calls[0]?.body as NewNote;
    expect(body.constructor.name).toBe('NewNote');
    expect(body.reminder?.constructor.name).toBe('Reminder');
    expect(body).toMatchObject({ text: 'hello', tags: ['a'], reminder: { days: 2 } });
  });

  it.each([
    ['a missing field', {}, [{ path: 'text', code: 'required' }]],
    ['nothing', undefined, [{ path: 'text', code: 'required' }]],
    ['another type', { text: 7 }, [{ path: 'text', code: 'is-length' }]],
    ['an unknown field', { text: 'x', isAdmin: true }, [{ path: 'isAdmin', code: 'unknown-field' }]],
    [
      'an unknown field inside',
      { text: 'x', reminder: { days: 1, a: 2 } },
      [{ path: 'reminder.a', code: 'unknown-field' }],
    ],
    ['a faulty field inside', { text: 'x', reminder: { days: 0 } }, [{ path: 'reminder.days', code: 'min' }]],
    ['several', { tags: [1], reminder: 'x' }, [{ path: 'text' }, { path: 'tags' }, { path: 'reminder' }]],
    ['a list', [{ text: 'x' }], [{ path: '', code: 'is-object' }]],
    ['a text', '"x"', [{ path: '', code: 'is-object' }]],
  ])('refuses %s with one entry for each field', async (_, body, errors) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation-failed', errors } });
    expect(answer.body['errors']).toHaveLength(errors.length);
    expect(sample.sample.calls).toEqual([]);
  });

  it('never repeats a value that it refuses', async () => {
    const canary = 'canary-5f2c';
    const answer = await post({ text: canary.repeat(20), tags: [canary, 1], reminder: { days: canary } });
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain(canary);
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'isPrototypeOf'])(
    'refuses a field by the name of %s',
    async (name) => {
      expect((await post(`{"text":"x","${name}":{"polluted":1}}`)).status).toBe(400);
      expect((await sample.call('GET', `${NOTES}?${name}=1`)).status).toBe(400);
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    },
  );

  it('lets the last of two fields with one name count', async () => {
    expect((await post('{"text":"a","text":"b"}')).status).toBe(201);
    expect(sample.sample.calls[0]?.body).toMatchObject({ text: 'b' });
  });

  it('takes no body where none is declared', async () => {
    const publish = `${NOTES}/${newId('acc')}/publish`;
    for (const body of [undefined, '', {}]) expect((await sample.call('POST', publish, { body })).status).toBe(202);
    expect(await sample.call('POST', publish, { body: { now: true } })).toMatchObject({
      status: 400,
      body: { errors: [{ path: 'now', code: 'unknown-field' }] },
    });
    expect((await sample.call('POST', publish, { body: [1] })).status).toBe(400);
  });

  it('checks the query against its class', async () => {
    const limit = async (query: string): Promise<unknown> => (await sample.call('GET', `${NOTES}?${query}`)).body[0];
    expect(await limit('limit=7')).toMatchObject({ id: '7' });
    expect(await limit('')).toMatchObject({ id: '50' });
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'limit=1&limit=2', 'sort=size', 'page=2', 'limit=%zz'])
      expect(await sample.call('GET', `${NOTES}?${query}`)).toMatchObject({
        status: 400,
        body: { code: 'validation-failed' },
      });
    expect((await sample.call('POST', `${NOTES}?force=1`, { body: { text: 'x' } })).status).toBe(400);
  });

  it('takes a revision in If-Match, and says 412 when it does not hold', async () => {
    const change = (value: string): Promise<Called> =>
      sample.call('PATCH', `${NOTES}/${newId('acc')}`, { body: { text: 'x' }, headers: { 'If-Match': value } });
    expect((await change('"3"')).status).toBe(200);
    expect(sample.sample.calls[0]?.context.command?.ifMatch).toBe(3);
    expect(await change('"4"')).toMatchObject({ status: 412, body: { code: 'revision-conflict', status: 412 } });
    for (const value of ['3', '*', 'W/"3"', '"3", "4"', '"-1"', '"03"', '""'])
      expect(await change(value)).toMatchObject({ status: 400, body: { errors: [{ path: 'If-Match' }] } });
  });

  it('hands on what a read must include', async () => {
    const read = (value: string): Promise<Called> => sample.call('GET', NOTES, { headers: { 'Read-After': value } });
    expect((await read('42')).body[0]).toMatchObject({ text: '42' });
    for (const value of ['a b', 'x'.repeat(129), 'ü'])
      expect(await read(value)).toMatchObject({ status: 400, body: { errors: [{ path: 'Read-After' }] } });
  });

  it('makes one command of a request, at the clock’s time', async () => {
    await post({ text: 'x' }, { 'X-Correlation-Id': 'mine' });
    const command = sample.sample.calls[0]?.context.command;
    expect(command).toMatchObject({ correlationId: 'mine', at: sample.clock.now() });
    expect(command?.causationId).toBe(command?.commandId);
    expect(command?.commandId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  });

  describe('broken requests', () => {
    it.each([
      ['JSON that is none', '{"text":', {}, 400, 'malformed-body'],
      ['a body that is too deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, {}, 400, 'malformed-body'],
      ['a body over 1 MiB', JSON.stringify({ text: 'x'.repeat(1024 * 1024) }), {}, 413, 'body-too-large'],
      ['a form', 'text=x', { 'Content-Type': 'application/x-www-form-urlencoded' }, 415, 'unsupported-media-type'],
      ['plain text', 'x', { 'Content-Type': 'text/plain' }, 415, 'unsupported-media-type'],
      ['XML', '<x/>', { 'Content-Type': 'application/xml' }, 415, 'unsupported-media-type'],
      ['a media type that is none', '{}', { 'Content-Type': 'nonsense' }, 415, 'unsupported-media-type'],
    ])('answers %s', async (_, body, headers, status, code) => {
      const answer = await post(body, headers);
      expect(answer).toMatchObject({ status, body: { code, status } });
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.body['correlationId']).toBe(answer.headers.get('x-correlation-id'));
      expect(sample.sample.calls).toEqual([]);
    });

    it.each([
      ['GET', '/v1/%zz'],
      ['GET', '/v1/%'],
      ['GET', '/v1/%00'],
      ['GET', '/v1/%ff%fe'],
      ['GET', `/v1/workspaces/%00/notes`],
      ['GET', `${NOTES}/acc_%00`],
      ['GET', `${NOTES}/${'x'.repeat(5000)}`],
      ['GET', '/v1/oauth/%00/callback'],
      ['GET', '/v1/oauth/%E0%A4%A/callback'],
      ['GET', '//v1//me'],
      ['POST', '/v1/me'],
      ['DELETE', NOTES],
      ['OPTIONS', NOTES],
      ['PUT', '/'],
    ])('answers 404 to %s %s', async (method, path) => {
      const authorization = `Authorization: Bearer ${await sample.token('maria')}`;
      const text = await send(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${authorization}\r\n\r\n`);
      expect(text).toMatch(/^HTTP\/1\.1 404 /);
      expect(text.toLowerCase()).toContain('content-type: application/problem+json');
      expect(text.toLowerCase()).toContain('x-correlation-id: ');
      expect(text).toContain('"code":"not-found"');
    });

    it.each([
      ['no HTTP', 'HELLO\r\n\r\n'],
      ['an unknown method', 'BREW /v1/me HTTP/1.1\r\nHost: x\r\n\r\n'],
      ['headers beyond measure', `GET /v1/me HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(40_000)}\r\n\r\n`],
      ['two lengths', 'POST /v1/visits HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ])('answers %s with a problem and ends the connection', async (_, bytes) => {
      const text = await send(bytes);
      expect(text).toMatch(/^HTTP\/1\.1 400 /);
      expect(text).toContain('application/problem+json');
      expect(text).toContain('Connection: close');
    });
  });
});
