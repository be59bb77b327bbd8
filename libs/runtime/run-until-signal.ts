import { ConfigurationRefused, readConfiguration, type Configuration } from './configuration.js';
import type { Role } from './roles.js';

export interface Running {
  /** What the person at the terminal is told. */
  readonly lines: readonly string[];
  close(): Promise<void>;
}

/**
 * Runs a program from its environment until SIGTERM or SIGINT, then drains it. A start that is refused says why, one sentence
 * for each fault, and ends with status 1.
 */
export async function runUntilSignal(
  name: string,
  roles: readonly Role[],
  start: (configuration: Configuration) => Promise<Running>,
): Promise<void> {
  try {
    const running = await start(readConfiguration(process.env, roles));
    for (const line of running.lines) process.stdout.write(`${line}\n`);
    const end = (): void => {
      process.stdout.write(`${name} ends: what is under way is finished first.\n`);
      running.close().then(
        () => process.exit(0),
        () => process.exit(1),
      );
    };
    process.once('SIGTERM', end);
    process.once('SIGINT', end);
  } catch (error) {
    for (const line of sentencesOf(error)) process.stderr.write(`${name} does not start: ${line}\n`);
    process.exit(1);
  }
}

function sentencesOf(error: unknown): readonly string[] {
  if (error instanceof ConfigurationRefused) return error.faults;
  if (!(error instanceof Error)) return ['an unknown fault.'];
  if ('code' in error && error.code === 'EADDRINUSE')
    return ['its port is in use. Stop the other program, or set PORT and SANDBOX_PORT.'];
  return [error.message];
}
