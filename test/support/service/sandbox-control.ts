import type { SandboxClock } from '#contract';
import type { Browser } from './browser.js';

export type Identity = 'ada' | 'ben' | 'cho';

/** One call that the sandbox's platforms received. */
export interface PlatformCall {
  readonly method: string;
  readonly path: string;
  readonly platform: string;
  readonly identity: Identity | null;
  readonly outcome: string;
  readonly status: number;
}

/** The platforms' stand-in and the clock, as tests steer them. */
export class SandboxControl {
  constructor(
    readonly url: string,
    private readonly service: Browser,
  ) {}

  /** Gives the sandbox platform an order, such as `{ do: 'drop-page', name: 'Ada Books' }`. */
  async order(order: { readonly do: string } & Readonly<Record<string, unknown>>): Promise<void> {
    const response = await fetch(`${this.url}/control`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(order),
    });
    if (response.status !== 204) throw new Error(`The sandbox refused an order: ${await response.text()}`);
  }

  async reset(): Promise<void> {
    await this.order({ do: 'reset' });
  }

  /** Every call to a platform since the last reset, newest last. */
  async calls(): Promise<readonly PlatformCall[]> {
    return (await (await fetch(`${this.url}/log`)).json()) as readonly PlatformCall[];
  }

  async now(): Promise<Date> {
    const { body } = await this.service.call<SandboxClock>('/v1/sandbox/clock');
    return new Date(body.now);
  }

  /** Moves the clock by an ISO 8601 duration, or to an instant; everything that is due meanwhile happens before it answers. */
  async advance(by: string | Date): Promise<Date> {
    const body = typeof by === 'string' ? { advance: by } : { to: by.toISOString() };
    const answer = await this.service.call<SandboxClock>('/v1/sandbox/clock', { method: 'POST', body });
    if (answer.status !== 200) throw new Error(`The clock does not move: ${answer.text}`);
    return new Date(answer.body.now);
  }

  /** Waits until everything that follows from what was written has happened. */
  async rest(): Promise<void> {
    await this.advance('PT0S');
  }
}
