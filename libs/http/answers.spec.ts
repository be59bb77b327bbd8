import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, Refusal, type RefusalCode, StoreUnavailable } from '#kernel';
import { Answered, Metrics, originCookie } from './index.js';
import { noVaultStore } from './testing/no-vault-store.js';
import { type Called, type SampleApplication, startSample, WORKSPACE } from './testing/sample-application.js';

const NOTES = `/v1/workspaces/${WORKSPACE}/notes`;
const CANARY = 'canary-77aa';

describe('what is answered', () => {
  let sample: SampleApplication;
  const usual = (): Promise<unknown> => Promise.resolve({ id: 'n', revision: 1, position: '42' });

  beforeAll(async () => {
    sample = await startSample({ vaultStore: noVaultStore, publicUrl: 'https://accounts.test' });
  });
  beforeEach(() => {
    sample.sample.work = usual;
    sample.logLines.length = 0;
  });
  afterAll(() => sample.close());

  const post = (headers: Record<string, string> = {}): Promise<Called> =>
    sample.call('POST', NOTES, { body: { text: 'x' }, headers });

  it('gives commands their position and the headers of every answer', async () => {
    const { status, headers, body } = await post({ 'X-Correlation-Id': 'mine-1' });
    expect(status).toBe(201);
    expect(body).toEqual({ id: 'n', revision: 1, position: '42' });
    expect(Object.fromEntries(headers)).toMatchObject({
      position: '42',
      'x-correlation-id': 'mine-1',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
    });
    for (const bad of ['a b', 'x'.repeat(129)])
      expect((await post({ 'X-Correlation-Id': bad })).headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('gives queries their position, and the revision of one thing', async () => {
    const one = await sample.call('GET', `${NOTES}/${newId('acc')}`);
    expect([one.headers.get('position'), one.headers.get('etag')]).toEqual(['41', '"7"']);
    const list = await sample.call('GET', NOTES);
    expect([list.headers.get('position'), list.headers.get('etag')]).toEqual(['41', null]);
    expect((await sample.call('HEAD', NOTES)).headers.get('position')).toBe('41');
  });

  it('sends statuses, cookies and headers of a handler’s own', async () => {
    const cookie = originCookie({ name: 'flow', value: 's', baseUrl: 'https://accounts.test', maxAgeSeconds: 9 });
    sample.sample.work = () => Promise.resolve(new Answered({ position: '5' }, { status: 202, setCookies: [cookie] }));
    const answer = await sample.call('POST', `${NOTES}/${newId('acc')}/publish`, { headers: { Cookie: 'a=1; b=%22' } });
    expect(answer).toMatchObject({ status: 202, body: { position: '5' } });
    expect(answer.headers.get('position')).toBe('5');
    expect(answer.headers.getSetCookie()).toEqual(['__Host-flow=s; Max-Age=9; Path=/; HttpOnly; Secure; SameSite=Lax']);
    expect(sample.sample.calls.at(-1)?.context.cookies).toEqual({ a: '1', b: '"' });
  });

  it('sends redirects and streams', async () => {
    const redirect = await sample.call('GET', '/v1/oauth/x/callback?state=s&hd=theirs&toString=1', { as: null });
    expect(redirect.status).toBe(302);
    expect(redirect.headers.get('location')).toBe('/done/x/state');
    expect(redirect.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const lines = await sample.call('GET', '/v1/export');
    expect(lines.text).toBe('{"a":1}\n{"a":2}\n');
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
    expect(lines.headers.get('cache-control')).toBe('private');
  });

  it.each<[RefusalCode, number, number | null]>([
    ['queue-full', 409, null],
    ['not-found', 404, null],
    ['wrong-password', 403, null],
    ['link-locked', 429, 7],
    ['unavailable', 503, 7],
    ['read-behind', 503, 7],
  ])('sends the refusal %s as %i', async (code, status, retryAfterSeconds) => {
    sample.sample.work = () =>
      Promise.resolve(new Refusal(code, 'Because.', retryAfterSeconds === null ? {} : { retryAfterSeconds }));
    const answer = await post();
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      type: `urn:social-accounts:problem:${code}`,
      title: expect.any(String),
      status,
      detail: code === 'not-found' ? 'There is no such thing here.' : 'Because.',
      code,
      correlationId: answer.headers.get('x-correlation-id'),
    });
    expect(answer.headers.get('retry-after')).toBe(retryAfterSeconds === null ? null : '7');
  });

  it('says 503 for a store that is away', async () => {
    sample.sample.work = () => Promise.reject(new StoreUnavailable(CANARY));
    const answer = await post();
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(answer.text).not.toContain(CANARY);
  });

  it('says nothing of the inside when something breaks, and logs it under the correlation id', async () => {
    sample.sample.work = () => Promise.reject(new TypeError(CANARY, { cause: new Error(CANARY) }));
    const answer = await post({ 'X-Correlation-Id': 'broken-1' });
    expect(answer).toMatchObject({ status: 500, body: { code: 'internal-error', correlationId: 'broken-1' } });
    expect(answer.text).not.toContain(CANARY);
    const line = sample.logLines.find(({ msg }) => msg === 'unexpected error');
    expect(line).toMatchObject({ correlationId: 'broken-1', error: { name: 'TypeError', cause: { name: 'Error' } } });
    expect(JSON.stringify(line)).toContain('answers.spec');
    expect(JSON.stringify(sample.logLines)).not.toContain(CANARY);
  });

  it('says 503 when a command takes too long, and lets its work go on', async () => {
    let isDone = false;
    sample.sample.work = async () => {
      await pause(600);
      isDone = true;
      return usual();
    };
    const answer = await sample.call('DELETE', `${NOTES}/${newId('acc')}`);
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(isDone).toBe(false);
    await pause(500);
    expect(isDone).toBe(true);
  });

  it('tells of a refusal that the route does not declare', async () => {
    sample.sample.work = () => Promise.resolve(new Refusal('account-removed', 'Gone.'));
    await post();
    expect(sample.logLines).toContainEqual(
      expect.objectContaining({ handler: 'NotesController.create', status: 410, level: 50 }),
    );
  });

  it('writes one line for each request, with the route’s pattern and nothing of what was sent', async () => {
    await sample.call('POST', `${NOTES}?secret=${CANARY}`, { body: { text: CANARY }, headers: { Cookie: CANARY } });
    await sample.call('GET', `/v1/oauth/${CANARY}/callback?code=${CANARY}`, { as: null });
    await sample.call('GET', `/${CANARY}`, { as: null });
    await pause(20);
    expect(sample.logLines).toEqual([
      expect.objectContaining({
        msg: 'request',
        route: '/v1/workspaces/:ws/notes',
        method: 'POST',
        status: 400,
        principal: 'maria',
        durationMs: expect.any(Number),
        correlationId: expect.any(String),
      }),
      expect.objectContaining({ route: '/v1/oauth/:platform/callback', status: 302, principal: null }),
      expect.objectContaining({ route: 'unmatched', status: 404 }),
    ]);
    expect(JSON.stringify(sample.logLines)).not.toContain(CANARY);
  });

  it('counts and times requests by pattern', async () => {
    await post();
    await sample.call('GET', '/nowhere', { as: null });
    await pause(20);
    const text = await sample.app.get(Metrics).registry.metrics();
    expect(text).toMatch(
      /http_requests_total\{route="\/v1\/workspaces\/:ws\/notes",method="POST",status="201"\} [1-9]/,
    );
    expect(text).toMatch(/http_requests_total\{route="unmatched",method="GET",status="404"\} [1-9]/);
    expect(text).toMatch(/http_request_duration_seconds_count\{route="\/v1\/workspaces\/:ws\/notes",method="POST"\}/);
    expect(text).toMatch(/command_duration_seconds_count\{route="\/v1\/workspaces\/:ws\/notes"\} [1-9]/);
    expect(text).not.toMatch(/command_duration_seconds_count\{route="\/v1\/oauth/);
    expect(text).not.toContain('nowhere');
  });
});

describe('an application that ends (O5)', () => {
  it('answers what it has taken, and takes no more', async () => {
    const sample = await startSample({ vaultStore: noVaultStore });
    let finish = (): void => undefined;
    sample.sample.work = () =>
      new Promise((resolve) => (finish = () => resolve({ id: 'n', revision: 0, position: '1' })));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const idle = await visit(sample.url, agent);
    const taken = sample.call('POST', NOTES, { body: { text: 'x' } });
    while (sample.sample.calls.length === 0) await pause(5);
    const closed = sample.close();
    await pause(50);
    const late = await visit(sample.url, agent).catch(() => 'no connection');
    finish();
    expect((await taken).status).toBe(201);
    await closed;
    expect([idle, late]).toEqual(['404', expect.stringMatching(/^(503|no connection)$/)]);
    agent.destroy();
  });

  const visit = (url: string, agent: Agent): Promise<string> =>
    new Promise((resolve, reject) => {
      get(`${url}/nowhere`, { agent }, (response) => {
        response.resume().on('end', () => resolve(String(response.statusCode)));
      }).on('error', reject);
    });
});

describe('limits on requests', () => {
  it('gives each principal its share, and an address without one a tenth of it', async () => {
    const sample = await startSample({ vaultStore: noVaultStore, rateLimitPerMinute: 20 });
    const statuses = async (times: number, as: string | null, path = '/v1/me'): Promise<readonly number[]> => {
      const all: number[] = [];
      for (let index = 0; index < times; index += 1) all.push((await sample.call('GET', path, { as })).status);
      return all;
    };
    const times = (count: number, status: number): readonly number[] => Array<number>(count).fill(status);
    try {
      expect(await statuses(21, 'maria')).toEqual([...times(20, 200), 429]);
      expect(await statuses(1, 'victor')).toEqual([200]);
      expect(await statuses(3, null)).toEqual([401, 401, 429]);
      expect(await statuses(1, null, '/nowhere')).toEqual([429]);
      expect(await statuses(5, null, '/v1/ready')).toEqual(times(5, 200));
      const allowed = await sample.call('GET', '/v1/me', { as: 'victor' });
      expect(Object.fromEntries(allowed.headers)).toMatchObject({
        'ratelimit-limit': '20',
        'ratelimit-remaining': '18',
        'ratelimit-reset': expect.stringMatching(/^([1-9]|[1-5]\d|60)$/),
      });
      const refused = await sample.call('GET', '/v1/me');
      expect(refused.body).toMatchObject({ code: 'rate-limited', status: 429 });
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(refused.headers.get('ratelimit-remaining')).toBe('0');
    } finally {
      await sample.close();
    }
  });

  it('believes no forwarding header', async () => {
    const sample = await startSample({ vaultStore: noVaultStore, rateLimitPerMinute: 10 });
    const visit = (from: string): Promise<Called> =>
      sample.call('POST', '/v1/visits', { as: null, body: { text: 'x' }, headers: { 'X-Forwarded-For': from } });
    const statuses = [(await visit('10.0.0.1')).status, (await visit('10.0.0.2')).status];
    await sample.close();
    expect(statuses).toEqual([200, 429]);
  });
});
