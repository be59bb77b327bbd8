import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const DIST = join(import.meta.dirname, '../../../dist');
const START_LIMIT_MS = 60_000;
const END_LIMIT_MS = 15_000;

export interface ProgramOptions {
  /** As it stands below `dist`, without the ending: `apps/standalone/main`. */
  readonly program: string;
  readonly args?: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it writes once it can be used. */
  readonly ready: string;
}

/** A built program as a process of its own, which can be killed, frozen, and started again. */
export class SpawnedProgram {
  #output = '';
  #process: ChildProcess | null = null;
  #isUp = false;

  constructor(private readonly options: ProgramOptions) {}

  /** Everything that it has written to standard output and standard error, over all its starts. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  /** Whether it has said that it can be used, and has not ended since. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Resolves when it can be used. Rejects, with what it has written, when it ends before or takes too long. */
  async start(): Promise<void> {
    const { program, args = [], environment, ready } = this.options;
    const file = join(DIST, `${program}.js`);
    if (!existsSync(file)) throw new Error(`${file} is missing: run "npm run build" first.`);
    const { PATH = '' } = process.env;
    const child = spawn(process.execPath, [file, ...args], { env: { PATH, ...environment } });
    this.#process = child;
    let heard = '';
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`It does not start:\n${this.#output}`)), START_LIMIT_MS);
      const hear = (chunk: Buffer): void => {
        this.#output += chunk.toString();
        // One that has been told to end goes on writing, and says nothing of the next start.
        if (this.#isUp || this.#process !== child) return;
        heard += chunk.toString();
        if (!heard.includes(ready)) return;
        this.#isUp = true;
        clearTimeout(late);
        resolve();
      };
      child.stdout.on('data', hear);
      child.stderr.on('data', hear);
      child.once('exit', (code) => {
        clearTimeout(late);
        if (this.#process === child) this.#isUp = false;
        reject(new Error(`It ended with ${String(code)}:\n${this.#output}`));
      });
    });
  }

  /** Sends the signal and waits for the end. Answers the exit code; null for a process that was killed or is not there. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#process;
    this.#process = null;
    this.#isUp = false;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit', { signal: AbortSignal.timeout(END_LIMIT_MS) });
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** The process stands still, and its connections stay open. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }
}
