import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeStream, ChangeStreamUpdateDocument, Collection } from 'mongodb';
import type { ReadModelCopy } from '#kernel';
import type { CopyDocument } from './copy-catalog.js';

const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 5_000;

type Listener = (copy: ReadModelCopy) => void;

const MOVED_CHECKPOINTS = [
  { $match: { operationType: 'update', 'updateDescription.updatedFields.position': { $exists: true } } },
  { $project: { documentKey: 1 } },
];

/**
 * Tells of checkpoints that move, in whatever process: a change stream that is open while somebody listens, and opened again
 * when it breaks. What moves in between is not told.
 */
export class CheckpointStream {
  readonly #listeners = new Set<Listener>();
  #stopping: AbortController | null = null;

  constructor(private readonly copies: Collection<CopyDocument>) {}

  listen(listener: Listener): () => void {
    const entry: Listener = (copy) => listener(copy);
    this.#listeners.add(entry);
    if (this.#stopping === null) {
      this.#stopping = new AbortController();
      void this.#run(this.#stopping.signal);
    }
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.close();
    };
  }

  /** Not in the caller's own stack, so that a listener's fault is not taken for that of a save. */
  tell(copy: ReadModelCopy): void {
    for (const listener of this.#listeners) queueMicrotask(() => listener(copy));
  }

  close(): void {
    this.#listeners.clear();
    this.#stopping?.abort();
    this.#stopping = null;
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      const stream = this.copies.watch<CopyDocument, ChangeStreamUpdateDocument<CopyDocument>>(MOVED_CHECKPOINTS);
      const close = (): void => void stream.close().catch(() => undefined);
      signal.addEventListener('abort', close, { once: true });
      try {
        await this.#follow(stream, () => (pauseMs = FIRST_PAUSE_MS));
      } catch {
        // Whatever ended it, it is opened again: listeners are owed no more than hints.
        await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    }
  }

  async #follow(
    stream: ChangeStream<CopyDocument, ChangeStreamUpdateDocument<CopyDocument>>,
    onChange: () => void,
  ): Promise<void> {
    for await (const { documentKey } of stream) {
      onChange();
      this.tell(documentKey._id);
    }
  }
}
