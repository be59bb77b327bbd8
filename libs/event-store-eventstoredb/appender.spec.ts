import { Readable } from 'node:stream';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { describe, expect, it } from '@jest/globals';
import { Appender } from './appender.js';
import type { Connection } from './connection.js';
import { EVENT_STORE_LIMITS } from './limits.js';
import type { ProposedAppend } from './proposed-append.js';

/*
 * A server answers the same ids at the same expectation as the first time. One that has forgotten them, and answers that
 * other events stand there, is made up here.
 */

const IDS = ['id-1', 'id-2'];
const APPEND = {
  stream: 'post-1',
  expected: 3,
  records: IDS.map((id) => ({ id })),
  bytes: 10,
} as unknown as ProposedAppend;

/** An appender whose first try gets no answer and whose second is a conflict, on a stream that holds these ids behind revision 3. */
function appenderOver(stored: readonly string[]): { readonly appender: Appender; readonly tries: () => number } {
  let tries = 0;
  const client = {
    appendToStream: () => {
      tries += 1;
      const conflict = Object.assign(new Error(), { type: 'wrong-expected-version', actualVersion: 9n });
      return tries === 1 ? new Promise(() => undefined) : Promise.reject(conflict);
    },
    readStream: (_stream: string, { maxCount }: { readonly maxCount: number }) =>
      Readable.from(
        stored.slice(0, maxCount).map((id, index) => {
          const number = BigInt(index) + 4n;
          return { event: { id, revision: number, position: { commit: number, prepare: number } } };
        }),
      ),
  } as unknown as EventStoreDBClient;
  const connection = {
    client: () => Promise.resolve(client),
    ask: (question: (client: EventStoreDBClient, limitMs: number) => unknown) =>
      Promise.resolve(question(client, 1_000)),
    succeeded: () => undefined,
    failed: () => undefined,
  } as unknown as Connection;
  const limits = { ...EVENT_STORE_LIMITS, tryMs: 50 };
  return { appender: new Appender(connection, limits, () => undefined), tries: () => tries };
}

describe('a conflict after a try that was not answered', () => {
  it('is the answer to that try when our events stand behind the expectation, whatever stands behind them', async () => {
    for (const stored of [IDS, [...IDS, 'theirs']]) {
      const { appender, tries } = appenderOver(stored);
      expect(await appender.append(APPEND)).toEqual({ outcome: 'appended', revision: 5, position: '5/5' });
      expect(tries()).toBe(2);
    }
  });

  it('is a conflict when anything else stands there', async () => {
    for (const stored of [[], ['id-1'], ['id-1', 'theirs'], ['theirs', ...IDS], ['id-2', 'id-1']]) {
      const { appender } = appenderOver(stored);
      expect(await appender.append(APPEND)).toEqual({ outcome: 'conflict', actual: 9 });
    }
  });
});
