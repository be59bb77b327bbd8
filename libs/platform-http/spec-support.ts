import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect } from '@jest/globals';
import { Clock, Secret } from '#kernel';
import {
  type Authorization,
  type Callback,
  type ConnectMethod,
  PLATFORM_CATALOGUE,
  PlatformFailure,
  type PlatformLogin,
} from '#social-accounts';
import { type Sandbox, startSandbox } from '../../apps/sandbox/index.js';
import type { HttpLimits } from './limits.js';

export const REDIRECT_URI = 'http://127.0.0.1:3000/v1/oauth/callback';

/** Faults are to be met quickly. */
export const SPEC_LIMITS: Partial<HttpLimits> = { timeoutMs: 400, firstWaitMs: 1 };

interface Consent {
  readonly identity?: string;
  readonly decision?: 'allow' | 'deny';
  /** What the person ticked, and other parameters of the sandbox's consent page. */
  readonly more?: Readonly<Record<string, string>>;
}

interface LoggedCall {
  readonly method: string;
  readonly path: string;
  readonly outcome: string;
}

/** The sandbox's clock as the adapters take it. */
class StageClock extends Clock {
  constructor(private readonly sandbox: Sandbox) {
    super();
  }

  override now(): Date {
    return this.sandbox.clock.now();
  }

  override onMoved(): () => void {
    return () => undefined;
  }
}

/** A sandbox of one's own, and what a person and a platform do on it. */
export class SandboxStage {
  readonly clock: Clock;
  #consents = 0;

  private constructor(
    readonly sandbox: Sandbox,
    private readonly dataDir: string,
  ) {
    this.clock = new StageClock(sandbox);
  }

  static async start(): Promise<SandboxStage> {
    const dataDir = mkdtempSync(join(tmpdir(), 'platform-spec-'));
    return new SandboxStage(await startSandbox({ port: 0, dataDir }), dataDir);
  }

  async stop(): Promise<void> {
    await this.sandbox.close();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  advance(seconds: number): void {
    this.sandbox.clock.set(new Date(this.sandbox.clock.now().getTime() + seconds * 1_000));
  }

  async control(order: Readonly<Record<string, unknown>>): Promise<void> {
    const body = JSON.stringify(order);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.sandbox.url}/control`, { method: 'POST', headers, body });
    expect(answer.status).toBe(204);
  }

  /** The calls since the last `reset`, oldest first, as the platform saw them. */
  async calls(pathEnd: string): Promise<LoggedCall[]> {
    const answer = await fetch(`${this.sandbox.url}/log`);
    const log = (await answer.json()) as LoggedCall[];
    return log.filter(({ path }) => path.split('?')[0]?.endsWith(pathEnd) === true);
  }

  /** What a person's consent brings to the callback. */
  async consent(login: PlatformLogin, consent: Consent = {}): Promise<Callback> {
    const [method] = login.methods;
    if (method === undefined) throw new Error('A login serves at least one method.');
    const state = `state-${String((this.#consents += 1))}`;
    const attempt = { method, state, redirectUri: REDIRECT_URI, codeVerifier: new Secret('unused') };
    const url = new URL(await login.authorizationUrl(attempt));
    url.searchParams.set('sandbox_identity', consent.identity ?? 'ada');
    url.searchParams.set('sandbox_decision', consent.decision ?? 'allow');
    for (const [name, value] of Object.entries(consent.more ?? {})) url.searchParams.set(name, value);
    const answer = await fetch(url, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    return { ...attempt, parameters: new URL(answer.headers.get('location') ?? '').searchParams };
  }

  async authorize(login: PlatformLogin, consent: Consent = {}): Promise<Authorization | PlatformFailure> {
    return login.authorize(await this.consent(login, consent));
  }

  /** An authorisation that must succeed. */
  async authorized(login: PlatformLogin, consent: Consent = {}): Promise<Authorization> {
    return succeeded(await this.authorize(login, consent));
  }
}

/** A callback that did not come from the sandbox. */
export function callbackWith(method: ConnectMethod, parameters: Readonly<Record<string, string>>): Callback {
  return {
    method,
    parameters: new URLSearchParams({ state: 'state-1', ...parameters }),
    state: 'state-1',
    redirectUri: REDIRECT_URI,
    codeVerifier: new Secret('unused'),
  };
}

export function succeeded<Result>(result: Result | PlatformFailure): Result {
  if (result instanceof PlatformFailure) throw new Error(`It failed as ${result.code} (${result.kind}).`);
  return result;
}

export function failed(result: unknown): PlatformFailure {
  expect(result).toBeInstanceOf(PlatformFailure);
  expectNoSecret(result);
  return result as PlatformFailure;
}

/** What people are shown of a platform that is off must be what they get when it is on. */
export function expectCatalogued({ methods }: PlatformLogin): void {
  for (const { platform, id, label, kind, accountTypes } of methods) {
    const entry = PLATFORM_CATALOGUE.find((one) => one.id === platform);
    expect(entry?.methods).toContainEqual({ id, label, kind });
    expect(entry?.accountTypes).toEqual(accountTypes);
  }
}

/** Everything that the sandbox hands out begins with `sbx_`. */
export function expectNoSecret(value: unknown): void {
  expect(JSON.stringify(value) ?? '').not.toContain('sbx_');
  expect(inspect(value, { depth: 20, showHidden: true })).not.toContain('sbx_');
}

/** A platform that answers what a spec says, for what the sandbox's few people cannot show. */
export async function servePlatform(
  answer: (url: URL) => { readonly status?: number; readonly body: unknown },
): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    const { status = 200, body } = answer(new URL(request.url ?? '/', 'http://127.0.0.1'));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
