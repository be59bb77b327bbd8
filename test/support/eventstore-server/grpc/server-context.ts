import type { Faults, LeaderEndpoint } from '../faults.js';
import type { EventLog } from '../storage/event-log.js';
import type { Subscriptions } from '../subscriptions/subscriptions.js';
import type { LogWriter } from '../writing/log-writer.js';
import { type CallRefusal, notLeader, serverNotReady } from './refusals.js';

/** What the calls of one run of the server share, from a start to the next stop. */
export interface ServerContext {
  readonly log: EventLog;
  readonly writer: LogWriter;
  readonly subscriptions: Subscriptions;
  readonly faults: Faults;
  readonly self: LeaderEndpoint;
  /** Aborted when the server stops: no call may touch the log from then on. */
  readonly stopping: AbortSignal;
  readonly maximumAppendBytes: number;
}

/** Why a call is refused before it is looked at, if it is. */
export function refusedAtTheDoor({ faults, self }: ServerContext): CallRefusal | undefined {
  if (!faults.isReady()) return serverNotReady();
  const leader = faults.takeNotLeader(self);
  return leader === undefined ? undefined : notLeader(leader);
}
