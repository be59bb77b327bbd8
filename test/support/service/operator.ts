import type { Person } from './person.js';
import type { ServiceUnderTest } from './service-under-test.js';
import { expectStatus } from './steps.js';
import { until } from './until.js';

/** The tries that it gets by itself take six seconds, each wait twice as long as the one before. */
const GIVEN_UP_LIMIT_MS = 40_000;

/** A read model or automation, as the API and the command line tell of it. */
export interface Projection {
  readonly name: string;
  readonly version: number;
  readonly position: string | null;
  readonly head: string | null;
  readonly lag: number;
  readonly lagSeconds: number;
  readonly state: string;
}

/** What waits, as the API and the command line tell of it. */
export interface Parked {
  readonly id: string;
  readonly kind: string;
  readonly projection: string;
  readonly stream: string;
  readonly eventId: string | null;
  readonly tries: number;
  readonly nextTryAt: string | null;
}

/** Somebody with the scope `ops`, who looks after read models and automations over the API. */
export class Operator {
  constructor(readonly person: Person) {}

  static async of(service: ServiceUnderTest): Promise<Operator> {
    return new Operator(await service.as('operator', { scope: 'ops' }));
  }

  async projections(): Promise<readonly Projection[]> {
    return expectStatus(await this.person.get<readonly Projection[]>('/v1/ops/projections'), 200).body;
  }

  async parked(): Promise<readonly Parked[]> {
    const answer = await this.person.get<{ readonly items: readonly Parked[] }>('/v1/ops/parked');
    return expectStatus(answer, 200).body.items;
  }

  /** The streams that are parked, by the names of the read models and automations in which they are. */
  async parkedStreams(): Promise<ReadonlyMap<string, Parked>> {
    const streams = (await this.parked()).filter(({ kind }) => kind === 'stream');
    return new Map(streams.map((one) => [one.projection, one]));
  }

  /** Answers the number of the generation that fills. */
  async rebuild(name: string): Promise<number> {
    const answer = await this.person.post<{ id: string; revision: number }>(`/v1/ops/projections/${name}/rebuild`);
    return expectStatus(answer, 202).body.revision;
  }

  async retry(id: string): Promise<void> {
    expectStatus(await this.person.post(`/v1/ops/parked/${id}/retry`), 200);
  }

  async skip(id: string): Promise<void> {
    expectStatus(await this.person.post(`/v1/ops/parked/${id}/skip`), 200);
  }

  /** Waits until no generation fills any more: each has taken over. */
  untilSwitched(): Promise<void> {
    return this.#untilNoneIs(({ state }) => state === 'rebuilding', 'every generation that filled has taken over');
  }

  /** Waits until every read model and automation has reached the head, and none is being rebuilt: under load that may never be so. */
  untilLive(): Promise<void> {
    return this.#untilNoneIs(({ state }) => state !== 'live', 'every read model and automation is live');
  }

  async untilNothingIsParked(): Promise<void> {
    let seen: readonly Parked[] = [];
    const isEmpty = async (): Promise<true | null> => ((seen = await this.parked()).length === 0 ? true : null);
    await until('nothing is parked', isEmpty, { seen: () => seen });
  }

  /** Waits until a stream has been tried so often in a read model that it waits for an operator. */
  untilGivenUp(projection: string): Promise<Parked> {
    return this.#untilParked(projection, 'waits for an operator', ({ nextTryAt }) => nextTryAt === null);
  }

  /** Waits until it has been tried since an operator asked for it, and in vain: its tries count from the beginning. */
  untilTriedAnew({ projection, tries }: Parked): Promise<Parked> {
    return this.#untilParked(projection, 'was tried anew', (now) => now.tries > 0 && now.tries < tries);
  }

  async #untilParked(projection: string, what: string, isSo: (one: Parked) => boolean): Promise<Parked> {
    let seen: Parked | null = null;
    const look = async (): Promise<Parked | null> => {
      seen = (await this.parkedStreams()).get(projection) ?? null;
      return seen !== null && isSo(seen) ? seen : null;
    };
    return until(`a stream is parked in ${projection} and ${what}`, look, {
      limitMs: GIVEN_UP_LIMIT_MS,
      seen: () => seen,
    });
  }

  async #untilNoneIs(isSo: (one: Projection) => boolean, what: string): Promise<void> {
    let seen: readonly Projection[] = [];
    const look = async (): Promise<true | null> => {
      seen = (await this.projections()).filter(isSo);
      return seen.length === 0 ? true : null;
    };
    await until(what, look, { seen: () => seen });
  }
}
