import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSandbox, type Sandbox } from './index.js';

export const REDIRECT_URI = 'http://127.0.0.1:3000/v1/oauth/callback';

/** Where each platform asks for consent, with everything that it knows of scopes. */
const consents = {
  facebook: {
    path: '/facebook/www/v23.0/dialog/oauth',
    scope:
      'pages_show_list,pages_read_engagement,pages_manage_posts,business_management,instagram_basic,instagram_content_publish',
  },
  instagram: {
    path: '/instagram/www/oauth/authorize',
    scope: 'instagram_business_basic,instagram_business_content_publish',
  },
  linkedin: {
    path: '/linkedin/www/oauth/v2/authorization',
    scope: 'openid profile w_member_social r_basicprofile rw_organization_admin w_organization_social',
  },
} as const;

export type PlatformId = keyof typeof consents;

/** One answer, read whole. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON by a path of keys and indexes, so that specs need no casts. */
  get(...path: (string | number)[]): unknown;
}

/** A sandbox of its own over real HTTP, and the steps that programs take on it. */
export class SandboxDriver {
  private constructor(
    public sandbox: Sandbox,
    readonly dataDir: string,
  ) {}

  static async start(): Promise<SandboxDriver> {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-'));
    return new SandboxDriver(await startSandbox({ port: 0, dataDir }), dataDir);
  }

  async restart(): Promise<void> {
    await this.sandbox.close();
    this.sandbox = await startSandbox({ port: 0, dataDir: this.dataDir });
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  advance(seconds: number): void {
    this.sandbox.clock.set(new Date(this.sandbox.clock.now().getTime() + seconds * 1000));
  }

  async call(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(path.startsWith('http') ? path : this.sandbox.url + path, {
      redirect: 'manual',
      ...init,
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      text,
      get: (...keys) =>
        keys.reduce<unknown>(
          (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
          JSON.parse(text),
        ),
    };
  }

  get(path: string, parameters: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(`${path}?${new URLSearchParams(parameters).toString()}`, { headers });
  }

  post(path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call(path, { method: 'POST', body: new URLSearchParams(form), headers });
  }

  control(order: unknown): Promise<Answer> {
    return this.call('/control', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
  }

  /** The authorisation URL; `more` overrides and adds parameters. */
  authorizationUrl(platform: PlatformId, more: Record<string, string> = {}): string {
    const { path, scope } = consents[platform];
    const parameters = {
      client_id: `sandbox-${platform}`,
      redirect_uri: REDIRECT_URI,
      response_type: 'code',
      scope,
      state: 'state-1',
      ...more,
    };
    return `${path}?${new URLSearchParams(parameters).toString()}`;
  }

  /** Consents as a program does, and answers where it was redirected to. */
  async decide(
    platform: PlatformId,
    identity: string,
    decision: string,
    more: Record<string, string> = {},
  ): Promise<URL> {
    const answer = await this.call(
      this.authorizationUrl(platform, { sandbox_identity: identity, sandbox_decision: decision, ...more }),
    );
    return new URL(answer.headers.get('location') ?? `error:${String(answer.status)}`);
  }

  async code(platform: PlatformId, identity: string, more: Record<string, string> = {}): Promise<string> {
    return (await this.decide(platform, identity, 'allow', more)).searchParams.get('code') ?? '';
  }

  /** The parameters of a code exchange. */
  exchange(platform: PlatformId, code: string, more: Record<string, string> = {}): Record<string, string> {
    return {
      grant_type: 'authorization_code',
      client_id: `sandbox-${platform}`,
      client_secret: `sbx_client-secret-${platform}`,
      redirect_uri: REDIRECT_URI,
      code,
      ...more,
    };
  }

  /** A long-lived Facebook user token. */
  async facebookToken(identity: string, more: Record<string, string> = {}): Promise<string> {
    const code = await this.code('facebook', identity, more);
    const short = await this.get('/facebook/graph/v23.0/oauth/access_token', this.exchange('facebook', code));
    return this.extendFacebookToken(String(short.get('access_token')));
  }

  async extendFacebookToken(token: string): Promise<string> {
    const long = await this.get('/facebook/graph/v23.0/oauth/access_token', {
      grant_type: 'fb_exchange_token',
      client_id: 'sandbox-facebook',
      client_secret: 'sbx_client-secret-facebook',
      fb_exchange_token: token,
    });
    return String(long.get('access_token'));
  }

  /** The token of one of the person's own Pages. */
  async pageToken(userToken: string, pageName: string): Promise<string> {
    const list = await this.get('/facebook/graph/v23.0/me/accounts', { access_token: userToken });
    const pages = list.get('data') as { name: string; access_token: string }[];
    return pages.find(({ name }) => name === pageName)?.access_token ?? '';
  }

  /** A long-lived Instagram token. */
  async instagramToken(identity: string, more: Record<string, string> = {}): Promise<string> {
    const code = await this.code('instagram', identity, more);
    const short = await this.post('/instagram/api/oauth/access_token', this.exchange('instagram', code));
    const long = await this.get('/instagram/graph/access_token', {
      grant_type: 'ig_exchange_token',
      client_secret: 'sbx_client-secret-instagram',
      access_token: String(short.get('data', 0, 'access_token')),
    });
    return String(long.get('access_token'));
  }

  async linkedinTokens(identity: string, more: Record<string, string> = {}): Promise<Answer> {
    const code = await this.code('linkedin', identity, more);
    return this.post('/linkedin/www/oauth/v2/accessToken', this.exchange('linkedin', code));
  }
}
