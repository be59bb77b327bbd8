import type { Logger } from 'pino';
import { StoreUnavailable } from '#kernel';
import type { Configuration } from './configuration.js';
import { SandboxLink } from './sandbox-link.js';
import { SandboxControls } from './sandbox-controls.js';
import type { SandboxPart } from './service.js';
import { waitFor } from './wait-for.js';

/** What the tokens of the sandbox say. */
const SANDBOX_ISSUER = 'sandbox';
const SANDBOX_AUDIENCE = 'social-accounts';
/** A move is answered when every process has confirmed it, and the sandbox waits 2 s for one that has lost its connection. */
const ANSWER_LIMIT_MS = 10_000;
const CONFLICT = 409;

/** A sandbox in a process of its own, as this process uses it, and how to leave it. */
export interface LinkedSandbox extends SandboxPart {
  close(): Promise<void>;
}

/** Takes platforms, sessions and time from the sandbox that SANDBOX_URL names, and waits for it. Null where it names none. */
export async function linkSandbox(configuration: Configuration, logger: Logger): Promise<LinkedSandbox | null> {
  const { sandboxUrl: url, SANDBOX_PUBLIC_URL } = configuration;
  if (url === null) return null;
  const publicUrl = SANDBOX_PUBLIC_URL ? new URL(SANDBOX_PUBLIC_URL).origin : url;
  const link = new SandboxLink(url);
  await waitFor('the sandbox (SANDBOX_URL)', logger, () => link.connected());
  return {
    url,
    publicUrl,
    clock: link.clock,
    controls: new RemoteSandbox(url),
    issuer: { jwksUrl: `${url}/v1/sandbox/jwks.json`, issuer: SANDBOX_ISSUER, audience: SANDBOX_AUDIENCE },
    isConnected: () => link.isConnected,
    close: () => link.close(),
  };
}

/** Asks the sandbox process. */
class RemoteSandbox extends SandboxControls {
  constructor(private readonly url: string) {
    super();
  }

  override async now(): Promise<Date> {
    const { body } = await this.#ask('clock');
    return new Date(String(body['now']));
  }

  override async setClock(to: Date): Promise<boolean> {
    const { status } = await this.#ask('clock', { method: 'PUT', body: { to: to.toISOString() } });
    return status !== CONFLICT;
  }

  override async issueSession(session: object): Promise<string> {
    const { body } = await this.#ask('session', { method: 'POST', body: session });
    return String(body['token']);
  }

  override async keySet(): Promise<object> {
    return (await this.#ask('jwks.json')).body;
  }

  /** @throws StoreUnavailable without an answer that can be used. */
  async #ask(path: string, { method = 'GET', body }: { method?: string; body?: object } = {}): Promise<Answer> {
    try {
      const response = await fetch(`${this.url}/v1/sandbox/${path}`, {
        method,
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      if (response.ok || response.status === CONFLICT)
        return { status: response.status, body: (await response.json()) as Answer['body'] };
    } catch (error) {
      throw new StoreUnavailable('The sandbox gives no answer.', { cause: error });
    }
    throw new StoreUnavailable('The sandbox does not do what it was asked.');
  }
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}
