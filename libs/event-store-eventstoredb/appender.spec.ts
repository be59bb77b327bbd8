import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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

/** Answers whatever it is told, at once. */
const ECHO = `const { parentPort } = require('node:worker_threads'); parentPort.on('message', (told) => parentPort.postMessage(told));`;

describe('a try in a process that is kept from working', () => {
  let echo: Worker;
  beforeEach(async () => {
    echo = new Worker(ECHO, { eval: true });
    await once(echo, 'online');
  });
  afterEach(() => echo.terminate());

  it('is answered by what arrived meanwhile, and is not made again', async () => {
    let tries = 0;
    const client = {
      appendToStream: () => {
        tries += 1;
        echo.postMessage({ success: true, nextExpectedRevision: 5n, position: { commit: 5n, prepare: 5n } });
        return new Promise((resolve) => echo.once('message', resolve));
      },
    } as unknown as EventStoreDBClient;
    const connection = {
      client: () => Promise.resolve(client),
      succeeded: () => undefined,
      failed: () => undefined,
    } as unknown as Connection;
    const appender = new Appender(connection, { ...EVENT_STORE_LIMITS, tryMs: 300, appendMs: 900 }, () => undefined);
    const answer = appender.append(APPEND);
    while (tries === 0) await nextTurn();
    // Longer than a try and than all of them: the answer comes in the middle of it, and cannot be seen before the end.
    for (const until = performance.now() + 1_200; performance.now() < until;);
    expect(await answer).toEqual({ outcome: 'appended', revision: 5, position: '5/5' });
    expect(tries).toBe(1);
  });
});
