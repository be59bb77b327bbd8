import { MongoBulkWriteError, MongoError, MongoNetworkError, MongoServerSelectionError } from 'mongodb';
import { StoreUnavailable } from '#kernel';

const DUPLICATE_KEY = 11_000;

/** Codes of answers by a server that is there and cannot serve now, and which no label marks as such. */
const PASSING_CODES: ReadonlySet<number> = new Set([
  13, // Unauthorized: rights can be given while the service runs.
  18, // AuthenticationFailed
  50, // MaxTimeMSExpired
  64, // WriteConcernFailed
  91, // ShutdownInProgress
  112, // WriteConflict
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  237, // CursorKilled
  251, // NoSuchTransaction
  262, // ExceededTimeLimit
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13435, // NotPrimaryNoSecondaryOk
]);
const PASSING_NAMES: ReadonlySet<string> = new Set([
  'MongoPoolClearedError',
  'MongoPoolClearedOnNetworkError',
  'MongoWaitQueueTimeoutError',
  'MongoServerClosedError',
]);
const PASSING_LABELS = ['RetryableWriteError', 'TransientTransactionError', 'UnknownTransactionCommitResult'];

export function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoError && error.code === DUPLICATE_KEY;
}

/** A failure as callers of the ports know failures. Texts of the driver stay behind: they quote keys and values. */
export function translate(error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  const cause = causeOf(error);
  if (isOutage(cause)) return new StoreUnavailable(`MongoDB does not serve at the moment (${kindOf(cause)}).`);
  return new Error(`MongoDB refuses what it was asked (${kindOf(cause)}).`);
}

/** A bulk puts what is no answer of the server's, such as a connection that broke, into an error of its own, which has neither kind nor code of it. */
function causeOf(error: MongoError): MongoError {
  const wrapped: unknown = error instanceof MongoBulkWriteError ? error.errorResponse : null;
  return wrapped instanceof MongoError ? wrapped : error;
}

function isOutage(error: MongoError): boolean {
  if (error instanceof MongoNetworkError || error instanceof MongoServerSelectionError) return true;
  if (PASSING_NAMES.has(error.name) || PASSING_LABELS.some((label) => error.hasErrorLabel(label))) return true;
  return typeof error.code === 'number' && PASSING_CODES.has(error.code);
}

function kindOf(error: MongoError): string {
  return error.code === undefined ? error.name : `${error.name}, code ${error.code}`;
}
