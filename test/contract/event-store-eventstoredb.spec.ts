import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { describe, it } from '@jest/globals';
import { EventStoreDbEventStore, OWN_STREAM_PREFIXES } from '#event-store-eventstoredb';
import { startEventStoreServer } from '../support/eventstore-server/start-server.js';
import type { EventStoreSetUp } from './event-store-case.js';
import { describeEventStore } from './event-store-contract.js';

/** The suite also writes to a stream whose name is in capital letters. */
const STREAM_PREFIXES = [...OWN_STREAM_PREFIXES, 'SOCIALACCOUNT-'];
const FOREIGN_RECORDS = 20;

describeEventStore('EventStoreDB', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'event-store-'));
  const server = await startEventStoreServer({ port: 0, dir });
  return setUp(server.url, {
    restart: () => server.restart(),
    end: async () => {
      await server.close();
      rmSync(dir, { recursive: true });
    },
  });
});

const url = process.env['EVENTSTORE_URL'];
if (url !== undefined) {
  describeEventStore('the server at EVENTSTORE_URL', () =>
    // Somebody else's server cannot be restarted from here: the client is, in its place.
    setUp(url, { restart: () => Promise.resolve(), end: () => Promise.resolve() }),
  );
} else {
  describe('EventStore on the server at EVENTSTORE_URL', () => {
    it.skip('needs EVENTSTORE_URL', () => undefined);
  });
}

async function setUp(
  connectionString: string,
  server: { readonly restart: () => Promise<void>; readonly end: () => Promise<void> },
): Promise<EventStoreSetUp> {
  const open = () => EventStoreDbEventStore.open({ connectionString, streamPrefixes: STREAM_PREFIXES });
  const others = EventStoreDBClient.connectionString(connectionString);
  let store = await open();
  return {
    store: () => store,
    restart: async () => {
      await server.restart();
      if (await isClosed(store)) store = await open();
    },
    survivesRestart: true,
    foreignPosition: '4711',
    writeForeign: async () => {
      for (let index = 0; index < FOREIGN_RECORDS; index += 1) {
        await others.appendToStream(`others-${randomUUID()}`, jsonEvent({ type: 'Theirs', data: { index } }));
      }
    },
    dispose: async () => {
      await store.close();
      await others.dispose();
      await server.end();
    },
  };
}

async function isClosed(store: EventStoreDbEventStore): Promise<boolean> {
  return store.head().then(
    () => false,
    (error: unknown) => error instanceof Error && error.message.includes('is closed'),
  );
}
