import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientSession, MongoError, type TransactionOptions } from 'mongodb';

/** What the service was told is stored outlives the loss of a member; what it reads is never taken back. */
export const ACKNOWLEDGED = { w: 'majority', j: true } as const;
const TRANSACTION: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: ACKNOWLEDGED,
  readPreference: 'primary',
};

/** The answer when a session was ended in the midst of an operation. The server gives it no label. */
const INTERRUPTED = 11_601;
const FIRST_PAUSE_MS = 4;
const MAX_PAUSE_MS = 100;

/**
 * Tries a transaction until it is committed or the time is over. The driver has such a loop too, which goes on for two minutes
 * and does not know that an owner of a lease may be interrupted by its successor.
 */
export async function repeatTransaction<Result>(
  session: ClientSession,
  work: (session: ClientSession) => Promise<Result>,
  deadline: number,
): Promise<Result> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    session.startTransaction(TRANSACTION);
    try {
      const result = await work(session);
      // What was aborted by `work` is no fault.
      if (session.inTransaction()) await commit(session, deadline);
      return result;
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction();
      if (!mayRepeat(error) || performance.now() > deadline) throw error;
    }
    await sleep(pauseMs * Math.random());
  }
}

/** Asking again answers what became of the first commit: it was done, or there is no such transaction and it never will be. */
async function commit(session: ClientSession, deadline: number): Promise<void> {
  for (;;) {
    try {
      await session.commitTransaction();
      return;
    } catch (error) {
      const isUnknown = hasLabel(error, 'UnknownTransactionCommitResult') || isInterrupted(error);
      if (!isUnknown || performance.now() > deadline) throw error;
    }
  }
}

/** Of the work, or of a commit whose fate is known: nothing of it was done. */
const mayRepeat = (error: unknown): boolean => hasLabel(error, 'TransientTransactionError') || isInterrupted(error);

const isInterrupted = (error: unknown): boolean => error instanceof MongoError && error.code === INTERRUPTED;

const hasLabel = (error: unknown, label: string): boolean => error instanceof MongoError && error.hasErrorLabel(label);
