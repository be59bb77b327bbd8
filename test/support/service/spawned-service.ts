import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from './browser.js';
import { environmentFor, type Environment } from './in-process-service.js';
import { ServiceUnderTest } from './service-under-test.js';
import { SpawnedProgram } from './spawned-program.js';

/** The built service as a process of its own, which can be killed and started again on the same data. */
export class SpawnedService extends ServiceUnderTest {
  readonly program: SpawnedProgram;

  constructor(environment: Environment, browser?: (origin: string) => Browser) {
    super(
      environment['PUBLIC_URL'] ?? '',
      `http://127.0.0.1:${environment['SANDBOX_PORT'] ?? ''}`,
      environment['DATA_DIR'] ?? '',
      browser,
    );
    this.program = new SpawnedProgram({ program: 'apps/standalone/main', environment, ready: 'listens on' });
  }

  /** Everything that it has written to standard output and standard error, over all its starts. */
  get output(): string {
    return this.program.output;
  }

  get pid(): number | null {
    return this.program.pid;
  }

  async start(): Promise<void> {
    await this.program.start();
  }

  /** Ends the process at once, as a power cut would end the program. */
  async kill(): Promise<void> {
    await this.program.end('SIGKILL');
  }

  /** Asks the process to end, and waits until it has. Answers its exit code. */
  async terminate(): Promise<number | null> {
    return this.program.end('SIGTERM');
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Starts the built service on free ports. Its log level is `info`, and the environment given wins. */
export async function spawnService(
  environment: Environment = {},
  browser?: (origin: string) => Browser,
): Promise<SpawnedService> {
  const dataDir = environment['DATA_DIR'] ?? mkdtempSync(join(tmpdir(), 'social-accounts-'));
  const service = new SpawnedService(await environmentFor(dataDir, { LOG_LEVEL: 'info', ...environment }), browser);
  await service.start();
  return service;
}
