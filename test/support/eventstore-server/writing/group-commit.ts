interface Waiting {
  /** Decides and writes; answers how to settle the caller once everything written is durable. */
  readonly run: () => () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs changes of the log one after the other, in the order in which they came, and lets those that come while the disk
 * is busy share the next flush. A caller hears its outcome only after the flush, whatever the outcome is, because a
 * refusal may rest on what another one in the same batch has written.
 */
export class GroupCommit {
  private waiting: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly commit: () => Promise<void>) {}

  submit<T>(change: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const run = () => {
        const outcome = change();
        return () => resolve(outcome);
      };
      this.waiting.push({ run, reject });
      this.running ??= this.work();
    });
  }

  /** Resolves when nothing is waiting or being written. */
  async idle(): Promise<void> {
    while (this.running !== undefined) await this.running;
  }

  private async work(): Promise<void> {
    // What arrives in the same turn of the event loop belongs to the first batch.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const settle = batch.map(({ run, reject }) => {
        try {
          return run();
        } catch (error) {
          return () => reject(error);
        }
      });
      await this.commit();
      for (const answer of settle) answer();
    }
    this.running = undefined;
  }
}
