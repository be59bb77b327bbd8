import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { RecordedEvent } from '#kernel';
import type { SqliteEventStore } from '#event-store-sqlite';

const ROOT = join(import.meta.dirname, '..', '..');
const RUN_TYPESCRIPT = join(ROOT, 'libs', 'event-store-sqlite', 'run-typescript.mjs');
const CHILD = join(ROOT, 'test', 'contract', 'event-store-sqlite-child.ts');

/** The child program in a process of its own, and the lines that it has written. */
export class StoreProcess {
  readonly lines: string[] = [];
  private readonly ended: Promise<unknown>;
  private watchers: (() => void)[] = [];

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'close');
    if (child.stdout === null) throw new Error('The child has no output.');
    createInterface({ input: child.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const watch of this.watchers.splice(0)) watch();
    });
  }

  /** `fileLimitBlocks`: the size in KiB at which the operating system refuses to let a file of this process grow. */
  static start(dataDir: string, task: 'hold' | 'write', fileLimitBlocks?: number): StoreProcess {
    const limit = fileLimitBlocks === undefined ? '' : `ulimit -f ${fileLimitBlocks};`;
    const node = [process.execPath, '--no-warnings', '--conditions=source', '--import', RUN_TYPESCRIPT];
    const command = `${limit} exec "$@"`;
    const child = spawn('bash', ['-c', command, 'bash', ...node, CHILD, dataDir, task], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new StoreProcess(child);
  }

  /** Waits for a line that begins so, or for the end. */
  async line(start: string): Promise<string> {
    for (;;) {
      const line = this.lines.find((candidate) => candidate.startsWith(start));
      if (line !== undefined) return line;
      const more = new Promise<'more'>((resolve) => this.watchers.push(() => resolve('more')));
      const next = await Promise.race([more, this.ended]);
      if (next !== 'more') return '(ended)';
    }
  }

  /** Kills it as a crash would, and waits for its end and its last line. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  async end(): Promise<void> {
    await this.ended;
  }

  get acknowledged(): string[] {
    return this.lines.filter((line) => line.startsWith('acknowledged ')).map((line) => line.split(' ')[1] ?? '');
  }
}

/** Reads the whole log of a store. */
export async function readLog(store: SqliteEventStore): Promise<RecordedEvent[]> {
  const { events } = await store.readAll(null, Number.MAX_SAFE_INTEGER);
  return [...events];
}

/** What is wrong with a log: positions and revisions without gaps, ids once each. */
export function faults(events: readonly RecordedEvent[]): string[] {
  const found: string[] = [];
  const revisions = new Map<string, number>();
  const ids = new Set<string>();
  events.forEach((event, index) => {
    const revision = (revisions.get(event.stream) ?? -1) + 1;
    if (event.position !== String(index + 1)) found.push(`position ${event.position} stands at place ${index + 1}`);
    if (event.revision !== revision) found.push(`revision ${event.revision} of a stream stands at place ${revision}`);
    if (ids.has(event.id)) found.push(`id ${event.id} stands twice`);
    revisions.set(event.stream, event.revision);
    ids.add(event.id);
  });
  return found;
}

/** The files of a folder that hold a text. Another process looks: closing SQLite's files in this one would drop its locks. */
export function filesWith(folder: string, text: string): string[] {
  const { stdout } = spawnSync('grep', ['--recursive', '--files-with-matches', '--fixed-strings', text, folder]);
  return stdout.toString().split('\n').filter(Boolean);
}

/** Copies files of a folder as they stand, by another process for the same reason. */
export function copyFiles(names: readonly string[], from: string, to: string): void {
  const { status } = spawnSync('cp', [...names.map((name) => join(from, name)), to]);
  if (status !== 0) throw new Error('The files could not be copied.');
}
