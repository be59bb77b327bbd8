import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { p99, toFigure, type Figure } from './figure.js';
import { seedAccounts } from './seed-accounts.js';
import { serve, session, type Served } from './served.js';

const SMALL_ACCOUNTS = 1_000;
const LARGE_ACCOUNTS = 100_000;
/** How many accounts the large store holds in all; BENCH_ACCOUNTS makes it larger or smaller. */
const TOTAL_ACCOUNTS = Number(process.env['BENCH_ACCOUNTS'] ?? 1_000_000);
const WARM_UP_REQUESTS = 300;
const ROUNDS = 6;
const REQUESTS_PER_ROUND = 500;
const QUERIES = [
  'status=valid',
  'status=expiring',
  'status=expired',
  'platform=facebook&status=valid',
  'status=valid&sort=-connectedAt',
];

/** B4: a page of 50 with status filter and counts, over HTTP, in a large store against the same in a store of 1,000 accounts. */
export async function benchList(): Promise<readonly Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'social-accounts-bench-'));
  const small = join(folder, 'small');
  const large = join(folder, 'large');
  const others = Math.max(0, Math.floor((TOTAL_ACCOUNTS - LARGE_ACCOUNTS - SMALL_ACCOUNTS) / SMALL_ACCOUNTS));
  const [reference] = await seedAccounts(small, 'bench', [SMALL_ACCOUNTS]);
  const [one, hundred] = await seedAccounts(large, 'bench', [
    SMALL_ACCOUNTS,
    LARGE_ACCOUNTS,
    ...Array<number>(others).fill(SMALL_ACCOUNTS),
  ]);
  const servers = [await serve(small), await serve(large)] as const;
  try {
    const cases = [
      { server: servers[0], workspace: reference as string, times: [] as number[] },
      { server: servers[1], workspace: one as string, times: [] as number[] },
      { server: servers[1], workspace: hundred as string, times: [] as number[] },
    ] as const;
    for (const { server, workspace } of cases) await measure(server, workspace, WARM_UP_REQUESTS);
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { server, workspace, times } of cases)
        times.push(...(await measure(server, workspace, REQUESTS_PER_ROUND)));
    }
    const [ref, ...sizes] = cases.map(({ times }) => p99(times));
    const names = [`${SMALL_ACCOUNTS} of ${TOTAL_ACCOUNTS}`, `${LARGE_ACCOUNTS} of ${TOTAL_ACCOUNTS}`];
    return sizes.map((ours, index) =>
      toFigure({ id: 'B4', case: names[index] ?? '', ours, reference: ref as number, unit: 'ms p99', reach: '≤ 1.5' }),
    );
  } finally {
    await Promise.all(servers.map((server) => server.close()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Milliseconds of each request, one after the other: what one person waits for. */
async function measure({ url }: Served, workspace: string, requests: number): Promise<readonly number[]> {
  const headers = await session(url, 'bench');
  const times: number[] = [];
  for (let index = 0; index < requests; index += 1) {
    const path = `/v1/workspaces/${workspace}/accounts?${QUERIES[index % QUERIES.length] ?? ''}`;
    const started = performance.now();
    const answer = await fetch(`${url}${path}`, { headers });
    const body = (await answer.json()) as { readonly items: readonly unknown[] };
    times.push(performance.now() - started);
    if (answer.status !== 200 || body.items.length === 0)
      throw new Error(`A list answered ${answer.status} with nothing in it.`);
  }
  return times;
}
