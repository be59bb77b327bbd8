import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { grant, socialAccount } from '#social-accounts';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { expectConsistent } from './consistency.js';
import { Crash, type CrashPoint, type Process } from './processes.js';
import { Stage, type Consent } from './stage.js';

const THREE = ['100', '200', '300'];

let stores: SpecStores;
beforeAll(async () => (stores = await openSpecStores()));
afterAll(() => stores.dispose());

/** A workspace made ready, and the work that is interrupted in it. */
interface Scene {
  prepare(stage: Stage): Promise<(process: Process) => Promise<unknown>>;
}

async function runAndRest(scene: Scene, crash: CrashPoint | null): Promise<{ stage: Stage; writes: number }> {
  const stage = await Stage.open(stores);
  const work = await scene.prepare(stage);
  const process = stage.process(crash);
  await work(process).catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
  await stage.rest(stage.process());
  return { stage, writes: process.writes };
}

/** Interrupts the work at each of its writes, just before and just after the store does it; each time it comes to the same. */
async function atEveryStep(scene: Scene, then: (stage: Stage) => Promise<void>): Promise<void> {
  const { stage: clean, writes } = await runAndRest(scene, null);
  await expectConsistent(clean);
  await then(clean);
  expect(writes).toBeGreaterThan(3);
  for (let write = 0; write < writes; write += 1) {
    for (const when of ['before', 'after'] as const) {
      const { stage } = await runAndRest(scene, { write, when });
      await expectConsistent(stage);
      await then(stage);
    }
  }
}

const livePages = async (stage: Stage): Promise<readonly string[]> => {
  const { streams, secrets } = stage.process().parts;
  const ids = await stage.ids('socialAccount');
  const states = await Promise.all(ids.map(async (id) => [id, (await streams.load(socialAccount, id)).state] as const));
  const live = states.filter(([, { removed }]) => !removed).map(([id]) => id);
  return (await Promise.all(live.map((id) => secrets.externalIdOf(id)))).map(String).sort();
};
const selected = async (stage: Stage, person: string, pages: readonly string[], by = 'ann'): Promise<Consent> => {
  const consent = await stage.consent(person, pages, by);
  await stage.select(stage.process(), consent, pages, by);
  return consent;
};
const complete =
  (stage: Stage, { connectionId }: Consent) =>
  (process: Process) =>
    stage.deliver(process, 'complete-connections', connectionId);

describe('a selection of three Pages that is interrupted', () => {
  it('ends with all three, wherever its completion was interrupted', async () => {
    const scene = { prepare: async (stage: Stage) => complete(stage, await selected(stage, 'p1', THREE, 'bob')) };
    await atEveryStep(scene, async (stage) => expect(await livePages(stage)).toEqual(THREE));
  });

  it('ends with all three or none, wherever the selection itself was interrupted', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        const consent = await stage.consent('p1', THREE);
        return (process: Process) => stage.select(process, consent, THREE);
      },
    };
    await atEveryStep(scene, async (stage) => expect([[], THREE]).toContainEqual(await livePages(stage)));
  });

  it('reconnects what another login fed, and leaves that login nothing', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        await selected(stage, 'p1', THREE);
        await stage.rest(stage.process());
        return complete(stage, await selected(stage, 'p2', ['100', '200', '400']));
      },
    };
    await atEveryStep(scene, async (stage) => {
      expect(await livePages(stage)).toEqual([...THREE, '400']);
      expect(await stage.ids('grant')).toHaveLength(2);
    });
  });

  it('ends although a newer consent has taken everything over and its own grant has ended', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        const [older, newer] = [await selected(stage, 'p1', THREE), await selected(stage, 'p2', THREE)];
        return async (process: Process) => {
          try {
            await complete(stage, older)(process);
          } finally {
            await complete(stage, newer)(stage.process());
            for (let again = 0; again < 2; again += 1) await stage.deliverAll(stage.process(), 'revoke-empty-grants');
          }
        };
      },
    };
    await atEveryStep(scene, async (stage) => expect(await livePages(stage)).toEqual(THREE));
  });

  it('leaves nothing attached to any login that fed the accounts before', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        await selected(stage, 'p1', ['100', '200']);
        await stage.rest(stage.process());
        const [older, newer] = [
          await selected(stage, 'p2', ['100', '200']),
          await selected(stage, 'p3', ['100', '200']),
        ];
        return async (process: Process) => {
          try {
            await complete(stage, older)(process);
          } finally {
            await complete(stage, newer)(stage.process());
          }
        };
      },
    };
    await atEveryStep(scene, async (stage) => expect(await livePages(stage)).toEqual(['100', '200']));
  });

  it('goes on without the accounts that were removed in between', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        await selected(stage, 'p1', ['100', '200']);
        await stage.rest(stage.process());
        const consent = await selected(stage, 'p2', THREE);
        const [first] = await stage.ids('socialAccount');
        return async (process: Process) => {
          try {
            await complete(stage, consent)(process);
          } finally {
            await stage.remove(stage.process(), first ?? '');
          }
        };
      },
    };
    await atEveryStep(scene, async (stage) => expect((await livePages(stage)).length).toBe(2));
  });
});

