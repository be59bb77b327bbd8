import { once } from 'node:events';
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { EventStoreDbEventStore } from '#event-store-eventstoredb';
import { StoreUnavailable } from '#kernel';
import { newEvents, newStream } from './event-store-case.js';

/*
 * A process of its own for the tests of what would end a process: `<connection string> client-fails` lets an unguarded client
 * throw outside of any call once a line has come in, `<connection string> program-fails` throws by itself.
 * With `certificate-gone` it has to replace its client while the file of the certificate is away.
 */

const say = (line: string): void => void writeSync(1, `${line}\n`);

async function loseCertificate(connectionString: string): Promise<void> {
  const file = join(tmpdir(), `certificate-${process.pid}.pem`);
  const putBack = (): void => writeFileSync(file, rootCertificates[0] ?? '');
  putBack();
  let [replacements, failures] = [0, 0];
  const warn = (_facts: object, message: string): void => {
    if (message.endsWith('is replaced')) replacements += 1;
    if (message.endsWith('could not be replaced; it is tried again')) failures += 1;
  };
  // The stand-in speaks no TLS: to this client it is a server that gives no answers.
  const secured = `${connectionString.replace('tls=false', 'tls=true')}&tlsCAFile=${file}`;
  const limits = { readMs: 200, silenceMs: 100 };
  const store = await EventStoreDbEventStore.open({ connectionString: secured, limits, log: { warn } });
  const askUntil = async (isEnough: () => boolean): Promise<void> => {
    while (!isEnough()) {
      const failure: unknown = await store.head().catch((error: unknown) => error);
      if (!(failure instanceof StoreUnavailable)) throw new Error('An answer where there can be none.');
    }
  };
  say('open');
  await once(process.stdin, 'data');
  rmSync(file);
  await askUntil(() => failures >= 2);
  say('unavailable while there is no certificate');
  putBack();
  const before = { replacements, failures };
  await askUntil(() => replacements > before.replacements);
  say(failures === before.failures ? 'replaced' : 'not replaced');
  rmSync(file);
  await store.close();
  process.exit(0);
}

async function main(connectionString: string, task: string): Promise<void> {
  if (task === 'certificate-gone') return loseCertificate(connectionString);
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
