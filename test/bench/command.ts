import autocannon from 'autocannon';
import { toFigure, type Figure } from './figure.js';
import { post, serve, session } from './served.js';

const CONNECTIONS = 64;
const ROUNDS = 4;
const ROUND_SECONDS = 4;
const WARM_UP_SECONDS = 2;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo'];
/** By chance a connection may ask for the value that is there already. */
const WRITTEN_SHARE = 0.98;

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
    const before = await eventsWritten(server.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      ours += await load(server.url, headers, paths, ROUND_SECONDS);
      reference += await load(server.url, headers, nothing, ROUND_SECONDS);
    }
    const written = (await eventsWritten(server.url)) - before;
    if (written < ours * WRITTEN_SHARE) throw new Error(`${ours} commands wrote ${written} events only.`);
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
  // 64 paths and 3 zones: each visit to a workspace asks for another zone than the last.
  let count = 0;
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        method: 'PATCH',
        headers: { ...headers },
        setupRequest(request) {
          const path = paths[count % paths.length] as string;
          const timezone = ZONES[count % ZONES.length];
          count += 1;
          return { ...request, path, body: JSON.stringify({ timezone }) };
        },
      },
    ],
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} answers were not 200, ${result.errors} connections failed.`);
  return result['2xx'];
}

async function eventsWritten(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^events_appended_total\{type="WorkspaceSettingsChanged"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}
