import { createHmac } from 'node:crypto';
import type { Secret } from '#kernel';
import { classifyGraphError, type PlatformHttp, type TimeBudget } from '#platform-http';
import { PlatformFailure } from '#social-accounts';
import type { z } from 'zod';
import { inspectedTokenAnswer, type InspectedToken, listAnswer } from './answers.js';
import { GRAPH_VERSION } from './bases.js';

/** How many items one call of a listing asks for. */
const ITEMS_PER_CALL = 100;
/** More calls than this for one listing, and it is cut. */
const LISTING_LIMIT_CALLS = 30;

export interface GraphApp {
  readonly clientId: string;
  readonly clientSecret: Secret;
}

export interface Listed<Item> {
  readonly items: Item[];
  readonly complete: boolean;
}

/** Reading calls of Facebook's Graph API. */
export class FacebookGraph {
  constructor(
    private readonly http: PlatformHttp,
    private readonly base: string,
    private readonly app: GraphApp,
  ) {}

  /** Reads one object with a person's token. */
  get<Shape extends z.ZodType>(
    path: string,
    parameters: Readonly<Record<string, string>>,
    token: Secret,
    shape: Shape,
    budget?: TimeBudget,
  ): Promise<z.output<Shape> | PlatformFailure> {
    const url = this.#url(path, { ...parameters, appsecret_proof: this.#proof(token) });
    const headers = token.use((text) => ({ authorization: `Bearer ${text}` }));
    return this.http.sendForJson({ url, headers, repeat: 'always', classify: classifyGraphError, budget }, shape);
  }

  /**
   * Reads a listing to its end, or until the limit of calls or of time; then it is not complete. A failure on the way fails the
   * whole, so that nobody takes a part for the whole.
   */
  async list<Item extends z.ZodType>(
    path: string,
    fields: string,
    token: Secret,
    item: Item,
    budget: TimeBudget,
  ): Promise<Listed<z.output<Item>> | PlatformFailure> {
    const items: z.output<Item>[] = [];
    let after: string | null = null;
    for (let calls = 0; calls < LISTING_LIMIT_CALLS && !budget.isSpent(); calls += 1) {
      const parameters: Record<string, string> = { fields, limit: String(ITEMS_PER_CALL) };
      if (after !== null) parameters['after'] = after;
      const answer: z.output<ReturnType<typeof listAnswer<Item>>> | PlatformFailure = await this.get(
        path,
        parameters,
        token,
        listAnswer(item),
        budget,
      );
      if (answer instanceof PlatformFailure) return answer;
      items.push(...answer.data);
      if (answer.paging === null) return { items, complete: true };
      after = answer.paging.after;
      if (after === null) break;
    }
    return { items, complete: false };
  }

  /** What Facebook knows of a token. One of another app, or for another person than it says, is no answer that makes sense. */
  async inspect(token: Secret, budget: TimeBudget): Promise<InspectedToken | PlatformFailure> {
    const { clientId, clientSecret } = this.app;
    // Facebook takes the token to inspect, and the app's own id and secret, in the query alone.
    const url = token.use((inputToken) =>
      clientSecret.use((secret) =>
        this.#url('debug_token', { input_token: inputToken, access_token: `${clientId}|${secret}` }),
      ),
    );
    const request = { url, repeat: 'always', classify: classifyGraphError, budget } as const;
    const answer = await this.http.sendForJson(request, inspectedTokenAnswer);
    if (answer instanceof PlatformFailure) return answer;
    return answer.data.app_id === clientId ? answer.data : this.http.failure('other');
  }

  #url(path: string, parameters: Readonly<Record<string, string>>): URL {
    const url = new URL(`${this.base}/${GRAPH_VERSION}/${path}`);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    return url;
  }

  /** Shows that the call comes from the app and not from somebody who found the token (Graph API, "Securing requests"). */
  #proof(token: Secret): string {
    const { clientSecret } = this.app;
    return clientSecret.use((secret) => token.use((text) => createHmac('sha256', secret).update(text).digest('hex')));
  }
}
