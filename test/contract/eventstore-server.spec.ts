import { afterAll, beforeAll, describe, it } from '@jest/globals';
import { appending } from '../support/eventstore-server/behaviours/appending.js';
import { Probe } from '../support/eventstore-server/behaviours/probe.js';
import { reading } from '../support/eventstore-server/behaviours/reading.js';
import { subscribing } from '../support/eventstore-server/behaviours/subscribing.js';
import { type EventStoreServer, startEventStoreServer } from '../support/eventstore-server/start-server.js';
import { useNewFolders } from './new-folders.js';

// The stand-in is held to what a real server was seen to do, and a real one may be held to it as well.
const servers: Record<string, string | undefined> = { 'the stand-in': undefined };
if (process.env['EVENTSTORE_URL'] !== undefined) servers['EVENTSTORE_URL'] = process.env['EVENTSTORE_URL'];

const newFolder = useNewFolders('eventstore-server-');

describe.each(Object.entries(servers))('what a real server does: %s', (_name, url) => {
  let server: EventStoreServer | undefined;
  let probe: Probe;
  beforeAll(async () => {
    server = url === undefined ? await startEventStoreServer({ port: 0, dir: newFolder() }) : undefined;
    probe = new Probe(url ?? server?.url ?? '');
  });
  afterAll(async () => {
    await probe.dispose();
    await server?.close();
  });
  describe('appending', () => {
    it.each(Object.entries(appending))('%s', (_behaviour, check) => check(probe));
  });
  describe('reading', () => {
    it.each(Object.entries(reading))('%s', (_behaviour, check) => check(probe));
  });
  describe('subscribing', () => {
    it.each(Object.entries(subscribing))('%s', (_behaviour, check) => check(probe));
  });
});
