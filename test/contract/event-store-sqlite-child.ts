import { writeSync } from 'node:fs';
import { SqliteEventStore } from '#event-store-sqlite';
import { newEvents, newStream } from './event-store-case.js';

/*
 * A process of its own for the tests of what a process meets: `<data directory> hold` opens the store and keeps it,
 * `<data directory> write` appends until it is killed or refused. It writes a line for each thing that happened, at once.
 */

const WRITERS = 32;

const PIPE_FULL_WAIT_MS = 5;
const never = new Int32Array(new SharedArrayBuffer(4));

/** Written before anything else happens, also while the parent is too busy to read: a full pipe is waited for. */
function say(...words: readonly string[]): void {
  for (;;) {
    try {
      writeSync(1, `${words.join(' ')}\n`);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(never, 0, 0, PIPE_FULL_WAIT_MS);
    }
  }
}

async function write(store: SqliteEventStore): Promise<void> {
  const stream = newStream();
  for (let revision = -1; ;) {
    const events = newEvents(revision % 3 === 0 ? 3 : 1);
    const result = await store.append(stream, revision < 0 ? 'no-stream' : revision, events);
    if (result.outcome !== 'appended') throw new Error('Nobody else writes to this stream.');
    for (const { id } of events) say('acknowledged', id);
    revision = result.revision;
  }
}

async function main(dataDir: string, task: string): Promise<void> {
  const store = await SqliteEventStore.open({ dataDir, onFailure: () => say('failed') });
  say('open');
  if (task === 'hold') return;
  const outcomes = await Promise.allSettled(Array.from({ length: WRITERS }, () => write(store)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') say('refused', nameOf(outcome.reason));
  await store.append(newStream(), 'no-stream', newEvents(1)).then(
    () => say('accepted afterwards'),
    (error: unknown) => say('refused afterwards', nameOf(error)),
  );
  await store.close();
  say('closed');
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

const [dataDir = '', task = ''] = process.argv.slice(2);
try {
  await main(dataDir, task);
} catch (error) {
  say('not opened', error instanceof Error ? error.message : String(error));
}
