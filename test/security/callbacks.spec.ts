import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Answer } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  callBack,
  consent,
  createWorkspace,
  listAccounts,
  readConnection,
  startConnection,
  type Started,
} from '../support/service/steps.js';
import { countTypes, storedEvents } from '../support/service/stored-events.js';

const isLong = process.env['TEST_LONG'] === '1';
const MUTATIONS = isLong ? 5_000 : 1_000;
const GUESSES = isLong ? 10_000 : 2_000;
const AT_ONCE = 25;

/** Wrong guesses that an address has in a minute, as the service has it. */
const GUESSES_ALLOWED = 30;

async function inTurns<Item, Result>(items: readonly Item[], work: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(work))));
  }
  return results;
}

describe('callbacks', () => {
  let service: InProcessService;
  let victim: Person;
  let attacker: Person;

  beforeAll(async () => {
    service = await InProcessService.start();
    [victim, attacker] = [await service.as('victim'), await service.as('attacker')];
  });
  afterAll(() => service.stop());

  const begin = async (who: Person) => {
    const ws = await createWorkspace(who);
    return { ws, started: await startConnection(who, ws, { platform: 'linkedin' }) };
  };
  const exchanges = async (): Promise<number> =>
    (await service.sandbox.calls()).filter(({ path }) => path.endsWith('/accessToken')).length;
  /** The rows in which the vault keeps what a platform answered. */
  const keptAnswers = (): number => {
    const vault = new Database(join(service.dataDir, 'vault.sqlite'), { readonly: true });
    try {
      return (
        vault
          .prepare<[], { count: number }>(
            "SELECT count(*) AS count FROM records WHERE kind IN ('attempt', 'grant-secret')",
          )
          .get()?.count ?? -1
      );
    } finally {
      vault.close();
    }
  };
  it("T2: a victim who follows an attacker's link ends nothing: 403, no exchange, nothing kept", async () => {
    const { ws, started } = await begin(attacker);
    await begin(victim);
    await service.sandbox.reset();
    const before = keptAnswers();
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'cho' });
    for (const browser of [victim.browser, service.newBrowser()]) {
      const answer = await callBack(browser, callbackUrl);
      expect([answer.status, answer.code]).toEqual([403, 'different-browser']);
    }
    expect([await exchanges(), keptAnswers()]).toEqual([0, before]);
    expect((await readConnection(attacker, ws, started.id)).status).toBe('started');
  });

  it('T3: the code of one platform is not taken at the callback of another', async () => {
    const { started } = await begin(victim);
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    await service.sandbox.reset();
    for (const platform of ['facebook', 'instagram', 'x', 'linkedin%00', 'LinkedIn']) {
      const answer = await callBack(victim.browser, callbackUrl.replace('/linkedin/', `/${platform}/`));
      expect([platform, [400, 404].includes(answer.status)]).toEqual([platform, true]);
    }
    expect(await service.sandbox.calls()).toEqual([]);
  });

  it('T4: 100 callbacks at once are one exchange and one account', async () => {
    const { ws, started } = await begin(victim);
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    await service.sandbox.reset();
    const answers = await Promise.all(Array.from({ length: 100 }, () => callBack(victim.browser, callbackUrl)));
    const ends = new Set(answers.map(({ status, headers }) => `${status} ${headers.get('location') ?? ''}`));
    expect(ends).toEqual(new Set([`302 /?connection=${started.id}`]));
    expect(await exchanges()).toBe(1);
    expect((await listAccounts(victim, ws)).counts.all).toBe(1);
    const events = storedEvents(service.dataDir, ws);
    const types = [
      'ConnectionAuthorized',
      'ConnectionSelected',
      'ConnectionCompleted',
      'GrantObtained',
      'AccountConnected',
    ];
    expect(countTypes(events, ...types)).toEqual([1, 1, 1, 1, 1]);
  });

  it('T4: a code that was used is not taken in another attempt', async () => {
    const [first, second] = [await begin(victim), await begin(victim)];
    const used = new URL(await consent(first.started.authorizationUrl, { identity: 'ben' }));
    await callBack(victim.browser, used.href);
    used.searchParams.set('state', new URL(second.started.authorizationUrl).searchParams.get('state') ?? '');
    expect((await callBack(victim.browser, used.href)).status).toBe(302);
    const connection = await readConnection(victim, second.ws, second.started.id);
    expect(connection).toMatchObject({ status: 'failed', failure: { code: 'platform-error' } });
  });

  it("T1: an attacker's code, however dressed, links nothing in a victim's browser", async () => {
    const [mine, theirs] = [await begin(victim), await begin(attacker)];
    const stolen = new URL(await consent(theirs.started.authorizationUrl, { identity: 'ben' }));
    const victimState = new URL(mine.started.authorizationUrl).searchParams.get('state') ?? '';
    await service.sandbox.reset();
    const code = stolen.searchParams.get('code') ?? '';
    const state = stolen.searchParams.get('state') ?? '';
    const urls = Array.from({ length: MUTATIONS }, (_, index) => mutate(stolen, { code, state }, index));
    const answers = await inTurns(urls, (url) => callBack(victim.browser, url));
    for (const { status } of answers) expect([400, 403, 404, 429]).toContain(status);
    expect(await exchanges()).toBe(0);
    // With the victim's own state the code is no longer the attacker's attempt: the platform refuses it, bound as it is.
    stolen.searchParams.set('state', victimState);
    stolen.searchParams.set('code', `${code}x`);
    await callBack(victim.browser, stolen.href);
    expect((await listAccounts(victim, mine.ws)).counts.all).toBe(0);
    expect((await listAccounts(attacker, theirs.ws)).counts.all).toBe(0);
  });
});

