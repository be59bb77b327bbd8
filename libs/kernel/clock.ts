/**
 * Domain time. Real time, for leases and time-outs, is not its business.
 * In the sandbox it can be moved forward; it never goes back.
 */
export abstract class Clock {
  abstract now(): Date;
  /** Calls `listener` after the clock was moved by hand (never for the mere passing of time). Returns how to stop. */
  abstract onMoved(listener: () => void): () => void;
}

export class SystemClock extends Clock {
  override now(): Date {
    return new Date();
  }

  override onMoved(): () => void {
    return () => undefined;
  }
}
