import autocannon from 'autocannon';
import { toFigure, type Figure } from './figure.js';
import { post, serve, session } from './served.js';

const CONNECTIONS = 64;
const ROUNDS = 4;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 2;

/**
 * B2: changing a workspace's settings, from the socket to the durable event: token, membership, validation, decision, append.
 * Each connection changes a workspace of its own, each request to another value, so each writes an event.
 */
export async function benchCommand(): Promise<readonly Figure[]> {
  const server = await serve();
  try {
    const headers = await session(server.url, 'bench');
    const workspaces = await Promise.all(
      Array.from({ length: CONNECTIONS }, (_, index) =>
        post(server.url, '/v1/workspaces', { name: `Bench ${index}`, timezone: 'UTC' }, headers),
      ),
    );
    const paths = workspaces.map(({ id }) => `/v1/workspaces/${String(id)}`);
    const nothing = paths.map(() => '/v1/bench/nothing');
    await load(server.url, headers, paths, WARM_UP_SECONDS);
    await load(server.url, headers, nothing, WARM_UP_SECONDS);
    let [ours, reference] = [0, 0];
    for (let round = 0; round < ROUNDS; round += 1) {
      ours += await load(server.url, headers, paths, ROUND_SECONDS);
      reference += await load(server.url, headers, nothing, ROUND_SECONDS);
    }
    const perSecond = (answers: number): number => Math.round(answers / (ROUNDS * ROUND_SECONDS));
    return [
      toFigure({
        id: 'B2',
        ours: perSecond(ours),
        reference: perSecond(reference),
        unit: 'commands/s',
        reach: '≥ 0.4',
      }),
    ];
  } finally {
    await server.close();
  }
}

/** Answers how many requests were answered with 200. Any other answer spoils the figure, so it ends the benchmark. */
async function load(
  url: string,
  headers: Readonly<Record<string, string>>,
  paths: readonly string[],
  seconds: number,
): Promise<number> {
  let connection = 0;
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    setupClient(client) {
      const path = paths[connection++ % paths.length] as string;
      let days = Math.floor(Math.random() * 300);
      const next = (): void => {
        days = (days % 300) + 1;
        client.setHeadersAndBody({ ...headers }, JSON.stringify({ expiringWindow: `P${days}D` }));
      };
      client.setRequest({
        method: 'PATCH',
        path,
        headers: { ...headers },
        body: JSON.stringify({ expiringWindow: 'P300D' }),
      });
      client.on('response', next);
    },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} connections failed.`);
  return result['2xx'];
}
