import type { Problem } from '#contract';

/** One answer of the service, read whole. */
export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON, or null where the answer is none. */
  readonly body: Body;
  /** The header `Position`. */
  readonly position: string | null;
  /** The code of a refusal, or null. */
  readonly code: string | null;
}

export interface Call {
  readonly method?: string;
  /** Sent as JSON; a string is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string | null;
  /** How long to wait for the answer; for ever without it. */
  readonly limitMs?: number;
}

/** A browser, or any other client that keeps cookies: its jar belongs to one origin and to nobody else. */
export class Browser {
  readonly #cookies = new Map<string, string>();

  constructor(readonly origin: string) {}

  /** What the browser sends as `Cookie`; empty without any. */
  get cookies(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** The values of all cookies. */
  get cookieValues(): readonly string[] {
    return [...this.#cookies.values()];
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  clearCookies(): void {
    this.#cookies.clear();
  }

  /** Sends one request and follows no redirect. `target` is a path, or a whole URL of this origin. */
  async call<Body = unknown>(target: string, call: Call = {}): Promise<Answer<Body>> {
    const { method = 'GET', body, headers = {}, token = null, limitMs } = call;
    const url = new URL(target, this.origin);
    if (url.origin !== this.origin) throw new Error(`This browser's jar is for ${this.origin} alone.`);
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      ...(limitMs === undefined ? {} : { signal: AbortSignal.timeout(limitMs) }),
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.cookies === '' ? {} : { cookie: this.cookies }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    this.#keepCookies(response.headers);
    return readAnswer<Body>(response);
  }

  #keepCookies(headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const [pair = ''] = line.split(';', 1);
      const end = pair.indexOf('=');
      this.#cookies.set(pair.slice(0, end), pair.slice(end + 1));
    }
  }
}

/** Reads a response whole. */
export async function readAnswer<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text();
  const body = jsonOf(text);
  const { status, headers } = response;
  const isProblem = headers.get('content-type')?.startsWith('application/problem+json') === true;
  const code = isProblem ? (body as Problem).code : null;
  return { status, headers, text, body: body as Body, position: headers.get('position'), code };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
