import type { Writable } from 'node:stream';
import type { CallRefusal } from './refusals.js';

/** The sending side of a call: waits while the client takes nothing, and falls silent once the call is over. */
export class CallWriter<Response> {
  private over = false;
  private waiting: (() => void) | undefined;
  private whenClosed: () => void = () => undefined;

  constructor(
    private readonly call: Writable,
    stopping: AbortSignal,
  ) {
    const end = (): void => {
      stopping.removeEventListener('abort', end);
      this.close();
    };
    stopping.addEventListener('abort', end);
    for (const event of ['cancelled', 'close', 'error']) call.on(event, end);
    call.on('drain', () => this.release());
  }

  /** Calls once when the call is over, from whichever side. */
  onClosed(listener: () => void): void {
    this.whenClosed = listener;
  }

  /** The client is gone, the server stops, or the call was ended. */
  get closed(): boolean {
    return this.over;
  }

  /** A message waits because the client takes none. */
  get blocked(): boolean {
    return this.waiting !== undefined;
  }

  /** Sends a message. To be awaited before the next: it is a promise while the client takes nothing. */
  write(message: Response): Promise<void> | undefined {
    if (this.over || this.call.write(message)) return undefined;
    return new Promise((resolve) => {
      this.waiting = resolve;
    });
  }

  /** Ends the call regularly, behind everything that was sent. */
  end(): void {
    if (this.over) return;
    this.close();
    this.call.end();
  }

  /** Ends the call with an error. */
  fail(refusal: CallRefusal): void {
    if (this.over) return;
    this.close();
    this.call.emit('error', refusal);
  }

  private close(): void {
    if (this.over) return;
    this.over = true;
    this.release();
    this.whenClosed();
  }

  private release(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.();
  }
}
