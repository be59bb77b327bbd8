import type { BrowserContext, ConsoleMessage, Page } from 'playwright-core';

const STEP_LIMIT_MS = 15_000;

/** One person's browser with one page, and everything that its console complained of. */
export class Visit {
  readonly complaints: string[] = [];
  /** Every address that the page asked for, of any kind and of any origin. */
  readonly requestedUrls: string[] = [];

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
    readonly origin: string,
  ) {
    page.setDefaultTimeout(STEP_LIMIT_MS);
    page.on('console', (message) => this.#hear(message));
    page.on('pageerror', (error) => this.complaints.push(`thrown: ${String(error)}`));
    page.on('request', (request) => this.requestedUrls.push(request.url()));
  }

  /** Opens an address of the service: a path with a query, or a whole URL. */
  async open(path = '/'): Promise<void> {
    await this.page.goto(new URL(path, this.origin).href);
  }

  /** A parameter of the page's address. */
  parameter(name: string): string | null {
    return new URL(this.page.url()).searchParams.get(name);
  }

  async end(): Promise<void> {
    await this.context.close();
  }

  /** Errors and warnings, among them failed requests and what the content security policy refused. */
  #hear(message: ConsoleMessage): void {
    if (message.type() === 'error' || message.type() === 'warning') {
      this.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  }
}
