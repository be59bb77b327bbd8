import { once, setMaxListeners } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Faults } from './faults.js';
import { grpc } from './grpc/protocol.js';
import type { ServerContext } from './grpc/server-context.js';
import { createGrpcServer, type GrpcServer } from './grpc/services.js';
import { EventLog } from './storage/event-log.js';
import { Subscriptions } from './subscriptions/subscriptions.js';
import { LogWriter } from './writing/log-writer.js';

const HOST = '127.0.0.1';
/** What a real server takes for one append by default. */
const MAXIMUM_APPEND_BYTES = 1024 * 1024;
/** About a second's work of busy writers: a real server was seen to throw a consumer out after that. */
const LIVE_BUFFER_EVENTS = 2_500;

export interface EventStoreServerOptions {
  /** On the loopback interface; 0 takes a free one. */
  readonly port: number;
  /** Folder of the log; created when it is missing. */
  readonly dir: string;
  /** "Server Is Not Ready" for so many milliseconds after the start and after each restart. */
  readonly notReadyMs?: number;
  readonly maximumAppendBytes?: number;
  /** A live subscription that takes nothing is thrown out once it is so many events behind. */
  readonly liveBufferEvents?: number;
}

/** A running stand-in. */
export interface EventStoreServer {
  /** Connection string for the client. */
  readonly url: string;
  readonly port: number;
  readonly faults: Faults;
  /** How many connections and subscriptions there are, and how many records can be read. */
  status(): { readonly connections: number; readonly subscriptions: number; readonly records: number };
  /** Breaks every connection, closes the log, waits `downMs`, opens the log again and listens on the same port. */
  restart(downMs?: number): Promise<void>;
  /** Finishes what is being written, breaks every connection and closes the log. */
  close(): Promise<void>;
}

/** One run of the server, from a start to the next stop. */
interface Run {
  readonly context: ServerContext;
  readonly grpcServer: GrpcServer;
  readonly listener: Server;
  readonly sockets: Set<Socket>;
  readonly stop: AbortController;
}

/** Starts the stand-in. Resolves when it can be called. */
export async function startEventStoreServer(options: EventStoreServerOptions): Promise<EventStoreServer> {
  let run: Run | undefined;
  const faults = new Faults({
    dropConnections: () => dropAll(run?.sockets ?? []),
    closeSubscriptions: (how) => run?.context.subscriptions.closeAll(how) ?? 0,
  });
  const start = async (port: number) => {
    run = await startRun(options, port, faults);
    if (options.notReadyMs !== undefined) faults.notReady(options.notReadyMs);
    return run;
  };
  const stop = async () => {
    const stopping = run;
    run = undefined;
    if (stopping !== undefined) await stopRun(stopping);
  };
  const { port } = (await start(options.port)).context.self;
  return {
    url: `esdb://${HOST}:${port}?tls=false`,
    port,
    faults,
    status: () => ({
      connections: run?.sockets.size ?? 0,
      subscriptions: run?.context.subscriptions.count ?? 0,
      records: run?.context.log.index.committed ?? 0,
    }),
    restart: async (downMs = 0) => {
      await stop();
      await delay(downMs);
      await start(port);
    },
    close: stop,
  };
}

async function startRun(options: EventStoreServerOptions, port: number, faults: Faults): Promise<Run> {
  // The port first: whoever holds it may be writing the same log.
  const listener = createServer({ noDelay: true });
  const tooEarly = (socket: Socket): void => void socket.resetAndDestroy();
  listener.on('connection', tooEarly);
  listener.listen(port, HOST);
  await once(listener, 'listening');
  try {
    const stop = new AbortController();
    const context = await openStore(options, (listener.address() as AddressInfo).port, faults, stop.signal);
    const grpcServer = createGrpcServer(context);
    listener.off('connection', tooEarly);
    return { context, grpcServer, listener, sockets: accept(listener, grpcServer), stop };
  } catch (error) {
    listener.close();
    throw error;
  }
}

async function openStore(
  options: EventStoreServerOptions,
  port: number,
  faults: Faults,
  stopping: AbortSignal,
): Promise<ServerContext> {
  // Each open call listens for the stop: there is no number of them that would mean a leak.
  setMaxListeners(0, stopping);
  const log = EventLog.open(options.dir);
  const subscriptions = new Subscriptions(faults, options.liveBufferEvents ?? LIVE_BUFFER_EVENTS);
  const writer = new LogWriter(log, () => subscriptions.committed());
  await writer.beginEpoch();
  const maximumAppendBytes = options.maximumAppendBytes ?? MAXIMUM_APPEND_BYTES;
  return { log, writer, subscriptions, faults, self: { host: HOST, port }, stopping, maximumAppendBytes };
}

/** Hands connections to the gRPC server and keeps hold of them: it could close them only one by one and politely. */
function accept(listener: Server, grpcServer: GrpcServer): Set<Socket> {
  const injector = grpcServer.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const sockets = new Set<Socket>();
  listener.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined); // A client that breaks its connection is no error here.
    socket.once('close', () => sockets.delete(socket));
    injector.injectConnection(socket);
  });
  return sockets;
}

async function stopRun({ context, grpcServer, listener, sockets, stop }: Run): Promise<void> {
  const closed = once(listener, 'close');
  listener.close();
  stop.abort();
  dropAll(sockets);
  grpcServer.forceShutdown();
  await context.writer.idle();
  context.log.close();
  await closed;
}

/** Breaks connections as the end of a process does: the other side reads a reset. */
function dropAll(sockets: Iterable<Socket>): number {
  const all = [...sockets];
  for (const socket of all) socket.resetAndDestroy();
  return all.length;
}
