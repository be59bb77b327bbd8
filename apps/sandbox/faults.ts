import type { Endpoint } from './platform.js';

export const faultAnswers = ['429', '500', 'timeout', 'reset', 'invalid_grant', 'bad-json', 'empty'] as const;
export type FaultAnswer = (typeof faultAnswers)[number];

export interface FaultOrder {
  readonly platform: string;
  readonly endpoint: Endpoint | 'any';
  readonly times: number;
  readonly answer: FaultAnswer;
}

/** The faults that the next calls meet, oldest order first. In memory: an order is about calls that are just about to come. */
export class Faults {
  #orders: { order: FaultOrder; left: number }[] = [];

  order(order: FaultOrder): void {
    this.#orders.push({ order, left: order.times });
  }

  /** The fault for this call, used up by asking. */
  take(platform: string, endpoint: Endpoint): FaultAnswer | undefined {
    const due = this.#orders.find(
      ({ order }) => order.platform === platform && (order.endpoint === 'any' || order.endpoint === endpoint),
    );
    if (due === undefined) return undefined;
    due.left -= 1;
    this.#orders = this.#orders.filter(({ left }) => left > 0);
    return due.order.answer;
  }

  reset(): void {
    this.#orders = [];
  }
}
