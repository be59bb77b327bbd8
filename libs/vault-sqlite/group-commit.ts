import { StoreUnavailable } from '#kernel';
import { asUnavailable, type SqliteFile } from '#read-store-sqlite';

/** More waiting writes than this are refused, so that a disk that does not answer cannot fill the memory. */
const MAX_WAITING_WRITES = 10_000;

interface WaitingWrite {
  /** Does the work, and answers how to tell its outcome once that is durable. */
  readonly work: () => () => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Gathers the writes of one turn of the event loop into one transaction, since the disk's part of a commit costs far more
 * than a write. Each write succeeds or fails on its own; none is told before all are durable.
 */
export class GroupCommit {
  #waiting: WaitingWrite[] = [];
  #idle: (() => void)[] = [];

  constructor(private readonly file: SqliteFile) {}

  /** Runs `work` in its turn, durable when this resolves. @throws StoreUnavailable when the file or the queue does not take it. */
  run<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING_WRITES) {
        reject(new StoreUnavailable('Too many writes wait for the database file.'));
        return;
      }
      this.#waiting.push({
        work: () => {
          const result = work();
          return () => resolve(result);
        },
        fail: reject,
      });
      if (this.#waiting.length === 1) setImmediate(() => void this.#commit());
    });
  }

  /** Resolves once nothing waits. */
  async settled(): Promise<void> {
    if (this.#waiting.length > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #commit(): Promise<void> {
    const writes = this.#waiting;
    this.#waiting = [];
    const { database } = this.file;
    try {
      const outcomes = await this.file.write(() =>
        writes.map(({ work, fail }) => {
          try {
            return database.transaction(work)();
          } catch (error) {
            // A full or failing disk ends the whole transaction, not only this write's part of it.
            if (!database.inTransaction) throw error;
            return () => fail(asUnavailable(error));
          }
        }),
      );
      for (const tell of outcomes) tell();
    } catch (error) {
      for (const { fail } of writes) fail(error);
    }
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}
