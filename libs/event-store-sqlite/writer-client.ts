import { Worker } from 'node:worker_threads';
import type { Answer, Question } from './writer-messages.js';

/** Built, the thread's body is JavaScript; run from the sources, as under Jest, its thread must first learn TypeScript. */
const FROM_SOURCES = import.meta.url.endsWith('.ts');

function startThread(): Worker {
  if (!FROM_SOURCES) return new Worker(new URL('./writer-thread.js', import.meta.url));
  const execArgv = ['--import', new URL('./run-typescript.mjs', import.meta.url).href];
  return new Worker(new URL('./writer-thread.ts', import.meta.url), { execArgv });
}

/** The calling thread's end of the line to the writer. */
export class WriterClient {
  private readonly thread = startThread();
  /** Who waits for an answer, in the order of the questions: the answers come in the same order. */
  private readonly waiting: ((answer: Answer) => void)[] = [];
  private readonly ended: Promise<void>;
  private lost: Answer | null = null;

  /** `onLost` is called once, with a sentence, when the thread ends without having been told to. */
  constructor(private readonly onLost: (reason: string) => void) {
    this.thread.on('message', (answer: Answer) => this.waiting.shift()?.(answer));
    this.thread.on('error', (error: unknown) => this.lose(error instanceof Error ? error.message : String(error)));
    this.ended = new Promise((resolve) => {
      this.thread.on('exit', () => {
        this.lose('the writer has ended');
        resolve();
      });
    });
  }

  /** Never rejects: a writer that is gone answers that it failed. */
  ask(question: Question): Promise<Answer> {
    if (this.lost !== null) return Promise.resolve(this.lost);
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.thread.postMessage(question);
    });
  }

  /** Closes the database, once every question before has been answered, and waits for the thread's end. */
  async close(limitMs: number): Promise<void> {
    const closed = this.ask({ kind: 'close' }).then(() => this.ended);
    // A disk that hangs must not keep the process from ending: what was not acknowledged is not promised.
    const timer = setTimeout(() => void this.thread.terminate(), limitMs);
    await closed;
    clearTimeout(timer);
  }

  private lose(reason: string): void {
    if (this.lost !== null) return;
    this.lost = { ok: false, reason, fatal: true };
    for (const answer of this.waiting.splice(0)) answer(this.lost);
    this.onLost(reason);
  }
}
