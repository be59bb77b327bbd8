import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxDriver, type PlatformId } from './spec-support.js';

const tokenEndpoints: Readonly<Record<PlatformId, string>> = {
  facebook: '/facebook/graph/v23.0/oauth/access_token',
  instagram: '/instagram/api/oauth/access_token',
  linkedin: '/linkedin/www/oauth/v2/accessToken',
};
const platforms = Object.keys(tokenEndpoints) as PlatformId[];

describe('The consent of the sandbox', () => {
  let driver: SandboxDriver;

  beforeEach(async () => {
    driver = await SandboxDriver.start();
  });
  afterEach(() => driver.stop());

  it.each(platforms)('shows a page for %s on which a form leads to the same redirect', async (platform) => {
    const page = await driver.call(driver.authorizationUrl(platform, { state: '<"&\'>' }));
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.text).toMatch(/This is a sandbox, not/);
    expect(page.text).toContain('name="viewport"');
    expect(page.text).not.toContain('<script');
    expect(page.text.match(/type="radio" name="sandbox_identity"/g)).toHaveLength(3);
    // What a browser would send: every hidden input, every checked box, one radio and the button.
    const inputs = [...page.text.matchAll(/<input type="(hidden|checkbox)" name="([^"]*)" value="([^"]*)"/g)];
    const form = new URLSearchParams();
    for (const [, , name = '', value = ''] of inputs) form.append(plain(name), plain(value));
    form.append('sandbox_identity', 'ben');
    form.append('sandbox_decision', 'allow');
    const answer = await driver.call(`${driver.authorizationUrl(platform).split('?')[0] ?? ''}?${form.toString()}`);
    const location = new URL(answer.headers.get('location') ?? '');
    expect(location.searchParams.get('state')).toBe('<"&\'>');
    expect(location.searchParams.get('code')).toMatch(/^sbx_/);
    const tokens = await driver.post(
      tokenEndpoints[platform],
      driver.exchange(platform, location.searchParams.get('code') ?? ''),
    );
    expect(tokens.status).toBe(200);
  });

  it('denies in the words of each platform, with the state', async () => {
    const answers = await Promise.all(
      platforms.map(async (platform) =>
        Object.fromEntries((await driver.decide(platform, 'ada', 'deny')).searchParams),
      ),
    );
    expect(answers).toEqual([
      {
        error: 'access_denied',
        error_code: '200',
        error_description: 'Permissions error',
        error_reason: 'user_denied',
        state: 'state-1',
      },
      {
        error: 'access_denied',
        error_reason: 'user_denied',
        error_description: 'The user denied your request',
        state: 'state-1',
      },
      {
        error: 'user_cancelled_authorize',
        error_description: 'The user cancelled the authorization',
        state: 'state-1',
      },
    ]);
  });

  it.each([
    ['an unknown client', { client_id: 'sandbox-linkedin' }],
    ['plain http to another machine', { redirect_uri: 'http://example.org/callback' }],
    ['another scheme', { redirect_uri: 'javascript:alert(1)' }],
    ['a redirect URI with a fragment', { redirect_uri: 'https://example.org/#x' }],
    ['an unknown scope', { scope: 'pages_show_list,everything' }],
    ['another response type', { response_type: 'token' }],
    ['a plain code challenge', { code_challenge: 'x', code_challenge_method: 'plain' }],
    ['an unknown identity', { sandbox_identity: '<b>eve</b>' }],
    ['an unknown decision', { sandbox_decision: 'maybe' }],
  ])('refuses %s with a page, without a redirect', async (_what, more) => {
    const answer = await driver.call(
      driver.authorizationUrl('facebook', { sandbox_identity: 'ada', sandbox_decision: 'allow', ...more }),
    );
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    expect(answer.text).toContain('cannot go on');
    expect(answer.text).not.toContain('<b>eve');
  });

  it('takes https anywhere and http on this machine', async () => {
    for (const redirectUri of ['https://app.example.org/cb', 'http://localhost:1/cb', 'http://[::1]:1/cb?a=1']) {
      const location = await driver.decide('facebook', 'ada', 'allow', { redirect_uri: redirectUri });
      expect(location.href.startsWith(redirectUri)).toBe(true);
    }
  });

  it.each(platforms)('exchanges a code of %s once, also when it is tried a hundred times at once', async (platform) => {
    const code = await driver.code(platform, 'ada');
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => driver.post(tokenEndpoints[platform], driver.exchange(platform, code))),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(99);
  });

  it.each(platforms)(
    'exchanges a code of %s only for the same client and redirect URI, and only soon',
    async (platform) => {
      const attempts: Record<string, string>[] = [
        { redirect_uri: 'http://127.0.0.1:3000/elsewhere' },
        { client_id: 'sandbox-other' },
        { client_secret: 'sbx_wrong' },
        { code: 'sbx_code-invented' },
      ];
      const code = await driver.code(platform, 'ada');
      for (const wrong of attempts) {
        const answer = await driver.post(tokenEndpoints[platform], driver.exchange(platform, code, wrong));
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
      expect((await driver.post(tokenEndpoints[platform], driver.exchange(platform, code))).status).toBe(200);
      const late = await driver.code(platform, 'ada');
      driver.advance(3601);
      expect((await driver.post(tokenEndpoints[platform], driver.exchange(platform, late))).status).toBe(400);
    },
  );

  it('does not take the code of one platform at another', async () => {
    const code = await driver.code('facebook', 'ada');
    expect((await driver.post(tokenEndpoints.linkedin, driver.exchange('linkedin', code))).status).toBe(400);
    expect((await driver.post(tokenEndpoints.facebook, driver.exchange('facebook', code))).status).toBe(200);
  });

  it('holds a code to its PKCE challenge', async () => {
    const verifier = 'v'.repeat(43);
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const pkce = { code_challenge: challenge, code_challenge_method: 'S256' };
    const code = await driver.code('facebook', 'ada', pkce);
    const wrong = driver.exchange('facebook', code, { code_verifier: 'w'.repeat(43) });
    expect((await driver.post(tokenEndpoints.facebook, wrong)).status).toBe(400);
    expect((await driver.post(tokenEndpoints.facebook, driver.exchange('facebook', code))).status).toBe(400);
    const right = driver.exchange('facebook', code, { code_verifier: verifier });
    expect((await driver.post(tokenEndpoints.facebook, right)).status).toBe(200);
  });
});

function plain(text: string): string {
  return text.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
}
