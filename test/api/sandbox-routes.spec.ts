import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem, SandboxClock } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';

const ROUTES = [
  ['POST', '/v1/sandbox/session', { userId: 'eve' }],
  ['GET', '/v1/sandbox/clock', undefined],
  ['POST', '/v1/sandbox/clock', { advance: 'PT1S' }],
  ['GET', '/v1/sandbox/jwks.json', undefined],
] as const;

interface OpenApi {
  readonly paths: Readonly<Record<string, unknown>>;
}

describe('the routes of the sandbox', () => {
  let service: InProcessService;

  beforeAll(async () => {
    service = await InProcessService.start();
  });
  afterAll(() => service.stop());

  it.each(ROUTES)('%s %s is there for this machine', async (method, path, body) => {
    expect((await service.newBrowser().call(path, { method, body })).status).toBe(200);
  });

  const forwarding = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-port'];
  it.each(ROUTES)('%s %s is not there for a request that was forwarded', async (method, path, body) => {
    for (const header of forwarding) {
      const headers = { [header]: header === 'forwarded' ? 'for=203.0.113.9' : '203.0.113.9' };
      const answer = await service.newBrowser().call(path, { method, body, headers });
      expect([header, answer.status, answer.code]).toEqual([header, 404, 'not-found']);
    }
  });

  it('are answered no differently from what does not exist', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9', 'x-correlation-id': 'same' };
    const [hidden, missing] = await Promise.all(
      ['/v1/sandbox/clock', '/v1/sandbox/nothing'].map((path) => service.newBrowser().call(path, { headers })),
    );
    expect(hidden?.text).toBe(missing?.text);
  });

  it.each([
    ['userId', {}],
    ['userId', { userId: '' }],
    ['userId', { userId: 'x'.repeat(201) }],
    ['workspaces', { userId: 'a', workspaces: 'all' }],
    ['admin', { userId: 'a', admin: true }],
  ])('a session needs a %s that is one: %j', async (field, body) => {
    const answer = await service.newBrowser().call<Problem>('/v1/sandbox/session', { method: 'POST', body });
    expect([answer.status, answer.body.errors?.[0]?.path]).toEqual([400, field]);
  });

  it('the clock goes forward only, by a duration or to an instant', async () => {
    const before = await service.sandbox.now();
    const after = await service.sandbox.advance('P1DT2H');
    expect(after.getTime() - before.getTime()).toBeGreaterThanOrEqual(26 * 3_600_000);
    const to = new Date(after.getTime() + 86_400_000);
    expect((await service.sandbox.advance(to)).getTime()).toBeGreaterThanOrEqual(to.getTime());
    const past = [{ to: before.toISOString() }, { advance: '-P1D' }, { advance: 'P1D', to: to.toISOString() }, {}];
    for (const body of [...past, { advance: 'tomorrow' }, { to: 'soon' }, { to: '9999-01-01T00:00:00Z' }]) {
      const answer = await service.newBrowser().call('/v1/sandbox/clock', { method: 'POST', body });
      expect([body, answer.status, answer.code]).toEqual([body, 400, 'validation-failed']);
    }
    expect((await service.sandbox.now()).getTime()).toBeLessThan(to.getTime() + 60_000);
  });

  it('the clock survives a restart', async () => {
    const before = await service.sandbox.advance('P10D');
    await service.restart();
    const { body } = await service.newBrowser().call<SandboxClock>('/v1/sandbox/clock');
    expect(Date.parse(body.now)).toBeGreaterThanOrEqual(before.getTime());
  });
});

describe('without the sandbox', () => {
  let service: InProcessService;

  beforeAll(async () => {
    const keySet = { AUTH_JWKS_URL: 'http://127.0.0.1:1/keys', AUTH_ISSUER: 'idp', AUTH_AUDIENCE: 'social-accounts' };
    service = await InProcessService.start({ SANDBOX: '0', ...keySet });
  });
  afterAll(() => service.stop());

  it.each(ROUTES)('%s %s does not exist', async (method, path, body) => {
    const answer = await service.newBrowser().call(path, { method, body });
    expect([answer.status, answer.code]).toEqual([404, 'not-found']);
  });

  it('nothing of it is described', async () => {
    const { body } = await service.newBrowser().call<OpenApi>('/openapi.json');
    expect(Object.keys(body.paths).filter((path) => path.includes('sandbox'))).toEqual([]);
    expect(Object.keys(body.paths).length).toBeGreaterThan(8);
  });

  it('a key set that cannot be had is unavailable, not a reason to log in again', async () => {
    const token = `${Buffer.from('{"alg":"ES256","kid":"k"}').toString('base64url')}.e30.c2ln`;
    const answer = await service.newBrowser().call('/v1/workspaces', { token });
    expect([answer.status, answer.code]).toEqual([503, 'unavailable']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  });
});
