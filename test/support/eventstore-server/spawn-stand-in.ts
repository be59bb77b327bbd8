import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCES = dirname(fileURLToPath(import.meta.url));
const REPOSITORY = join(SOURCES, '..', '..', '..');

/** The stand-in in a process of its own, so that it can be killed. */
export interface SpawnedStandIn {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
}

/** The program where it is built already, as it is for benchmarks, which run from there. */
export const builtStandIn = (): string => join(SOURCES, 'main.js');

/**
 * Compiles the program from its sources as they are, without looking at types or at the rest of the repository.
 * Answers the file to run. The folder is one that git ignores, below the repository so that packages are found.
 */
export async function compileStandIn(): Promise<string> {
  const { transformFileSync } = await import('@swc/core');
  const target = join(REPOSITORY, '.cache', 'eventstore-server');
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const { code } = transformFileSync(join(SOURCES, file), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'es6' },
      swcrc: false,
    });
    const compiled = join(target, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(compiled), { recursive: true });
    // In one step, since suites that run side by side compile into the same folder and start from it.
    writeFileSync(`${compiled}.${process.pid}`, code);
    renameSync(`${compiled}.${process.pid}`, compiled);
  }
  return join(target, 'main.js');
}

/** Starts the program; resolves when it is ready. Rejects when it ends before that. */
export async function spawnStandIn(
  program: string,
  options: { readonly port: number; readonly dir: string; readonly controlPort?: number },
): Promise<SpawnedStandIn> {
  const args = [relative(REPOSITORY, program), '--port', String(options.port), '--dir', options.dir];
  if (options.controlPort !== undefined) args.push('--control-port', String(options.controlPort));
  const child = spawn(process.execPath, args, { cwd: REPOSITORY, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  while (!output.includes('\n')) {
    await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    if (child.exitCode !== null) throw new Error('The stand-in ended before it was ready.');
  }
  const url = /esdb:\/\/127\.0\.0\.1:(\d+)\?tls=false/.exec(output);
  if (url === null) throw new Error(`The stand-in said: ${output}`);
  return { url: url[0], port: Number(url[1]), process: child };
}
