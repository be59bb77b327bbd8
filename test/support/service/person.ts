import { Browser, type Answer, type Call } from './browser.js';

/** The newest position that any command of a test was told: queries ask to have reached it. */
export class NewestPosition {
  #newest: string | null = null;

  note(position: string | null): void {
    if (position !== null && rankOf(position) > rankOf(this.#newest ?? '0')) this.#newest = position;
  }

  get header(): Readonly<Record<string, string>> {
    return this.#newest === null ? {} : { 'read-after': this.#newest };
  }
}

/** Positions begin with a number that grows, in either event store's form: `17`, `4711/4711`. */
const rankOf = (position: string): bigint => BigInt(position.split('/')[0] ?? 0);

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
