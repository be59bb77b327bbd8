import type { Duplex } from 'node:stream';
import { EventStoreDBClient } from '@eventstore/db-client';

/** The client's name for the one long call over which it sends all appends. */
const APPENDING_CALL = 'appendToStream';

interface Closable {
  close(): void;
}

/** A client, and the end of its connections, which the client itself has no way to close. */
export interface GuardedClient {
  readonly client: EventStoreDBClient;
  readonly closeConnections: () => void;
}

/**
 * Makes a client that does not end the process when a connection breaks under it.
 *
 * Version 6.2.1 throws outside of any call in three situations, each of which would be an uncaught exception: an answer
 * to an append that nobody waits for any more (a second answer, or one after another client's connection broke), appends
 * that wait for a connection to take more when it breaks, and a lost connection while the members of a cluster are being
 * looked for. The places are members that the client shows to its subclasses, so the compiler notices when they change.
 *
 * @throws Error when the string cannot be read; without quoting it, since it may hold a password.
 */
export function createGuardedClient(connectionString: string): GuardedClient {
  let client: EventStoreDBClient;
  try {
    client = EventStoreDBClient.connectionString(connectionString);
  } catch {
    throw new Error(
      'The connection string of the event store cannot be read; special characters in it must be percent-encoded.',
    );
  }
  const closeConnections = ClientInternals.guard(client);
  return { client, closeConnections };
}

class ClientInternals extends EventStoreDBClient {
  static guard(client: EventStoreDBClient): () => void {
    const internals: ClientInternals = client;
    // The client works over one channel at a time and closes those that failed itself.
    let channel: Closable | null = null;
    const createStream = internals.GRPCStreamCreator;
    internals.GRPCStreamCreator = (kind, name, creator, cache) => {
      const create: typeof creator = (connection) => {
        channel = connection.getChannel();
        const stream = creator(connection);
        if (name === APPENDING_CALL) guardAppends(stream as unknown as Duplex);
        return stream;
      };
      return createStream(kind, name, create, cache);
    };
    const handleError = internals.handleError;
    internals.handleError = async (connection, error) => {
      // It fails when the next connection could not be made, which the next call finds out for itself.
      await handleError(connection, error).catch(() => undefined);
    };
    return () => channel?.close();
  }
}

function guardAppends(stream: Duplex): void {
  const handlers = stream.listeners('data');
  stream.removeAllListeners('data');
  stream.on('data', (answer: unknown) => {
    try {
      for (const handler of handlers) (handler as (answer: unknown) => void)(answer);
    } catch {
      // Nobody waits for this answer any more: whoever asked has been told that the outcome is unknown, and asks again.
    }
  });
  // What waits for a connection to take more is bounded by the limits on appends in flight. The client's own queue for it
  // would be rejected where nobody can catch it when the connection breaks.
  const write = stream.write.bind(stream) as (message: unknown) => boolean;
  stream.write = (message: unknown): boolean => {
    write(message);
    return true;
  };
}
