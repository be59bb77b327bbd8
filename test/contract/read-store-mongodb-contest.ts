import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReadModelCopy, ReadModelShape, ReadStore } from '#kernel';

const ROOT = join(import.meta.dirname, '..', '..');
const RUN_TYPESCRIPT = join(ROOT, 'libs', 'event-store-sqlite', 'run-typescript.mjs');
const CHILD = join(ROOT, 'test', 'contract', 'read-store-mongodb-child.ts');

/** So short that whoever waits takes the lease from an owner who is still writing. */
const CONTESTED_LEASE_MS = 30;

/** One copy and one lease that several owners want. */
export const CONTESTED = 'contested';
export const CONTESTED_SHAPE: ReadModelShape = { name: 'contested', version: 1, fields: {}, indexes: {}, terms: [] };
export const CONTESTED_COPY: ReadModelCopy = { name: 'contested', version: 1, generation: 0, partition: 0 };

/**
 * Takes the lease if it is free, and saves from the checkpoint on until the lease is lost: one row for each position, which
 * names the fence it was written under. Answers how many saves succeeded.
 */
export async function takeAndWrite(store: ReadStore, owner: string, isOver: () => boolean): Promise<number> {
  const lease = await store.acquireLease(CONTESTED, owner, CONTESTED_LEASE_MS);
  if (lease === null) {
    await sleep(5);
    return 0;
  }
  const { fence } = lease;
  const from = Number((await store.checkpoint(CONTESTED_COPY))?.position ?? 0);
  for (let saved = 0; ; saved += 1) {
    if (isOver()) return saved;
    const position = from + saved + 1;
    const key = `${String(position).padStart(8, '0')} under ${fence}`;
    const outcome = await store.save(CONTESTED_COPY, lease, {
      puts: [{ key, body: { position, fence, owner }, fields: {}, terms: {}, counters: [], dueAt: null }],
      deletes: [],
      counts: new Map([['saves', 1]]),
      checkpoint: { position: String(position), anchor: null },
    });
    if (outcome === 'fenced') return saved;
  }
}

/** The child program in a process of its own, and the lines that it has written. */
export class OwnerProcess {
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  #tell: () => void = () => undefined;

  constructor(url: string, database: string, task: 'linger' | 'contest', owner: string) {
    const program = ['--import', RUN_TYPESCRIPT, CHILD, url, database, task, owner];
    const child = spawn(process.execPath, program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      this.#tell();
    });
  }

  /** Waits for a line. */
  async line(expected: string): Promise<void> {
    while (!this.lines.includes(expected)) {
      if (this.#child.exitCode !== null) throw new Error(`The process ended without saying: ${expected}`);
      await Promise.race([new Promise<void>((resolve) => (this.#tell = resolve)), once(this.#child, 'exit')]);
    }
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void {
    this.#child.kill(signal);
  }

  /** Tells it to come to its end, and waits for that. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }

  get saved(): number {
    return this.lines.reduce((sum, line) => sum + Number(/^saved (\d+)$/.exec(line)?.[1] ?? 0), 0);
  }
}
