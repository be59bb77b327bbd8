import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../../dist/apps/cli/main.js');

export interface CliEnded {
  /** Null where it was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliRun {
  readonly process: ChildProcess;
  readonly ended: Promise<CliEnded>;
}

/** Starts the built command line as a process of its own. It sees the environment that is given, and PATH. */
export function startCli(words: readonly string[], environment: Readonly<Record<string, string>> = {}): CliRun {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run "npm run build" first.`);
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { PATH, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(() => ({ status: child.exitCode, stdout, stderr }));
  return { process: child, ended };
}

/** Runs it to its end. */
export function runCli(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<CliEnded> {
  return startCli(words, environment).ended;
}