describe('a removal that is interrupted', () => {
  it('ends with the account, its claim, its key and an empty grant gone; the Page can be connected anew (R5)', async () => {
    const scene = {
      prepare: async (stage: Stage) => {
        await selected(stage, 'p1', ['100']);
        await stage.rest(stage.process());
        const [account = ''] = await stage.ids('socialAccount');
        const [empty = ''] = await stage.ids('grant');
        return async (process: Process) => {
          await stage.remove(process, account);
          await stage.deliver(process, 'purge-removed-accounts', account);
          await stage.deliver(process, 'revoke-empty-grants', empty);
          await stage.deliver(process, 'revoke-empty-grants', empty);
        };
      },
    };
    await atEveryStep(scene, async (stage) => {
      const { streams, vault } = stage.process().parts;
      const [account = ''] = await stage.ids('socialAccount');
      if (!(await streams.load(socialAccount, account)).state.removed) return;
      expect(await vault.existingKey(account)).toBe('destroyed');
      expect(new Set(stage.login.revoked)).toEqual(new Set(['token of p1 0']));
      await selected(stage, 'p1', ['100']);
      await stage.rest(stage.process());
      await expectConsistent(stage);
      expect(await stage.ids('socialAccount')).toHaveLength(2);
      expect(await stage.ids('grant')).toHaveLength(2);
    });
  });
});

describe('a Page whose account was just removed', () => {
  it('is connected anew at once, before anything of the removal was carried out (R5)', async () => {
    const stage = await Stage.open(stores);
    await selected(stage, 'p1', ['100', '200']);
    await stage.rest(stage.process());
    const [account = ''] = await stage.ids('socialAccount');
    await stage.remove(stage.process(), account);
    await selected(stage, 'p1', ['100', '200']);
    await stage.rest(stage.process());
    await expectConsistent(stage);
    expect(await livePages(stage)).toEqual(['100', '200']);
    expect(await stage.ids('socialAccount')).toHaveLength(3);
  });
});

describe('what is delivered again', () => {
  it('writes nothing more', async () => {
    const stage = await Stage.open(stores);
    await selected(stage, 'p1', THREE);
    await stage.rest(stage.process());
    const [account = ''] = await stage.ids('socialAccount');
    await stage.remove(stage.process(), account);
    await stage.rest(stage.process());
    const before = await stage.log();
    stage.deliverAgain();
    await stage.rest(stage.process());
    expect(await stage.log()).toEqual(before);
    await expectConsistent(stage);
  });

  it('by two at once is carried out once', async () => {
    const stage = await Stage.open(stores);
    const consent = await selected(stage, 'p1', THREE);
    await Promise.all([stage.process(), stage.process()].map((process) => complete(stage, consent)(process)));
    await stage.rest(stage.process());
    await expectConsistent(stage);
    const [granted = ''] = await stage.ids('grant');
    const { revision } = await stage.process().parts.streams.load(grant, granted);
    expect(revision).toBe(3);
    const types = (await stage.log()).map(({ type }) => type);
    expect(types.filter((type) => type === 'AccountConnected')).toHaveLength(3);
    expect(types.filter((type) => type === 'ConnectionCompleted')).toHaveLength(1);
  });
});
