import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { attempt, connectOne, createWorkspace } from '../support/service/steps.js';
import { nameOf, pathOf, readDescription, type ApiDescription, type Operation } from './open-api.js';
import { sampleBody } from './sample-bodies.js';
import { TokenForge } from './tokens.js';

const HOUR_S = 3_600;

describe('T8: every route', () => {
  let service: InProcessService;
  let description: ApiDescription;
  let forge: TokenForge;
  let olga: Person;
  let parts: Readonly<Record<string, string>>;

  beforeAll(async () => {
    service = await InProcessService.start();
    description = await readDescription(service.newBrowser());
    forge = new TokenForge(service.dataDir);
    olga = await service.as('olga');
    const ws = await createWorkspace(olga);
    const acc = await connectOne(olga, ws, { platform: 'linkedin' }, { identity: 'ben' });
    const { id: con } = await attempt(olga, ws, { platform: 'facebook' });
    parts = { ws, acc, con, userId: 'olga' };
  });
  afterAll(() => service.stop());

  const guarded = (): readonly Operation[] => description.operations.filter(({ isPublic }) => !isPublic);
  const ask = (operation: Operation, token: string | null) =>
    service.newBrowser().call(pathOf(operation, parts), {
      method: operation.method,
      body: sampleBody(operation.body, description),
      token,
    });

  it('a good token opens what the forged ones must not', async () => {
    const operation = guarded().find(({ path, method }) => path === '/v1/workspaces' && method === 'GET');
    expect(operation).toBeDefined();
    if (operation) expect((await ask(operation, await forge.signed())).status).toBe(200);
  });

  const now = Math.floor(Date.now() / 1_000);
  const badTokens: readonly [string, () => Promise<readonly (string | null)[]>][] = [
    ['none', () => Promise.resolve([null, '', 'x', 'a.b.c', '..'])],
    ['an expired one', async () => [await forge.signed({ iat: now - 2 * HOUR_S, exp: now - HOUR_S })]],
    ['one without an end', async () => [await forge.signed({ exp: undefined })]],
    ['one that is not good yet', async () => [await forge.signed({ nbf: now + HOUR_S })]],
    [
      'one for another audience',
      async () => [await forge.signed({ aud: 'billing' }), await forge.signed({ aud: undefined })],
    ],
    [
      'one of another issuer',
      async () => [await forge.signed({ iss: 'https://evil.example' }), await forge.signed({ iss: undefined })],
    ],
    [
      'one about nobody',
      async () => [
        await forge.signed({ sub: undefined }),
        await forge.signed({ sub: '' }),
        await forge.signed({ sub: 7 }),
      ],
    ],
    [
      'one with claims of another form',
      async () => [await forge.signed({ workspaces: 'all' }), await forge.signed({ scope: ['ops'] })],
    ],
    [
      'one by another key',
      async () => [
        await forge.byOtherKey(),
        await forge.byOtherKey({ kid: 'other' }),
        await forge.byOtherKey({ jku: 'https://evil.example/keys' }),
      ],
    ],
    ['HS256 with the public key', () => Promise.resolve(forge.byPublicKeyAsSecret())],
    ['no algorithm', () => Promise.resolve(forge.unsigned())],
    ['an altered one', () => forge.altered()],
  ];

  it.each(badTokens)('is 401 with %s', async (_, make) => {
    const tokens = await make();
    for (const operation of guarded()) {
      for (const token of tokens) {
        const answer = await ask(operation, token);
        expect([nameOf(operation), answer.status, answer.code]).toEqual([nameOf(operation), 401, 'unauthenticated']);
      }
    }
  });

  it('is 403 without the permission or scope that it declares to need', async () => {
    const idle = await forge.signed({ sub: 'idle-service', scope: 'devices:write' });
    const refused = guarded().filter(({ responses }) => responses.has(403));
    expect(refused.length).toBeGreaterThan(8);
    for (const operation of guarded()) {
      const answer = await ask(operation, idle);
      const isRefused = answer.status === 403 && answer.code === 'permission-denied';
      expect([nameOf(operation), isRefused]).toEqual([nameOf(operation), refused.includes(operation)]);
    }
  });

  it('takes a token from the header alone', async () => {
    const token = await forge.signed();
    const browser = service.newBrowser();
    browser.setCookie('token', token);
    for (const query of [`?access_token=${token}`, `?token=${token}`]) {
      expect((await browser.call(`/v1/workspaces${query}`)).status).toBe(401);
    }
  });

  it('T29: a member who was removed is out with the next request, although the token lives', async () => {
    const { ws = '' } = parts;
    await olga.post(`/v1/workspaces/${ws}/members`, { userId: 'leaver', role: 'admin', accountAccess: 'all' });
    const leaver = await forge.signed({ sub: 'leaver' });
    const path = `/v1/workspaces/${ws}/accounts`;
    expect((await service.newBrowser().call(path, { token: leaver })).status).toBe(200);
    await olga.delete(`/v1/workspaces/${ws}/members/leaver`);
    expect((await service.newBrowser().call(path, { token: leaver })).status).toBe(404);
  });
});
