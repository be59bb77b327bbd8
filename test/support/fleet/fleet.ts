import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type MongoDb, startMongoDb } from '../mongodb/start-mongodb.js';
import { Browser } from '../service/browser.js';
import { freePorts } from '../service/free-ports.js';
import { Person } from '../service/person.js';
import { figureIn, ServiceUnderTest } from '../service/service-under-test.js';
import { SpawnedProgram } from '../service/spawned-program.js';
import { Balancer } from './balancer.js';

const DATABASE = 'social_accounts';

export interface FleetOptions {
  readonly apis: number;
  readonly workers: number;
  /** What clients use; an ordinary browser without it. */
  readonly browser?: (origin: string) => Browser;
}

/** One word for each part of a process; `ok` where it is fine. */
export type Checks = Readonly<Record<string, string>>;

/** Where the processes of a fleet meet. */
interface Addresses {
  readonly balancer: number;
  readonly sandbox: number;
  readonly events: number;
  readonly control: number;
  readonly apis: readonly number[];
  readonly workers: readonly number[];
}

/**
 * The service over several processes, from built files: API processes behind one address, workers, the sandbox, the stand-in of
 * EventStoreDB and a real MongoDB. Each can be killed, frozen and started again at the same port.
 */
export class Fleet extends ServiceUnderTest {
  readonly masterKey = randomBytes(32).toString('base64');
  readonly apis: readonly SpawnedProgram[];
  readonly workers: readonly SpawnedProgram[];
  readonly sandboxProgram: SpawnedProgram;
  readonly events: SpawnedProgram;
  readonly #others: SpawnedProgram[] = [];
  #balancer: Balancer | null = null;

  private constructor(
    readonly mongo: MongoDb,
    private readonly at: Addresses,
    folder: string,
    browser?: (origin: string) => Browser,
  ) {
    super(originOf(at.balancer), originOf(at.sandbox), folder, browser);
    this.events = this.#program('test/support/eventstore-server/main', 'stand-in ready', {}, [
      ...['--port', String(at.events), '--control-port', String(at.control)],
      ...['--dir', join(folder, 'events')],
    ]);
    this.sandboxProgram = this.#program('apps/sandbox/main', 'listens on', {
      SANDBOX_PORT: String(at.sandbox),
      DATA_DIR: join(folder, 'sandbox'),
    });
    this.apis = at.apis.map((port) => this.#service('apps/api/main', port));
    this.workers = at.workers.map((port) => this.#service('apps/worker/main', port));
  }

  /** Starts everything, or answers why there is no MongoDB. */
  static async start({ apis, workers, browser }: FleetOptions): Promise<Fleet | { readonly unavailable: string }> {
    const mongo = await startMongoDb();
    if ('unavailable' in mongo) return mongo;
    const [balancer = 0, sandbox = 0, events = 0, control = 0, ...others] = await freePorts(4 + apis + workers);
    const at = { balancer, sandbox, events, control, apis: others.slice(0, apis), workers: others.slice(apis) };
    const folder = mkdtempSync(join(tmpdir(), 'social-accounts-fleet-'));
    const fleet = new Fleet(mongo, at, folder, browser);
    try {
      fleet.#balancer = await Balancer.start(balancer, at.apis);
      await Promise.all(fleet.programs.map((program) => program.start()));
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return fleet;
  }

  /** Everything of ours: what a kill may hit at any time. */
  get ours(): readonly SpawnedProgram[] {
    return [...this.apis, ...this.workers, this.sandboxProgram];
  }

  get programs(): readonly SpawnedProgram[] {
    return [this.events, ...this.ours];
  }

  get eventStoreUrl(): string {
    return `esdb://127.0.0.1:${this.at.events}?tls=false`;
  }

  /** The database that the fleet works in, also on a server that others use. */
  get database(): string {
    return `${DATABASE}_${this.at.balancer}`;
  }

  get readStoreUrl(): string {
    const url = new URL(this.mongo.url);
    url.pathname = `/${this.database}`;
    return url.href;
  }

  /** The settings of whatever looks into the stores of this fleet. */
  get storeSettings(): Readonly<Record<string, string>> {
    return {
      EVENT_STORE_URL: this.eventStoreUrl,
      READ_STORE_URL: this.readStoreUrl,
      VAULT_MASTER_KEY: this.masterKey,
    };
  }

  /** One more worker at a port of its own, which has not started yet. */
  anotherWorker(): SpawnedProgram {
    const worker = this.#service('apps/worker/main', 0);
    this.#others.push(worker);
    return worker;
  }

  /** One API process or worker by itself, without the address in front. */
  originOf(program: SpawnedProgram): string {
    const index = [...this.apis, ...this.workers].indexOf(program);
    return originOf([...this.at.apis, ...this.at.workers][index] ?? 0);
  }

  /** Somebody whose browser speaks to this one process alone. */
  async personAt(program: SpawnedProgram, userId: string): Promise<Person> {
    return new Person(userId, await this.token({ userId }), new Browser(this.originOf(program)), this.newest);
  }

  /** What a process says of its stores, in its readiness. */
  async readinessOf(program: SpawnedProgram): Promise<{ readonly isReady: boolean; readonly checks: Checks }> {
    const response = await fetch(`${this.originOf(program)}/health/ready`);
    const { checks } = (await response.json()) as { readonly checks: Checks };
    return { isReady: response.status === 200, checks };
  }

  /** The figure of one line of `/metrics` of one process; 0 where there is none. */
  async metricOf(program: SpawnedProgram, line: string): Promise<number> {
    const response = await fetch(`${this.originOf(program)}/metrics`);
    return figureIn(await response.text(), line);
  }

  /** Gives the stand-in a fault, such as `hang` and `resume`. */
  async orderEventStore(fault: string, body: object = {}): Promise<void> {
    const response = await fetch(`${originOf(this.at.control)}/${fault}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`The stand-in refused an order: ${await response.text()}`);
  }

  /** Ends everything, and leaves nothing behind. */
  async stop(): Promise<void> {
    const programs = [...this.programs, ...this.#others];
    for (const program of programs) program.thaw();
    await Promise.all(programs.map((program) => program.end('SIGKILL')));
    await this.#balancer?.close();
    await this.mongo.stop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  #service(program: string, port: number): SpawnedProgram {
    return this.#program(program, 'listens on', {
      PORT: String(port),
      PUBLIC_URL: this.url,
      ...this.storeSettings,
      SANDBOX_URL: originOf(this.at.sandbox),
      LOG_LEVEL: 'warn',
    });
  }

  #program(
    program: string,
    ready: string,
    environment: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): SpawnedProgram {
    return new SpawnedProgram({ program, args, environment, ready });
  }
}

const originOf = (port: number): string => `http://127.0.0.1:${port}`;
