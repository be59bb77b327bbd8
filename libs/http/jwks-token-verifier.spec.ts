import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { exportJWK, exportSPKI, generateKeyPair, type GenerateKeyPairResult, type JWTPayload, SignJWT } from 'jose';
import { StoreUnavailable } from '#kernel';
import { JwksTokenVerifier } from './index.js';

const ISSUER = 'https://issuer.test';
const AUDIENCE = 'social-accounts';

describe('bearer tokens', () => {
  let keys: GenerateKeyPairResult;
  let verifier: JwksTokenVerifier;

  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const keySet = { keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] };
    verifier = new JwksTokenVerifier({ keySet, issuer: ISSUER, audience: AUDIENCE });
  });

  const sign = (claims: JWTPayload, header: Record<string, string> = {}, key: GenerateKeyPairResult = keys) =>
    new SignJWT({
      iss: ISSUER,
      aud: AUDIENCE,
      sub: 'maria',
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', ...header })
      .sign(key.privateKey);

  it('says who stands behind a good one', async () => {
    expect(await verifier.verify(await sign({ name: 'Maria', scope: 'openid email' }))).toEqual({
      kind: 'user',
      id: 'maria',
      name: 'Maria',
      scopes: [],
      workspaces: null,
    });
    expect(await verifier.verify(await sign({ scope: 'openid posts:report commands', workspaces: ['ws_1'] }))).toEqual({
      kind: 'service',
      id: 'maria',
      name: null,
      scopes: ['commands', 'posts:report'],
      workspaces: ['ws_1'],
    });
  });

  it.each<[string, JWTPayload]>([
    ['expired', { exp: 1 }],
    ['without an end', { exp: undefined as unknown as number }],
    ['not yet good', { nbf: Math.floor(Date.now() / 1000) + 600 }],
    ['of another issuer', { iss: 'https://other.test' }],
    ['for another audience', { aud: 'other' }],
    ['without a subject', { sub: undefined as unknown as string }],
    ['with an empty subject', { sub: '' }],
    ['with an endless subject', { sub: 'x'.repeat(201) }],
    ['with workspaces of another form', { workspaces: 'ws_1' }],
    ['with a scope of another form', { scope: ['commands'] }],
  ])('turns down one %s', async (_, claims) => {
    expect(await verifier.verify(await sign(claims))).toBeNull();
  });

  it('turns down one of another key, without a signature, or signed with the public key as a secret', async () => {
    const other = await generateKeyPair('ES256');
    expect(await verifier.verify(await sign({}, {}, other))).toBeNull();
    expect(await verifier.verify(await sign({}, { kid: 'k2' }))).toBeNull();
    const [, payload] = (await sign({})).split('.');
    const none = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await verifier.verify(`${none}.${payload ?? ''}.`)).toBeNull();
    const secret = new TextEncoder().encode(await exportSPKI(keys.publicKey));
    const confused = await new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: 'maria' })
      .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
      .setExpirationTime('1m')
      .sign(secret);
    expect(await verifier.verify(confused)).toBeNull();
    for (const text of ['', 'x', 'a.b.c', '..']) expect(await verifier.verify(text)).toBeNull();
  });

  it('believes a good token for a while, and never beyond its end', async () => {
    const token = await sign({ exp: Math.floor(Date.now() / 1000) + 10 });
    expect(await verifier.verify(token)).not.toBeNull();
    const now = Date.now();
    const clock = jest.spyOn(Date, 'now').mockReturnValue(now + 9_000);
    try {
      expect(await verifier.verify(token)).not.toBeNull();
      // In the middle of the signature, and never the character that stands there: its end may be AA by itself.
      const altered = token.at(-10) === 'A' ? 'B' : 'A';
      expect(await verifier.verify(`${token.slice(0, -10)}${altered}${token.slice(-9)}`)).toBeNull();
    } finally {
      clock.mockRestore();
    }
    jest.useFakeTimers({ now: now + 20_000, doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      expect(await verifier.verify(token)).toBeNull();
    } finally {
      jest.useRealTimers();
    }
  });

  describe('with keys behind a URL', () => {
    let server: Server;
    let served: () => { readonly status: number; readonly body: string };
    let url: string;

    beforeAll(async () => {
      server = createServer((_request, response) => {
        const { status, body } = served();
        response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    it('fetches them', async () => {
      const body = JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256' }] });
      served = () => ({ status: 200, body });
      const remote = new JwksTokenVerifier({ jwksUrl: url, issuer: ISSUER, audience: AUDIENCE });
      expect(await remote.verify(await sign({}))).toMatchObject({ id: 'maria' });
      expect(await remote.verify(await sign({}, { kid: 'other' }))).toBeNull();
    });

    it.each([
      ['an error', 500, ''],
      ['nonsense', 200, 'nonsense'],
      ['another document', 200, '{}'],
    ])('says that they are away when it gets %s', async (_, status, body) => {
      served = () => ({ status, body });
      const remote = new JwksTokenVerifier({ jwksUrl: url, issuer: ISSUER, audience: AUDIENCE });
      await expect(remote.verify(await sign({}))).rejects.toBeInstanceOf(StoreUnavailable);
    });

    it('says that they are away when nobody answers', async () => {
      const remote = new JwksTokenVerifier({ jwksUrl: 'http://127.0.0.1:13599/', issuer: ISSUER, audience: AUDIENCE });
      await expect(remote.verify(await sign({}))).rejects.toBeInstanceOf(StoreUnavailable);
    });
  });
});
