import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { freePorts } from '../service/free-ports.js';
import { findMongod } from './mongod-binary.js';

const REPLICA_SET = 'rs0';
const START_LIMIT_MS = 30_000;
const TRY_EVERY_MS = 50;
const STOP_LIMIT_MS = 10_000;
const LOG_TAIL_CHARACTERS = 2_000;

const ARGUMENTS = [
  ...['--bind_ip', '127.0.0.1', '--nounixsocket', '--storageEngine', 'wiredTiger', '--wiredTigerCacheSizeGB', '0.25'],
  // A killed writer's transaction holds what it changed until this limit.
  ...['--setParameter', 'transactionLifetimeLimitSeconds=5'],
  ...['--setParameter', 'diagnosticDataCollectionEnabled=false'],
];

/** Starts the server, tells its process id, and ends it when whoever holds the other end of the standard input is gone. */
const GUARD = `exec 3<&0
"$@" >/dev/null 2>&1 &
server=$!
echo $server
(read -r _ <&3; kill -9 $server) &
reader=$!
wait $server
kill $reader`;

/** A server for tests. One that MONGODB_URL names is somebody else's: it is not stopped, killed or frozen. */
export interface MongoDb {
  readonly url: string;
  /** Whether `kill`, `restart`, `freeze` and `thaw` may be called. */
  readonly isOurs: boolean;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Ends the server at once, as a crash does. */
  kill(): Promise<void>;
  /** Starts it again over the same data at the same port; resolves when it takes writes. */
  restart(): Promise<void>;
  /** The process stands still, and its connections stay open. */
  freeze(): void;
  thaw(): void;
}

/**
 * A real MongoDB as a replica set of one member, or why there is none. With REQUIRE_MONGODB=1 that is a failure:
 * a run that counts must not leave suites out.
 */
export async function startMongoDb(): Promise<MongoDb | { readonly unavailable: string }> {
  const url = process.env['MONGODB_URL'];
  return url === undefined ? startOurs(REPLICA_SET) : somebodyElses(url);
}

/** A server that belongs to no replica set: what the adapters refuse. */
export function startStandAloneMongoDb(): Promise<MongoDb | { readonly unavailable: string }> {
  return startOurs(null);
}

async function startOurs(replicaSet: string | null): Promise<MongoDb | { readonly unavailable: string }> {
  const found = await findMongod();
  if ('path' in found) return MongodProcess.start(found.path, replicaSet);
  if (process.env['REQUIRE_MONGODB'] === '1') throw new Error(found.unavailable);
  return found;
}

function somebodyElses(url: string): MongoDb {
  const refuse = (): never => {
    throw new Error('The server at MONGODB_URL is not ours to stop.');
  };
  const stop = (): Promise<void> => Promise.resolve();
  return { url, isOurs: false, stop, kill: refuse, restart: refuse, freeze: refuse, thaw: refuse };
}

class MongodProcess implements MongoDb {
  readonly isOurs = true;
  readonly url: string;
  #guard: ChildProcess | null = null;
  #pid = 0;

  private constructor(
    private readonly binary: string,
    private readonly directory: string,
    private readonly port: number,
    private readonly replicaSet: string | null,
  ) {
    this.url = `mongodb://127.0.0.1:${port}/${replicaSet === null ? '' : `?replicaSet=${replicaSet}`}`;
  }

  static async start(binary: string, replicaSet: string | null): Promise<MongodProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'mongodb-'));
    const [port = 0] = await freePorts(1);
    const server = new MongodProcess(binary, directory, port, replicaSet);
    await server.restart();
    return server;
  }

  async restart(): Promise<void> {
    const replication = this.replicaSet === null ? [] : ['--replSet', this.replicaSet];
    const place = ['--port', String(this.port), '--dbpath', this.directory, '--logpath', this.#log, '--logappend'];
    const command = [this.binary, ...place, ...replication, ...ARGUMENTS];
    const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', ...command], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#guard = guard;
    const [pid] = (await once(guard.stdout, 'data')) as [Buffer];
    this.#pid = Number(pid.toString());
    await this.#untilReady();
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
    await rm(this.directory, { recursive: true, force: true });
  }

  freeze(): void {
    process.kill(this.#pid, 'SIGSTOP');
  }

  thaw(): void {
    process.kill(this.#pid, 'SIGCONT');
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const guard = this.#guard;
    if (guard === null) return;
    this.#guard = null;
    const ended = once(guard, 'exit');
    process.kill(this.#pid, signal);
    this.thaw();
    const patience = setTimeout(() => guard.stdin?.end(), STOP_LIMIT_MS);
    await ended;
    clearTimeout(patience);
    guard.stdin?.destroy();
  }

  get #log(): string {
    return join(this.directory, 'mongod.log');
  }

  async #untilReady(): Promise<void> {
    const deadline = Date.now() + START_LIMIT_MS;
    while (!(await this.#isReady().catch(() => false))) {
      if (Date.now() > deadline || this.#guard?.exitCode !== null) {
        throw new Error(`mongod did not start. ${await this.#tail()}`);
      }
      await sleep(TRY_EVERY_MS);
    }
  }

  /** Each try has a client of its own: one whose first connection failed never comes to another. */
  async #isReady(): Promise<boolean> {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.port}/?directConnection=true`, {
      serverSelectionTimeoutMS: 500,
    });
    try {
      const admin = client.db('admin');
      const hello = await admin.command({ hello: 1 });
      if (hello['isWritablePrimary'] === true) return true;
      if (this.replicaSet !== null && hello['setName'] === undefined) {
        const members = [{ _id: 0, host: `127.0.0.1:${this.port}` }];
        await admin.command({ replSetInitiate: { _id: this.replicaSet, members } });
      }
      return false;
    } finally {
      await client.close();
    }
  }

  async #tail(): Promise<string> {
    return readFile(this.#log, 'utf8').then(
      (text) => text.slice(-LOG_TAIL_CHARACTERS),
      () => '',
    );
  }
}
