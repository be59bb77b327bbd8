/*
 * What the client throws outside of any call ends the process unless somebody says that it need not. Its known ways to do
 * so are closed in `guarded-client`; for the others there is this net under the whole process while a store is open.
 */

const CLIENT = /[\\/]@eventstore[\\/]db-client[\\/]/;
const CLIENT_OR_GRPC = /[\\/]@eventstore[\\/]db-client[\\/]|[\\/]@grpc[\\/]grpc-js[\\/]/;

const watchers = new Set<() => void>();

/** Whether an error that nobody caught arose in the EventStoreDB client, and so says nothing about this program. */
export function isClientFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:'));
  return CLIENT_OR_GRPC.test(frames[0] ?? '') && frames.some((frame) => CLIENT.test(frame));
}

/**
 * Calls when the client has thrown outside of any call, in place of the end of the process, until the answer is called.
 * Every other uncaught exception keeps its effect. A program that listens for 'uncaughtException' itself asks
 * `isClientFailure` first.
 */
export function watchUncaughtFailures(onFailure: () => void): () => void {
  if (watchers.size === 0) process.on('uncaughtException', listen);
  watchers.add(onFailure);
  return () => {
    if (watchers.delete(onFailure) && watchers.size === 0) process.off('uncaughtException', listen);
  };
}

function listen(error: unknown): void {
  if (isClientFailure(error)) for (const onFailure of watchers) onFailure();
  // Thrown out of this listener it ends the process, as it would without one.
  else if (process.listenerCount('uncaughtException') === 1) throw error;
}
