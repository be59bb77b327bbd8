import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentFor, type Environment } from './in-process-service.js';
import { ServiceUnderTest } from './service-under-test.js';

const PROGRAM = join(import.meta.dirname, '../../../dist/apps/standalone/main.js');
const START_LIMIT_MS = 20_000;
const END_LIMIT_MS = 15_000;

/** The built service as a process of its own, which can be killed and started again on the same data. */
export class SpawnedService extends ServiceUnderTest {
  #output = '';
  #process: ChildProcess | null = null;

  constructor(private readonly environment: Environment) {
    super(
      environment['PUBLIC_URL'] ?? '',
      `http://127.0.0.1:${environment['SANDBOX_PORT'] ?? ''}`,
      environment['DATA_DIR'] ?? '',
    );
  }

  /** Everything that it has written to standard output and standard error, over all its starts. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  async start(): Promise<void> {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run "npm run build" first.`);
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [PROGRAM], { env: { PATH, ...this.environment } });
    this.#process = child;
    let isListening = false;
    const listening = new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It does not start:\n${this.#output}`)), START_LIMIT_MS);
      const hear = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        if (!isListening && chunk.includes('listens on')) {
          isListening = true;
          clearTimeout(late);
          resolve();
        }
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code) => {
        clearTimeout(late);
        if (!isListening) reject(new Error(`It ended with ${String(code)}:\n${this.#output}`));
      });
    });
    await listening;
  }

  /** Ends the process at once, as a power cut would end the program. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks the process to end, and waits until it has. Answers its exit code. */
  async terminate(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL');
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) });
    child.kill(signal);
    await ended;
    return child.exitCode;
  }
}

/** Starts the built service on free ports. Its log level is `info`, and the environment given wins. */
export async function spawnService(environment: Environment = {}): Promise<SpawnedService> {
  const dataDir = environment['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'social-accounts-'));
  const service = new SpawnedService(await environmentFor(dataDir, { LOG_LEVEL: 'info', ...environment }));
  await service.start();
  return service;
}
