import type { RunnerLog } from '#kernel';

/** Where the store tells what happened to it; it needs no more than warnings. */
export type EventStoreDbLog = RunnerLog;

/** How long things may take and how much may wait; the defaults fit a service. */
export interface EventStoreDbLimits {
  /** Appends that wait for their answer, in all; more are refused. */
  readonly appends: number;
  readonly appendBytes: number;
  /** How long one try of an append waits before it is made again with the same ids at the same expectation. */
  readonly tryMs: number;
  /** How long all tries take before the caller is told that the outcome is unknown. */
  readonly appendMs: number;
  /** How long one question to the log takes, all tries together. */
  readonly readMs: number;
  /** What one subscription holds for its consumer; the rest waits at the server. */
  readonly queueEvents: number;
  readonly queueBytes: number;
  /** So long without any answer, although there were questions, and the client is replaced. */
  readonly silenceMs: number;
  /** So long a subscription looks for its position in the log before it says that this is another log. */
  readonly lostPositionMs: number;
}

export const EVENT_STORE_LIMITS: EventStoreDbLimits = {
  appends: 4_096,
  appendBytes: 32 * 1024 * 1024,
  tryMs: 2_500,
  appendMs: 7_500,
  readMs: 5_000,
  queueEvents: 4_096,
  queueBytes: 16 * 1024 * 1024,
  silenceMs: 5_000,
  lostPositionMs: 10_000,
};
