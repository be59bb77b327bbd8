import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { newEvents, newStream } from './event-store-case.js';

/*
 * A process of its own for the tests of what would end a process: `<connection string> client-fails` lets an unguarded client
 * throw outside of any call once a line has come in, `<connection string> program-fails` throws by itself.
 */

const say = (line: string): void => void writeSync(1, `${line}\n`);

async function main(connectionString: string, task: string): Promise<void> {
  const log = { warn: (_facts: object, message: string) => say(message) };
  const store = await EventStoreDbEventStore.open({ connectionString, log });
  await store.append(newStream(), 'no-stream', newEvents(1));
  say('open');
  await once(process.stdin, 'data');
  if (task === 'program-fails') {
    setImmediate(() => {
      throw new Error('a mistake of this program');
    });
    return;
  }
  const unguarded = EventStoreDBClient.connectionString(connectionString);
  await unguarded.appendToStream('others-1', jsonEvent({ type: 'Theirs', data: {} }));
  for (let count = 0; count < 20; count += 1) {
    const { outcome } = await store.append(newStream(), 'no-stream', newEvents(1));
    say(outcome);
  }
  await store.close();
  say('closed');
  process.exit(0);
}

const [connectionString = '', task = ''] = process.argv.slice(2);
await main(connectionString, task);
