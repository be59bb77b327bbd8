import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isRefusal } from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { seeds, withSeed, type Chance } from './chance.js';
import { expectConsistent } from './consistency.js';
import { Turns, type CrashPoint, type Process } from './processes.js';
import { Stage, type Consent } from './stage.js';

const RUNS = 60;
const PAGES = ['100', '200', '300', '400'];
/** A crash is put among so many first writes of a process; one that comes later than its last does not happen. */
const WRITES = 16;

let stores: SpecStores;
beforeAll(async () => (stores = await openSpecStores()));
afterAll(() => stores.dispose());

type Work = (stage: Stage, process: Process) => Promise<unknown>;

const maybeCrash = (chance: Chance): CrashPoint | null =>
  chance.isTrue() ? null : { write: chance.below(WRITES), when: chance.isTrue() ? 'before' : 'after' };

/** Several processes work at once, each perhaps to its end; then what is left is done, and once more. */
async function race(stage: Stage, chance: Chance, works: readonly Work[]): Promise<void> {
  const turns = new Turns(chance);
  await turns.run(
    works.map((work, index) => {
      const process = stage.process(maybeCrash(chance), turns.of(index));
      return () => work(stage, process);
    }),
  );
  await stage.rest(stage.process());
  await expectConsistent(stage);
  stage.deliverAgain();
  await stage.rest(stage.process());
  await expectConsistent(stage);
}

const select =
  (consent: Consent, pages: readonly string[]): Work =>
  async (stage, process) => {
    const answer = await stage.select(process, consent, pages);
    if (isRefusal(answer)) expect(answer.code).toBe('candidate-not-selectable');
  };
const complete =
  ({ connectionId }: Consent): Work =>
  (stage, process) =>
    stage.deliver(process, 'complete-connections', connectionId);
const inTurn =
  (...works: readonly Work[]): Work =>
  async (stage, process) => {
    for (const work of works) await work(stage, process);
  };
/** Removes accounts and does what follows for their grants. */
const remove =
  (accountIds: readonly string[]): Work =>
  async (stage, process) => {
    for (const id of accountIds) await stage.remove(process, id);
    await stage.deliverAll(process, 'purge-removed-accounts');
    await revokeEmpty(stage, process);
  };
const revokeEmpty: Work = async (stage, process) => {
  for (let again = 0; again < 3; again += 1) await stage.deliverAll(process, 'revoke-empty-grants');
};

async function connected(stage: Stage, person: string, pages: readonly string[]): Promise<void> {
  const consent = await stage.consent(person, pages);
  const process = stage.process();
  await select(consent, pages)(stage, process);
  await stage.rest(process);
}

describe('two attempts at once', () => {
  it.each(seeds(RUNS))('of one person come to one grant with the newest consent (seed %i)', (seed) =>
    withSeed(seed, async (chance) => {
      const stage = await Stage.open(stores);
      if (chance.isTrue()) await connected(stage, 'p1', chance.some(PAGES));
      const [older, newer] = [await stage.consent('p1', PAGES), await stage.consent('p1', PAGES)];
      const works = [older, newer].map((consent) => inTurn(select(consent, chance.some(PAGES)), complete(consent)));
      await race(stage, chance, works);
      // None where both processes ended before anything was selected.
      expect((await stage.ids('grant')).length).toBeLessThanOrEqual(1);
      const { streams } = stage.process().parts;
      const [granted = ''] = await stage.ids('grant');
      const ended = await streams.load(connection, newer.connectionId);
      if (ended.state.status === 'completed') {
        expect((await streams.load(grant, granted)).state.attemptId).toBe(newer.connectionId);
      }
    }),
  );

  it.each(seeds(RUNS))('of two people leave each Page to the newer consent (seed %i)', (seed) =>
    withSeed(seed, async (chance) => {
      const stage = await Stage.open(stores);
      if (chance.isTrue()) await connected(stage, chance.isTrue() ? 'p1' : 'p2', chance.some(PAGES));
      const [older, newer] = [await stage.consent('p1', PAGES), await stage.consent('p2', PAGES)];
      const [first, second] = [chance.some(PAGES), chance.some(PAGES)];
      await race(stage, chance, [
        inTurn(select(older, first), complete(older)),
        inTurn(select(newer, second), complete(newer)),
      ]);
      const { streams } = stage.process().parts;
      const { state } = await streams.load(connection, newer.connectionId);
      for (const id of state.accountIds) {
        expect((await streams.load(socialAccount, id)).state.attemptId).toBe(newer.connectionId);
      }
    }),
  );
});

describe('a removal', () => {
  it.each(seeds(RUNS))('during a completion of the same accounts leaves nothing attached (seed %i)', (seed) =>
    withSeed(seed, async (chance) => {
      const stage = await Stage.open(stores);
      await connected(stage, 'p1', PAGES.slice(0, 2));
      const consent = await stage.consent(chance.isTrue() ? 'p1' : 'p2', PAGES);
      await select(consent, chance.some(PAGES))(stage, stage.process());
      const accounts = await stage.ids('socialAccount');
      await race(stage, chance, [complete(consent), remove(chance.some(accounts))]);
    }),
  );

  it.each(seeds(RUNS))('of a login’s last account, and its end, race a consent of the same login (seed %i)', (seed) =>
    withSeed(seed, async (chance) => {
      const stage = await Stage.open(stores);
      await connected(stage, 'p1', ['100']);
      const consent = await stage.consent('p1', PAGES);
      const accounts = await stage.ids('socialAccount');
      const hasGone = chance.isTrue();
      if (hasGone) {
        await stage.remove(stage.process(), accounts[0] ?? '');
        await stage.deliver(stage.process(), 'purge-removed-accounts', accounts[0] ?? '');
      }
      const ending = hasGone ? revokeEmpty : remove(accounts);
      await race(stage, chance, [inTurn(select(consent, chance.some(PAGES)), complete(consent)), ending]);
    }),
  );
});

describe('everything at once', () => {
  it.each(seeds(RUNS))('comes to rest in order (seed %i)', (seed) =>
    withSeed(seed, async (chance) => {
      const stage = await Stage.open(stores);
      const people = ['p1', 'p2', 'p3'];
      await connected(stage, 'p1', chance.some(PAGES));
      const works: Work[] = [];
      for (const person of chance.some(people)) {
        const consent = await stage.consent(person, PAGES);
        works.push(inTurn(select(consent, chance.some(PAGES)), complete(consent)));
      }
      const accounts = await stage.ids('socialAccount');
      works.push(remove(chance.some(accounts)), revokeEmpty);
      await race(stage, chance, works);
    }),
  );
});
