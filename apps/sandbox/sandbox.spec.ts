import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { startSandbox } from './index.js';
import { SandboxDriver } from './spec-support.js';

const DAY_SECONDS = 24 * 60 * 60;
const YEAR_SECONDS = 365 * DAY_SECONDS;

describe('The sandbox as a process', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  it('keeps clock, key, grants and controls over a restart', async () => {
    const { clock, issuer } = driver.sandbox;
    clock.set(new Date(clock.now().getTime() + 400 * DAY_SECONDS * 1000));
    const [before, keys] = [clock.now(), issuer.jwks()];
    const token = await driver.facebookToken('ada');
    const pageToken = await driver.pageToken(token, 'Ada Bakery');
    const code = await driver.code('linkedin', 'ada');
    const dead = await driver.instagramToken('ben');
    await driver.control({ do: 'revoke-grant', platform: 'instagram', identity: 'ben' });
    await driver.control({ do: 'rename', platform: 'facebook', name: 'Ada Bakery', to: 'Ada Bread' });
    await driver.control({ do: 'lifetimes', platform: 'linkedin', accessSeconds: 77, refreshSeconds: null });

    await driver.restart();
    const restarted = driver.sandbox;
    expect(restarted.clock.now().getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(restarted.clock.now().getTime() - before.getTime()).toBeLessThan(60_000);
    expect(restarted.issuer.jwks()).toEqual(keys);
    const page = await driver.get('/facebook/graph/v23.0/me', { access_token: pageToken });
    expect(page.get('name')).toBe('Ada Bread');
    const exchange = await driver.post('/linkedin/www/oauth/v2/accessToken', driver.exchange('linkedin', code));
    expect(exchange.get('expires_in')).toBe(77);
    expect((await driver.get('/instagram/graph/me', { access_token: dead })).get('error', 'error_subcode')).toBe(458);
  });

  it('writes no secret to the data directory', async () => {
    await driver.facebookToken('ada');
    await driver.instagramToken('ben');
    await driver.control({ do: 'lifetimes', platform: 'linkedin', accessSeconds: 60, refreshSeconds: 600 });
    await driver.linkedinTokens('cho');
    await driver.get('/facebook/graph/v23.0/me', { access_token: 'sbx_unknown' });
    const search = (): string[] =>
      readdirSync(driver.dataDir).filter((file) => readFileSync(join(driver.dataDir, file)).includes('sbx_'));
    expect(search()).toEqual([]);
    await driver.restart();
    expect(search()).toEqual([]);
    expect((await driver.call('/log')).text).not.toContain('sbx_');
  });

  it('moves the clock forward only, goes on running, and tells whoever listens', async () => {
    const { clock } = driver.sandbox;
    const heard: Date[] = [];
    const stop = clock.subscribe((now) => heard.push(now));
    const start = clock.now();
    const target = new Date(start.getTime() + 1_000_000);
    expect(clock.set(target)).toBe(true);
    expect(clock.set(start)).toBe(false);
    expect(clock.set(new Date(Number.NaN))).toBe(false);
    expect(clock.set(new Date(8.64e15))).toBe(false);
    expect(heard).toHaveLength(1);
    expect(heard[0]?.getTime()).toBeGreaterThanOrEqual(target.getTime());
    stop();
    clock.set(new Date(target.getTime() + 2_000_000));
    expect(heard).toHaveLength(1);
    const later = clock.now().getTime();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(clock.now().getTime()).toBeGreaterThan(later);
  });

  it('issues sessions that its key set verifies, for a year of real time', async () => {
    const { issuer, clock } = driver.sandbox;
    clock.set(new Date(clock.now().getTime() + 10 * YEAR_SECONDS * 1000));
    const token = await issuer.issueSession({ userId: 'u1', name: 'Ada', scope: 'commands ops', workspaces: ['ws_1'] });
    const { payload } = await jwtVerify(token, createLocalJWKSet(issuer.jwks()), {
      issuer: 'sandbox',
      audience: 'social-accounts',
      algorithms: ['ES256'],
    });
    expect(payload).toMatchObject({ sub: 'u1', name: 'Ada', scope: 'commands ops', workspaces: ['ws_1'] });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(YEAR_SECONDS);
    expect(Math.abs((payload.iat ?? 0) - Date.now() / 1000)).toBeLessThan(60);
    expect(decodeProtectedHeader(token).kid).toBe(issuer.jwks().keys[0]?.kid);
    expect(issuer.jwks().keys[0]).not.toHaveProperty('d');
    expect(statSync(join(driver.dataDir, 'sandbox-issuer.json')).mode & 0o777).toBe(0o600);
    const bare = await jwtVerify(await issuer.issueSession({ userId: 'u2' }), createLocalJWKSet(issuer.jwks()));
    expect(Object.keys(bare.payload).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'sub']);
  });

  it('listens on loopback addresses only, unless told otherwise', async () => {
    const open = () => startSandbox({ port: 0, host: '0.0.0.0', dataDir: join(driver.dataDir, 'open') });
    await expect(open()).rejects.toThrow(/loopback/);
    process.env['SANDBOX_ANY_ADDRESS'] = '1';
    try {
      const sandbox = await open();
      expect((await driver.call(`${sandbox.url}/log`)).status).toBe(200);
      await sandbox.close();
    } finally {
      delete process.env['SANDBOX_ANY_ADDRESS'];
    }
  });

  it('does not start in production, nor on a taken port', async () => {
    const port = Number(new URL(driver.sandbox.url).port);
    await expect(startSandbox({ port, dataDir: join(driver.dataDir, 'taken') })).rejects.toThrow(/EADDRINUSE/);
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      await expect(startSandbox({ port: 0, dataDir: driver.dataDir })).rejects.toThrow(/production/);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });

  it.each(['Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto'])(
    'has nothing for a request with %s',
    async (header) => {
      for (const path of ['/log', driver.authorizationUrl('facebook')]) {
        expect((await driver.call(path, { headers: { [header]: 'for=192.0.2.1' } })).status).toBe(404);
      }
    },
  );

  it('draws a picture for everybody and everything', async () => {
    const picture = await driver.call('/pictures/facebook/100200300400001.svg');
    expect(picture.text).toContain('<title>Ada Bakery</title>');
    expect((await driver.call('/pictures/facebook/1.svg')).status).toBe(404);
  });
});
