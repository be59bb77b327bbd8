import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connection, grant, socialAccount } from '#social-accounts';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { expectConsistent } from './consistency.js';
import { Stage } from './stage.js';

const PAGES = ['100', '200'];
const HOUR_MS = 3_600_000;

let stores: SpecStores;
beforeAll(async () => (stores = await openSpecStores()));
afterAll(() => stores.dispose());

/** Everything that is due is tried where no command is accepted, and a failure of that is how it says so. */
async function tryInVain(stage: Stage): Promise<void> {
  const closed = stage.closedProcess();
  const written = (await stage.log()).length;
  for (const { name } of closed.parts.automations) await stage.deliverAll(closed, name).catch(() => undefined);
  expect(await stage.log()).toHaveLength(written);
}

async function statesOf(stage: Stage): Promise<readonly [readonly string[], readonly boolean[], readonly boolean[]]> {
  const { streams } = stage.process().parts;
  const connections = await Promise.all((await stage.ids('connection')).map((id) => streams.load(connection, id)));
  const accounts = await Promise.all((await stage.ids('socialAccount')).map((id) => streams.load(socialAccount, id)));
  const grants = await Promise.all((await stage.ids('grant')).map((id) => streams.load(grant, id)));
  return [
    connections.map(({ state }) => state.status),
    accounts.map(({ state }) => state.removed),
    grants.map(({ state }) => state.revoked),
  ];
}

describe('a to-do whose command is not accepted', () => {
  it('is still there afterwards: an attempt lapses', async () => {
    const stage = await Stage.open(stores);
    await stage.consent('p1', PAGES);
    stage.now = new Date(stage.now.getTime() + HOUR_MS);
    await tryInVain(stage);
    await stage.rest(stage.process());
    expect(await statesOf(stage)).toEqual([['lapsed'], [], []]);
  });

  it('is still there afterwards: a selection is completed, removals are cleared up, and the empty grant ends', async () => {
    const stage = await Stage.open(stores);
    const consent = await stage.consent('p1', PAGES);
    await stage.select(stage.process(), consent, PAGES);
    await tryInVain(stage);
    await stage.rest(stage.process());
    expect(await statesOf(stage)).toEqual([['completed'], [false, false], [false]]);
    for (const accountId of await stage.ids('socialAccount')) await stage.remove(stage.process(), accountId);
    await tryInVain(stage);
    // The accounts are detached now, and the grant is empty.
    await stage.deliverAll(stage.process(), 'purge-removed-accounts');
    await tryInVain(stage);
    await stage.rest(stage.process());
    expect(await statesOf(stage)).toEqual([['completed'], [true, true], [true]]);
    await expectConsistent(stage);
  });
});
