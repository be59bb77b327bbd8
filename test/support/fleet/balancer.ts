import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const HOST = '127.0.0.1';

/** One address in front of several processes: each connection goes to the next of them that takes it. */
export class Balancer {
  readonly #open = new Set<Socket>();
  readonly #server: Server;
  #turn = 0;

  private constructor(private readonly backends: readonly number[]) {
    this.#server = createServer((client) => {
      this.#keep(client);
      this.#pass(client, this.backends.length);
    });
  }

  static async start(port: number, backends: readonly number[]): Promise<Balancer> {
    const balancer = new Balancer(backends);
    balancer.#server.listen(port, HOST);
    await once(balancer.#server, 'listening');
    return balancer;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }

  #pass(client: Socket, tries: number): void {
    if (tries === 0) {
      client.resetAndDestroy();
      return;
    }
    this.#turn = (this.#turn + 1) % this.backends.length;
    const backend = connect(this.backends[this.#turn] ?? 0, HOST);
    this.#keep(backend);
    const refused = (): void => this.#pass(client, tries - 1);
    backend.once('error', refused);
    backend.once('connect', () => {
      backend.off('error', refused);
      client.pipe(backend).pipe(client);
      // However one side ends, the other side hears of it: half an answer must not look like a slow one.
      for (const [one, other] of [
        [client, backend],
        [backend, client],
      ] as const)
        one.once('close', () => other.destroy());
    });
  }

  #keep(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.#open.delete(socket));
  }
}
