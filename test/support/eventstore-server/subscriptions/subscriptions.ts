import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { Faults, SubscriptionEnd } from '../faults.js';
import type { CallWriter } from '../grpc/call-writer.js';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from '../grpc/event-messages.js';
import { consumerTooSlow, shuttingDown } from '../grpc/refusals.js';
import type { Feed } from './feeds.js';

/** One running subscription: confirmation, the past, caughtUp, and then what is written. */
class Subscription {
  private live = false;
  private wakeUp: (() => void) | undefined;

  constructor(
    private readonly feed: Feed,
    private readonly writer: CallWriter<ReadResp>,
    private readonly faults: Faults,
    private readonly liveBufferEvents: number,
  ) {}

  async run(): Promise<void> {
    const { feed, writer } = this;
    await writer.write(confirmationMessage(randomUUID()));
    while (!writer.closed) {
      await this.faults.pause();
      if (writer.closed) return;
      const items = feed.next(this.live);
      if (items === undefined) await this.atTheEnd();
      for (const item of items ?? []) {
        await writer.write('event' in item ? eventMessage(item.event) : checkpointMessage(item.checkpoint));
      }
      // Other calls get their turn while a long past is sent.
      if (!this.live) await nextTurn();
    }
  }

  /** New records can be read. A live consumer that has taken nothing for too long is thrown out, as a real server does. */
  committed(): void {
    this.wake();
    if (this.live && this.writer.blocked && this.feed.behind() > this.liveBufferEvents) {
      this.writer.fail(consumerTooSlow());
    }
  }

  close(how: SubscriptionEnd): void {
    if (how === 'end') this.writer.end();
    else this.writer.fail(how === 'error' ? shuttingDown() : consumerTooSlow());
  }

  wake(): void {
    const { wakeUp } = this;
    this.wakeUp = undefined;
    wakeUp?.();
  }

  private async atTheEnd(): Promise<void> {
    if (this.live) {
      await new Promise<void>((resolve) => {
        this.wakeUp = resolve;
      });
      return;
    }
    this.live = true;
    // The client signals this one at once, beside its queue of events: a real server takes a moment to go live as well.
    await nextTurn();
    await this.writer.write(caughtUpMessage());
  }
}

/** All subscriptions of one run of the server. */
export class Subscriptions {
  private readonly running = new Set<Subscription>();

  constructor(
    private readonly faults: Faults,
    private readonly liveBufferEvents: number,
  ) {}

  get count(): number {
    return this.running.size;
  }

  /** Serves one subscription until its call is over. */
  async serve(feed: Feed, writer: CallWriter<ReadResp>): Promise<void> {
    const subscription = new Subscription(feed, writer, this.faults, this.liveBufferEvents);
    writer.onClosed(() => subscription.wake());
    this.running.add(subscription);
    try {
      await subscription.run();
    } finally {
      this.running.delete(subscription);
    }
  }

  /** To be called when new records can be read. */
  committed(): void {
    for (const subscription of this.running) subscription.committed();
  }

  /** Ends all of them; answers how many there were. */
  closeAll(how: SubscriptionEnd): number {
    const all = [...this.running];
    for (const subscription of all) subscription.close(how);
    return all.length;
  }
}
