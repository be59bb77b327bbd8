import { setTimeout as wait } from 'node:timers/promises';
import type { Position as Place } from '@eventstore/db-client';
import { StoreUnavailable } from '#kernel';
import type { AppendResult } from '#kernel';
import { CLOSED, collect, type Connection } from './connection.js';
import {
  describeFailure,
  isLasting,
  isStreamNotFound,
  isWrongVersion,
  translate,
  type WrongVersion,
} from './failures.js';
import type { EventStoreDbLimits } from './limits.js';
import { formatPlace } from './position.js';
import type { ProposedAppend } from './proposed-append.js';
import { placeOfRecord } from './record.js';
import { pauseWithJitter, whenTimeIsUp } from './within.js';

const RETRY_PAUSE_MS = 50;
const RETRY_PAUSE_LIMIT_MS = 800;

/** An answer of the server's. */
type Answer =
  | { readonly outcome: 'appended'; readonly revision: number; readonly place: Place | undefined }
  | { readonly outcome: 'conflict'; readonly actual: number | null };

/** No answer: it may have been written, or may be yet. */
interface Unknown {
  readonly outcome: 'unknown';
  readonly failure: string;
}

/**
 * Carries appends out, each until its outcome is known or its time is up.
 *
 * What was not answered is sent again with the same ids at the same expectation, which the server answers as the first time;
 * an answer to an earlier try that comes after all is as good. A conflict after an unanswered try may be our own events with others behind them, so the stream is looked at.
 */
export class Appender {
  private appends = 0;
  private bytes = 0;
  private stopped = false;
  private onIdle: () => void = () => undefined;

  constructor(
    private readonly connection: Connection,
    private readonly limits: EventStoreDbLimits,
    private readonly onAppended: (place: Place) => void,
  ) {}

  /** @throws StoreUnavailable when the outcome is unknown, too much is under way, or the store is closed. */
  async append(append: ProposedAppend): Promise<AppendResult> {
    if (this.stopped) throw new StoreUnavailable(CLOSED);
    if (this.appends >= this.limits.appends || this.bytes + append.bytes > this.limits.appendBytes) {
      throw new StoreUnavailable('The event store takes no more at the moment: too many appends are under way.');
    }
    this.appends += 1;
    this.bytes += append.bytes;
    try {
      return await this.carryOut(append);
    } finally {
      this.appends -= 1;
      this.bytes -= append.bytes;
      if (this.appends === 0) this.onIdle();
    }
  }

  /** Takes nothing more, and waits for what was taken as long as an append may take. */
  async drain(): Promise<void> {
    this.stopped = true;
    if (this.appends === 0) return;
    const idle = new Promise<void>((resolve) => (this.onIdle = resolve));
    await Promise.race([idle, wait(this.limits.appendMs, undefined, { ref: false })]);
  }

  private async carryOut(append: ProposedAppend): Promise<AppendResult> {
    const until = performance.now() + this.limits.appendMs;
    const tries: Promise<Answer | Unknown>[] = [];
    for (let pauseMs = RETRY_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, RETRY_PAUSE_LIMIT_MS)) {
      tries.push(this.tryOnce(append));
      const came = await firstAnswer(tries, Math.min(this.limits.tryMs, until - performance.now()));
      if (came.outcome === 'appended' && came.place !== undefined) return this.acknowledge(came.revision, came.place);
      if (came.outcome === 'conflict' && tries.length === 1) return came;
      if (came.outcome !== 'unknown') return this.lookBehind(append, came);
      this.connection.failed('append');
      if (performance.now() + pauseMs >= until) {
        throw new StoreUnavailable(`The event store has not answered; the append may still happen (${came.failure}).`);
      }
      await pauseWithJitter(pauseMs);
    }
  }

  /** May stay unsettled for ever. */
  private async tryOnce({ stream, expected, records }: ProposedAppend): Promise<Answer | Unknown> {
    const expectedRevision = expected === 'no-stream' ? 'no_stream' : BigInt(expected);
    try {
      const client = await this.connection.client();
      const { nextExpectedRevision, position } = await client.appendToStream(stream, records, { expectedRevision });
      this.connection.succeeded('append');
      return { outcome: 'appended', revision: Number(nextExpectedRevision), place: position };
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error;
      if (isLasting(error)) throw translate(error);
      if (!isWrongVersion(error)) return { outcome: 'unknown', failure: describeFailure(error) };
      this.connection.succeeded('append');
      return { outcome: 'conflict', actual: actualRevision(error) };
    }
  }

  /** Whether our events stand behind the expectation, whoever stands behind them. */
  private async lookBehind({ stream, expected, records }: ProposedAppend, answer: Answer): Promise<AppendResult> {
    const fromRevision = expected === 'no-stream' ? 0n : BigInt(expected) + 1n;
    const found = await this.connection
      .ask(async (client, limitMs) => {
        const read = client.readStream(stream, { fromRevision, maxCount: records.length, requiresLeader: true });
        return collect(read, limitMs);
      })
      .catch((error: unknown) => {
        if (isStreamNotFound(error)) return [];
        throw error;
      });
    const last = found[records.length - 1]?.event;
    if (last !== undefined && records.every(({ id }, index) => found[index]?.event?.id === id)) {
      return this.acknowledge(Number(last.revision), placeOfRecord(last));
    }
    return { outcome: 'conflict', actual: answer.outcome === 'conflict' ? answer.actual : null };
  }

  private acknowledge(revision: number, place: Place): AppendResult {
    this.onAppended(place);
    return { outcome: 'appended', revision, position: formatPlace(place) };
  }
}

function actualRevision({ actualVersion }: WrongVersion): number | null {
  return actualVersion === 'no_stream' ? null : Number(actualVersion);
}

/** The first answer to any of the tries; `unknown` when the newest failed, or the time is up. */
function firstAnswer(tries: readonly Promise<Answer | Unknown>[], limitMs: number): Promise<Answer | Unknown> {
  const newest = tries.length - 1;
  return new Promise((resolve, reject) => {
    const callOff = whenTimeIsUp(limitMs, () => resolve({ outcome: 'unknown', failure: 'no answer' }));
    const settle = (tell: () => void): void => {
      callOff();
      tell();
    };
    for (const [index, tried] of tries.entries()) {
      tried.then(
        (came) => {
          if (came.outcome !== 'unknown' || index === newest) settle(() => resolve(came));
        },
        (error: unknown) => settle(() => reject(error)),
      );
    }
  });
}
