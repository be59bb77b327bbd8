import { startSandbox } from './start-sandbox.js';

const DEFAULT_PORT = '3001';
const HIGHEST_PORT = 65_535;

/** Runs the sandbox on its own from its environment, until SIGTERM or SIGINT. A start that is refused says why in a sentence. */
export async function runSandbox(environment: NodeJS.ProcessEnv): Promise<void> {
  try {
    const sandbox = await startSandbox({
      port: readPort(environment['SANDBOX_PORT'] || DEFAULT_PORT),
      host: environment['HOST'] || '127.0.0.1',
      dataDir: environment['DATA_DIR'] || './data',
      servesProcesses: true,
      ...(environment['SANDBOX_PUBLIC_URL'] && { publicUrl: new URL(environment['SANDBOX_PUBLIC_URL']).origin }),
    });
    process.stdout.write(`The sandbox listens on ${sandbox.url}\n`);
    const end = (): void => void sandbox.close().then(() => process.exit(0));
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, end);
  } catch (error) {
    process.stderr.write(`The sandbox does not start: ${sentenceOf(error)}\n`);
    process.exit(1);
  }
}

function readPort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > HIGHEST_PORT) throw new Error('SANDBOX_PORT must be a port.');
  return port;
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown fault.';
  if ('code' in error && error.code === 'EADDRINUSE')
    return 'its port is in use. Stop the other program, or set SANDBOX_PORT.';
  return error.message;
}
