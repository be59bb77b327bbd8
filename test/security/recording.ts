/** One exchange that a client saw: what it asked for, and all that it was told. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly headers: string;
  readonly body: string;
}

/** Writes down every answer of a service, whoever asks, for as long as it is on. */
export class Recording {
  readonly exchanges: Exchange[] = [];
  readonly #fetch = globalThis.fetch;

  constructor(private readonly origin: string) {
    globalThis.fetch = async (input, init) => {
      const response = await this.#fetch(input, init);
      const url = new URL(input instanceof Request ? input.url : input);
      if (url.origin === this.origin) {
        this.exchanges.push({
          method: init?.method ?? 'GET',
          path: url.pathname,
          status: response.status,
          headers: [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n'),
          body: await response.clone().text(),
        });
      }
      return response;
    };
  }

  end(): void {
    globalThis.fetch = this.#fetch;
  }
}
