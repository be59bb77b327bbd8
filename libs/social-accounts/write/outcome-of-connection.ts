import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ReadModels, Streams, type Loaded } from '#kernel';
import { connection, isEnded, type ConnectionState } from '../domain/connection.js';
import { accountsReadModel } from '../read/accounts.js';
import { connectionsReadModel } from '../read/connections.js';

/** How long a caller waits for `complete-connections` before it is answered with what is known so far. */
const COMPLETION_LIMIT_MS = 7_000;
const VISIBILITY_LIMIT_MS = 1_500;
const FIRST_POLL_MS = 3;
const MAX_POLL_MS = 60;

/** Lets a route answer with how an attempt ended, although other hands carry it out. */
@Injectable()
export class OutcomeOfConnection {
  constructor(
    private readonly streams: Streams,
    private readonly readModels: ReadModels,
  ) {}

  /** The attempt once `until` holds, or as it is when the wait is over. */
  async wait(
    connectionId: string,
    until: (state: ConnectionState) => boolean,
    limitMs = COMPLETION_LIMIT_MS,
  ): Promise<Loaded<ConnectionState>> {
    const deadline = performance.now() + limitMs;
    for (let wait = FIRST_POLL_MS; ; wait = Math.min(wait * 2, MAX_POLL_MS)) {
      const loaded = await this.streams.load(connection, connectionId);
      if (until(loaded.state) || performance.now() >= deadline) return loaded;
      await sleep(wait);
    }
  }

  /** Waits for the end of an attempt that was selected. */
  async waitForEnd(connectionId: string): Promise<Loaded<ConnectionState>> {
    return this.wait(connectionId, isEnded);
  }

  /** Waits until the outcome can be read. */
  async waitUntilReadable(workspaceId: string, position: string): Promise<void> {
    await Promise.all(
      [connectionsReadModel, accountsReadModel].map((model) =>
        this.readModels.hasReached(model, workspaceId, position, VISIBILITY_LIMIT_MS),
      ),
    );
  }
}
