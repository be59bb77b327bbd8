import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '#runtime';
import { startStandalone, type Standalone } from '../../../apps/standalone/standalone.js';
import { freePorts } from './free-ports.js';
import { ServiceUnderTest } from './service-under-test.js';

export type Environment = Readonly<Record<string, string>>;

/** The standalone service with everything of it inside the test's own process, on a data directory of its own. */
export class InProcessService extends ServiceUnderTest {
  private constructor(
    private environment: Environment,
    private running: Standalone,
    dataDir: string,
  ) {
    super(running.url, running.sandboxUrl ?? '', dataDir);
  }

  static async start(environment: Environment = {}): Promise<InProcessService> {
    const dataDir = mkdtempSync(join(tmpdir(), 'social-accounts-'));
    const complete = await environmentFor(dataDir, environment);
    return new InProcessService(complete, await startStandalone(readConfiguration(complete)), dataDir);
  }

  /** Ends the service and starts it again on the same data and ports, with other settings from there on where some are given. */
  async restart(changes: Environment = {}): Promise<void> {
    await this.running.close();
    this.environment = { ...this.environment, ...changes };
    this.running = await startStandalone(readConfiguration(this.environment));
  }

  /** Ends the service; what it left behind can be looked at until `discard`. */
  async close(): Promise<void> {
    await this.running.close();
  }

  async stop(): Promise<void> {
    await this.running.close();
    this.discard();
  }

  discard(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** A whole environment on free ports; only faults of the service are logged. */
export async function environmentFor(dataDir: string, environment: Environment): Promise<Environment> {
  const [port, sandboxPort] = (await freePorts(2)).map(String) as [string, string];
  return {
    PORT: port,
    SANDBOX_PORT: sandboxPort,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'error',
    ...environment,
  };
}
