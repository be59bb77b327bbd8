import { parentPort } from 'node:worker_threads';
import { EventWriter } from './event-writer.js';
import type { Answer, Question } from './writer-messages.js';

/*
 * The body of the writer's thread: questions come in, each gets one answer, in order.
 * What is thrown after an answer (a checkpoint on a failing disk) ends the thread, which the calling thread notices.
 */

let writer: EventWriter | null = null;
/** The first failure after which nothing is written any more, although batches may already be waiting at the door. */
let failure: Answer | null = null;

parentPort?.on('message', (question: Question) => {
  parentPort?.postMessage(answer(question));
  if (question.kind === 'close') parentPort?.close();
  else if (failure === null) writer?.tidy();
});

function answer(question: Question): Answer {
  if (failure !== null && question.kind !== 'close') return failure;
  try {
    return { ok: true, values: values(question) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code';
    const message = error instanceof Error ? error.message : String(error);
    const refused: Answer = { ok: false, reason: `${message} (${code})`, fatal: !isPassing(code) };
    if (refused.fatal) failure = refused;
    return refused;
  }
}

function values(question: Question): readonly number[] {
  if (question.kind === 'open') {
    writer = EventWriter.open(question.file);
    return [writer.lastPosition];
  }
  if (writer === null) throw new Error('The database is not open.');
  if (question.kind === 'write') return writer.write(question.batch);
  if (question.kind === 'erase-sealed') {
    const { events, truncated } = writer.eraseSealed(question.key);
    return [events, Number(truncated)];
  }
  writer.close();
  writer = null;
  return [];
}

/**
 * A full disk refuses the transaction cleanly, and so does a lock: the next batch may succeed. After an I/O error
 * (a failed fsync above all) nobody knows what a later fsync would promise, so nothing more is written.
 */
function isPassing(code: string): boolean {
  return code.startsWith('SQLITE_FULL') || code.startsWith('SQLITE_BUSY');
}
