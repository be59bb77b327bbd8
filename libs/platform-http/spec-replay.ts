import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** What happens to one reply of a flow. */
export interface Spoiling {
  /** Which call of the flow is spoilt; counted on from the beginning when there are fewer. */
  readonly call: number;
  spoil(reply: Reply): Reply;
}

/** Stands between an adapter and the sandbox: it records a good flow once, and plays it again with one reply spoilt. */
export class ReplayServer {
  readonly #recorded = new Map<string, Reply>();
  readonly #order: string[] = [];
  #spoiling: { readonly key: string; readonly spoiling: Spoiling } | null = null;

  private constructor(
    private readonly server: Server,
    private readonly sandboxUrl: string,
  ) {}

  static async start(sandboxUrl: string): Promise<ReplayServer> {
    const server = createServer();
    const replay = new ReplayServer(server, sandboxUrl);
    server.on('request', (request, response) => void replay.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return replay;
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  spoil(spoiling: Spoiling | null): void {
    const key = spoiling === null ? undefined : this.#order[spoiling.call % this.#order.length];
    this.#spoiling = spoiling === null || key === undefined ? null : { key, spoiling };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.sandboxUrl);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    // The same endpoint is asked for different things: by cursor and by grant.
    const grantType = url.searchParams.get('grant_type') ?? new URLSearchParams(body.toString()).get('grant_type');
    const key = [request.method, url.pathname, url.searchParams.get('after'), grantType].join(' ');
    let reply = this.#recorded.get(key);
    if (reply === undefined) {
      reply = await this.#forward(request, url, body);
      this.#recorded.set(key, reply);
      this.#order.push(key);
    }
    const { status, text } = this.#spoiling?.key === key ? this.#spoiling.spoiling.spoil(reply) : reply;
    response.writeHead(status, { 'content-type': 'application/json' }).end(status === 204 ? '' : text);
  }

  async #forward({ method = 'GET', headers }: IncomingMessage, url: URL, body: Buffer): Promise<Reply> {
    const passed = ['authorization', 'content-type', 'linkedin-version'].flatMap((name) => {
      const value = headers[name];
      return typeof value === 'string' ? [[name, value] as [string, string]] : [];
    });
    const answer = await fetch(url, {
      method,
      headers: passed,
      body: body.length === 0 ? null : new Uint8Array(body),
      redirect: 'manual',
    });
    return { status: answer.status, text: await answer.text() };
  }
}

const LONG_TEXT_CHARACTERS = 3_000_000;
const NESTING_LEVELS = 20_000;

const nonsense = fc.oneof(
  fc.constantFrom('', '{', 'null', '[]', '{}', '"text"', '12', '<html><body>Sorry</body></html>', '{"data":null}'),
  fc.constant('['.repeat(NESTING_LEVELS)),
  fc.constant(`{"access_token":"${'x'.repeat(LONG_TEXT_CHARACTERS)}"}`),
  fc.string(),
  fc.json(),
);

const wrongValue = fc.oneof(
  fc.constantFrom<unknown>(null, true, -1, 0, 1e308, 2 ** 53, '', {}, [], [null], [[]], 'javascript:alert(1)'),
  fc.constantFrom<unknown>(
    '../../etc',
    'a\u0000b\r\nc: d',
    '\u202eevil',
    'x'.repeat(100_000),
    'http://10.0.0.1/x',
    'sbx_echo',
  ),
  fc.constant(Array.from({ length: 5_000 }, () => ({ id: '1' }))),
  fc.jsonValue(),
);

/** Replies as broken or hostile platforms send them. */
export const spoilings: fc.Arbitrary<Spoiling> = fc
  .tuple(
    fc.nat({ max: 30 }),
    fc.oneof(
      nonsense.map((text) => (reply: Reply) => ({ ...reply, text })),
      fc
        .tuple(fc.constantFrom(200, 201, 204, 302, 400, 401, 403, 404, 418, 429, 500, 503), nonsense)
        .map(([status, text]) => () => ({ status, text })),
      fc.tuple(fc.nat(), wrongValue).map(
        ([at, value]) =>
          (reply: Reply) =>
            spoilField(reply, at, value),
      ),
      fc.nat().map((at) => (reply: Reply) => spoilField(reply, at, undefined)),
      fc.nat().map((at) => ({ status, text }: Reply) => ({ status, text: text.slice(0, at % (text.length + 1)) })),
    ),
  )
  .map(([call, spoil]) => ({ call, spoil }));

/** Replaces the value at the `at`th place of a JSON reply, or takes it out when `value` is undefined. */
function spoilField({ status, text }: Reply, at: number, value: unknown): Reply {
  const places = (JSON.stringify(safeParse(text)).match(/[:[,]/g) ?? []).length + 1;
  let place = 0;
  const spoilt: unknown = JSON.parse(JSON.stringify(safeParse(text)), (_key, current: unknown) => {
    place += 1;
    return place === (at % places) + 1 ? value : current;
  });
  return { status, text: JSON.stringify(spoilt) ?? '' };
}

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