describe('T6: guessing', () => {
  let service: InProcessService;
  let victim: Person;
  let started: Started;

  beforeAll(async () => {
    service = await InProcessService.start();
    victim = await service.as('victim');
    started = await startConnection(victim, await createWorkspace(victim), { platform: 'linkedin' });
  });
  afterAll(() => service.stop());

  /** The answers apart from the time to wait: first the one of what does not exist, then that there were too many. */
  const expectUniform = (answers: readonly Answer[], status: number): void => {
    const texts = (one: number) => new Set(answers.filter((answer) => answer.status === one).map(({ text }) => text));
    expect([texts(status).size, texts(429).size]).toEqual([1, 1]);
    expect(answers.filter((answer) => answer.status === status)).toHaveLength(GUESSES_ALLOWED);
    expect(answers.filter((answer) => answer.status === 429)).toHaveLength(answers.length - GUESSES_ALLOWED);
    expect(Number(answers.at(-1)?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  };
  const headers = { 'x-correlation-id': 'guess' };

  it('states has one answer, and soon another: too many', async () => {
    const state = new URL(started.authorizationUrl).searchParams.get('state') ?? '';
    const near = Array.from(state, (_, index) => `${state.slice(0, index)}!${state.slice(index + 1)}`);
    const guesses = [...near, ...Array.from({ length: GUESSES }, () => randomBytes(32).toString('base64url'))];
    const answers = await inTurns(guesses, (guess) =>
      victim.browser.call(`/v1/oauth/linkedin/callback?code=x&state=${encodeURIComponent(guess)}`, { headers }),
    );
    expectUniform(answers, 400);
    expect(await service.sandbox.calls()).toEqual([]);
  });

  it.each(['GET', 'POST'])('start links by %s has one answer, and soon another', async (method) => {
    await service.restart();
    const secret = started.startUrl.split('/').at(-1) ?? '';
    const near = Array.from(secret, (_, index) => `${secret.slice(0, index)}!${secret.slice(index + 1)}`);
    const guesses = [...near, ...Array.from({ length: GUESSES / 4 }, () => randomBytes(32).toString('base64url'))];
    const answers = await inTurns(guesses, (guess) =>
      service.newBrowser().call(`/v1/oauth/start/${guess}`, { method, headers }),
    );
    expectUniform(answers, 404);
  });

  it('keeps nobody from what is theirs', async () => {
    expect((await service.newBrowser().call(started.startUrl)).status).toBe(200);
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    expect((await callBack(victim.browser, callbackUrl)).status).toBe(302);
  });
});

/** The callback with its secrets altered in one of many ways, never with the attacker's own cookie. */
function mutate(
  callback: URL,
  { code, state }: { readonly code: string; readonly state: string },
  index: number,
): string {
  const url = new URL(callback);
  const at = index % state.length;
  const states = [
    state,
    `${state.slice(0, at)}${state[at] === 'a' ? 'b' : 'a'}${state.slice(at + 1)}`,
    state.slice(0, at),
    `${state}${randomBytes(index % 8).toString('hex')}`,
    state.toUpperCase(),
    randomBytes(32).toString('base64url'),
    ` ${state}`,
    `${state}\u0000`,
  ];
  url.searchParams.set('state', states[index % states.length] ?? state);
  if (index % 3 === 0) url.searchParams.set('code', randomBytes(16).toString('hex'));
  if (index % 5 === 0) url.searchParams.append('state', state);
  if (index % 7 === 0) url.searchParams.set('error', 'access_denied');
  if (index % 11 === 0) url.searchParams.append('code', code);
  return url.href;
}
