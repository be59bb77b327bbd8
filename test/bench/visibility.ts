import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { p99, toFigure, type Figure } from './figure.js';
import { post, serve, session, type Served } from './served.js';
import { startServers } from './servers.js';

const WORKSPACES = 400;
const WORKSPACES_AT_ONCE = 16;
const AIMED_PER_SECOND = 1_000;
/** What the set-up sustains is found out with so many requests in flight. */
const IN_FLIGHT = 64;
const PROBE_MS = 5_000;
const WARM_UP_MS = 4_000;
const MEASURED_MS = 20_000;
/** One of so many commands is looked for by a reader: half of them as the workspace, half in its list of accounts. */
const LOOKED_FOR_EACH = 10;
const ZONES = ['Europe/Berlin', 'America/New_York', 'Asia/Tokyo'];
const WINDOWS = ['P14D', 'P30D'];

/** What a command was told: its event is in the log. */
interface Acknowledged {
  readonly revision: number;
  readonly position: string;
}

/**
 * B5: from the acknowledgement of a command to the answer that shows it, at 1,000 commands a second, or at half of what the
 * set-up sustains where that is less. The reader asks at once and says what it was told (`Read-After`), as the page does.
 */
export async function benchVisibility(): Promise<readonly Figure[]> {
  const embedded = await measureOn({}, 'SQLite');
  const servers = await startServers();
  try {
    return [embedded, await measureOn(servers.environment, 'EventStoreDB + MongoDB')];
  } finally {
    await servers.stop();
  }
}

async function measureOn(environment: Readonly<Record<string, string>>, name: string): Promise<Figure> {
  const server = await serve(undefined, environment);
  try {
    const load = await Load.begin(server);
    const sustained = await load.sustained();
    const perSecond = Math.min(AIMED_PER_SECOND, Math.round(sustained / 2));
    await load.drive(perSecond, WARM_UP_MS);
    const { commandMs, visibleMs } = await load.drive(perSecond, MEASURED_MS);
    return toFigure({
      id: 'B5',
      case: `${name}, at ${perSecond} of ${Math.round(sustained)} commands/s`,
      ours: p99(visibleMs),
      reference: p99(commandMs),
      unit: 'ms p99',
      reach: '≤ 3',
    });
  } finally {
    await server.close();
  }
}

class Load {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 * IN_FLIGHT });
  #count = 0;

  private constructor(
    private readonly url: string,
    private readonly headers: Readonly<Record<string, string>>,
    private readonly workspaces: readonly string[],
  ) {}

  static async begin({ url }: Served): Promise<Load> {
    const headers = await session(url, 'bench');
    const workspaces: string[] = [];
    while (workspaces.length < WORKSPACES) {
      const made = Array.from({ length: WORKSPACES_AT_ONCE }, (_, index) =>
        post(url, '/v1/workspaces', { name: `Bench ${index}`, timezone: 'UTC' }, headers),
      );
      workspaces.push(...(await Promise.all(made)).map(({ id }) => String(id)));
    }
    return new Load(url, headers, workspaces);
  }

  /** Commands per second when the next one is sent as soon as one is answered. */
  async sustained(): Promise<number> {
    const ends = performance.now() + PROBE_MS;
    let done = 0;
    const sendNext = async (): Promise<void> => {
      while (performance.now() < ends) {
        await this.#command();
        done += 1;
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, sendNext));
    return (done * 1_000) / PROBE_MS;
  }

  /** Sends commands at their times, whether or not earlier ones are answered. */
  async drive(
    perSecond: number,
    forMs: number,
  ): Promise<{ readonly commandMs: readonly number[]; readonly visibleMs: readonly number[] }> {
    const [commandMs, visibleMs]: [number[], number[]] = [[], []];
    const started = performance.now();
    const underWay: Promise<void>[] = [];
    const total = Math.round((perSecond * forMs) / 1_000);
    while (underWay.length < total) {
      const due = Math.min(total, Math.floor(((performance.now() - started) * perSecond) / 1_000));
      while (underWay.length < due) underWay.push(this.#sendOne(underWay.length, commandMs, visibleMs));
      await sleep(1);
    }
    await Promise.all(underWay);
    return { commandMs, visibleMs };
  }

  async #sendOne(number: number, commandMs: number[], visibleMs: number[]): Promise<void> {
    const sentAt = performance.now();
    const { workspace, told } = await this.#command();
    const toldAt = performance.now();
    commandMs.push(toldAt - sentAt);
    if (number % LOOKED_FOR_EACH !== 0) return;
    await this.#lookFor(workspace, told, number % (2 * LOOKED_FOR_EACH) === 0 ? '' : '/accounts');
    visibleMs.push(performance.now() - toldAt);
  }

  /** Each visit to a workspace asks for another zone and window than the last, so each writes an event. */
  async #command(): Promise<{ readonly workspace: string; readonly told: Acknowledged }> {
    const number = this.#count;
    this.#count += 1;
    const workspace = this.workspaces[number % this.workspaces.length] ?? '';
    const round = Math.floor(number / this.workspaces.length);
    const body = {
      timezone: ZONES[round % ZONES.length],
      expiringWindow: WINDOWS[round % WINDOWS.length],
    };
    const told = (await this.#ask('PATCH', `/v1/workspaces/${workspace}`, {}, body)) as Acknowledged;
    return { workspace, told };
  }

  async #lookFor(workspace: string, { revision, position }: Acknowledged, part: '' | '/accounts'): Promise<void> {
    const shown = await this.#ask('GET', `/v1/workspaces/${workspace}${part}`, { 'read-after': position });
    if (part === '' && (shown as { readonly revision: number }).revision < revision)
      throw new Error('An answer is older than what it was asked to include.');
  }

  #ask(method: string, path: string, headers: Readonly<Record<string, string>>, body?: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = { method, agent: this.#agent, headers: { ...this.headers, ...headers } };
      const sent = request(`${this.url}${path}`, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('error', reject);
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if (answer.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`${method} ${path} answered ${String(answer.statusCode)}: ${text}`));
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
