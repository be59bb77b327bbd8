import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  CommandGate,
  decodeEvent,
  isRefusal,
  MasterKeys,
  ReadModelRunner,
  type RunnerStores,
  Streams,
  Vault,
  type ReadModel,
  type WrappedKey,
} from './index.js';
import { counter, type counterEvents } from './spec-counter.js';
import { until } from './spec-runner.js';
import { openSpecStores, specContext, type SpecStores } from './spec-stores.js';
import type { EventOf } from './stream.js';

/** The notes of counters, which are sealed. */
const model: ReadModel = {
  name: 'counter-notes',
  version: 1,
  partitions: 1,
  fields: {},
  indexes: {},
  terms: [],
  follows: ['counter'],
  readsPersonalData: true,
  project: (_row, { personal }) => ({ note: (personal as { readonly note: string }).note }),
  describe: () => ({ fields: {}, dueAt: null }),
};

let stores: SpecStores;
const runners: ReadModelRunner[] = [];
beforeEach(async () => (stores = await openSpecStores()));
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()));
  await stores.dispose();
});

async function write(id: string): Promise<void> {
  const event: EventOf<typeof counterEvents> = {
    type: 'Counted',
    data: { before: 0, subjects: [] },
    personal: { note: `of ${id}` },
  };
  const streams = new Streams(stores.events, stores.vault);
  const context = specContext();
  const written = await streams.execute({
    definition: counter,
    id,
    workspaceId: 'ws_1',
    context,
    decide: () => [event],
  });
  if (isRefusal(written)) throw new Error(written.code);
}

/** A process that has not used any key yet. */
function run(masterKeys: MasterKeys): ReadModelRunner {
  const { events, rows, clock, vaultStore } = stores;
  const decode: RunnerStores['decode'] = (recorded) => decodeEvent(counter, recorded);
  const log = { warn: () => undefined };
  const vault = new Vault(vaultStore, masterKeys);
  const runner = new ReadModelRunner(
    model,
    { events, rows, vault, clock, log, gate: new CommandGate(), decode },
    { owner: 'one' },
  );
  runners.push(runner);
  runner.start();
  return runner;
}

const noteOf = async ({ copy }: ReadModelRunner, id: string): Promise<unknown> =>
  (await stores.rows.load(copy, [`counter-${id}`])).get(`counter-${id}`)?.body['note'];

it('parks the stream whose key was damaged in the vault, and no other, until the key is mended', async () => {
  for (const id of ['a', 'b', 'c']) await write(id);
  const sound = (await stores.vaultStore.readKey('b')) as WrappedKey;
  const damaged = { ...sound, wrapped: randomBytes(60).toString('base64') };
  await stores.vaultStore.rewrapKey(sound, damaged);
  const runner = run(stores.masterKeys);
  await until(async () => (await noteOf(runner, 'c')) === 'of c');
  expect([await noteOf(runner, 'a'), await noteOf(runner, 'b')]).toEqual(['of a', undefined]);
  expect((await stores.rows.parkedStreams(runner.copy, 9)).map(({ stream }) => stream)).toEqual(['counter-b']);
  expect(runner.failure).toBeNull();
  await stores.vaultStore.rewrapKey(damaged, sound);
  await stores.rows.retryStream(runner.copy, 'counter-b');
  await until(async () => (await noteOf(runner, 'b')) === 'of b');
  expect(await stores.rows.parkedStreams(runner.copy, 9)).toEqual([]);
});

it('stands still, and parks nothing, where the master key is not there that wrapped them all', async () => {
  await write('a');
  const runner = run(new MasterKeys([randomBytes(32).toString('base64')]));
  await until(() => runner.failure !== null);
  expect(await stores.rows.parkedStreams(runner.copy, 9)).toEqual([]);
});
