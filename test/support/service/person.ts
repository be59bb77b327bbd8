import { Browser, type Answer, type Call } from './browser.js';

/** The newest position that any command of a test was told: queries ask to have reached it. */
export class NewestPosition {
  #value = 0;

  /** The embedded event store's positions are numbers, so the newest one can be told. */
  note(position: string | null): void {
    this.#value = Math.max(this.#value, Number(position ?? 0));
  }

  get header(): Readonly<Record<string, string>> {
    return this.#value === 0 ? {} : { 'read-after': String(this.#value) };
  }
}

type Headers = Readonly<Record<string, string>>;

/** Somebody with a session and a browser. Queries include what every command of the test was told. */
export class Person {
  constructor(
    readonly userId: string,
    readonly token: string,
    readonly browser: Browser,
    private readonly newest: NewestPosition,
  ) {}

  get<Body = unknown>(path: string, headers: Headers = {}): Promise<Answer<Body>> {
    return this.send<Body>(path, { headers: { ...this.newest.header, ...headers } });
  }

  post<Body = unknown>(path: string, body?: unknown, headers: Headers = {}): Promise<Answer<Body>> {
    return this.send<Body>(path, { method: 'POST', body, headers });
  }

  patch<Body = unknown>(path: string, body?: unknown, headers: Headers = {}): Promise<Answer<Body>> {
    return this.send<Body>(path, { method: 'PATCH', body, headers });
  }

  delete<Body = unknown>(path: string, headers: Headers = {}): Promise<Answer<Body>> {
    return this.send<Body>(path, { method: 'DELETE', headers });
  }

  async send<Body = unknown>(path: string, call: Call): Promise<Answer<Body>> {
    const answer = await this.browser.call<Body>(path, { ...call, token: this.token });
    if ((call.method ?? 'GET') !== 'GET') this.newest.note(answer.position);
    return answer;
  }

  /** The same session in another browser, without this one's cookies. */
  inOtherBrowser(): Person {
    return new Person(this.userId, this.token, new Browser(this.browser.origin), this.newest);
  }
}
