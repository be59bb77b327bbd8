import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseStreamName, type DataKey } from '#kernel';
import { grant, socialAccount } from '#social-accounts';
import { openSpecStores, type SpecStores } from '../../libs/kernel/spec-stores.js';
import { tokenHealth, type TokenHealth } from '../../libs/social-accounts/domain/token-status.js';
import { consentArbitrary, START, SUBJECTS } from './random-histories.js';
import { DAY_MS, Team, type ConsentOf } from './team.js';
import { keysOf, World } from './world.js';

const RUNS = 150;
const PAGES = [0, 1, 2, 3, 4, 5];

/** What anybody would say about the accounts of a team, in as few words as possible. */
class SimpleTeam {
  now = START.getTime();
  readonly accounts = new Map<number, { login: number; isLost: boolean; lacks: boolean; number: number }>();
  /** When the token of each login ends. */
  readonly ends = new Map<number, number>();
  #numbers = 0;

  consent({ person, chosen, alsoReached, lastsDays, missing }: ConsentOf): void {
    this.ends.set(person, lastsDays === null ? Infinity : this.now + lastsDays * DAY_MS);
    for (const page of chosen) {
      const number = this.accounts.get(page)?.number ?? (this.#numbers += 1);
      this.accounts.set(page, { login: person, isLost: false, lacks: missing, number });
    }
    for (const [page, account] of this.accounts) {
      if (account.login !== person || chosen.includes(page)) continue;
      account.isLost = !alsoReached.includes(page);
      if (!account.isLost) account.lacks = missing;
    }
  }

  remove(page: number): void {
    this.accounts.delete(page);
  }

  healthOf(page: number): TokenHealth | null {
    const account = this.accounts.get(page);
    if (!account) return null;
    const left = (this.ends.get(account.login) ?? 0) - this.now;
    if (left <= 0) return 'lapsed';
    if (account.isLost) return 'access-lost';
    if (left <= 30 * DAY_MS) return 'expiring';
    return account.lacks ? 'missing-permissions' : 'ok';
  }

  /** The logins that feed at least one account. */
  logins(): readonly number[] {
    return [...new Set([...this.accounts.values()].map(({ login }) => login))].sort();
  }
}

interface RealTeam {
  readonly world: World;
  readonly team: Team;
  /** The id that each numbered account of the simple team has here. */
  readonly ids: Map<number, string>;
}

function realHealth({ world, team }: RealTeam, page: number): TokenHealth | null {
  const id = team.account(page);
  if (!id) return null;
  const account = world.state(socialAccount, id);
  if (account.removed) return null;
  const { lifetime, expired } = world.state(grant, account.grantId ?? '');
  const hasMissingPermissions = account.permissions.missing.length > 0;
  const { accessLost } = account;
  const facts = { expiresAt: lifetime?.expiresAt ?? null, expired, accessLost, hasMissingPermissions, windowDays: 30 };
  return tokenHealth(facts, world.now);
}

/** An account keeps its id as long as it lives, and no other one ever has it (T7, R5). */
function expectSameIds(model: SimpleTeam, { team, ids }: RealTeam): void {
  for (const [page, { number }] of model.accounts) {
    const id = team.account(page) ?? '';
    expect(ids.get(number) ?? id).toBe(id);
    ids.set(number, id);
  }
  expect(new Set(ids.values()).size).toBe(ids.size);
}

/** In each lifetime of a grant each step is announced once at most, and the end once, with nothing behind it (T6). */
function expectQuietNotices({ world }: RealTeam): void {
  for (const [name, { events }] of world.streams) {
    if (parseStreamName(name).category !== 'grant') continue;
    let told: string[] = [];
    for (const { type, data } of events) {
      if (type === 'GrantRenewed') told = [];
      if (type !== 'TokenExpired' && type !== 'TokenExpiringSoon') continue;
      const notice = String(data['step'] ?? 'end');
      expect(told).not.toContain(notice);
      expect(told).not.toContain('end');
      told.push(notice);
    }
  }
}

function expectAlike(model: SimpleTeam, real: RealTeam): void {
  expect(PAGES.map((page) => realHealth(real, page))).toEqual(PAGES.map((page) => model.healthOf(page)));
  const living = [0, 1, 2].filter((person) => real.team.grant(person) !== undefined);
  expect(living).toEqual(model.logins());
  expectSameIds(model, real);
  expectQuietNotices(real);
}

type Command = fc.Command<SimpleTeam, RealTeam>;
const command = (name: string, model: (of: SimpleTeam) => void, real: (of: RealTeam) => void): Command => ({
  check: () => true,
  run: (simple, actual) => {
    model(simple);
    real(actual);
    expectAlike(simple, actual);
  },
  toString: () => name,
});

const commands = fc.commands(
  [
    consentArbitrary.map((consent) =>
      command(
        `consent ${JSON.stringify(consent)}`,
        (model) => model.consent(consent),
        ({ team }) => team.consent(consent),
      ),
    ),
    fc.constantFrom(...PAGES).map((page) =>
      command(
        `remove ${page}`,
        (model) => model.remove(page),
        ({ team }) => team.remove(page),
      ),
    ),
    fc.constantFrom(1, DAY_MS, 7 * DAY_MS, 29 * DAY_MS, 30 * DAY_MS).map((ms) =>
      command(
        `${ms} ms pass`,
        (model) => (model.now += ms),
        ({ world }) => world.pass(ms),
      ),
    ),
    fc.constant(
      command(
        'the watch looks',
        () => undefined,
        ({ team }) => team.watch(),
      ),
    ),
  ],
  { maxCommands: 24, size: '+1' },
);

describe('the life of accounts', () => {
  let stores: SpecStores;
  let keys: ReadonlyMap<string, DataKey>;
  beforeAll(async () => {
    stores = await openSpecStores();
    keys = await keysOf(stores.vault, SUBJECTS);
  });
  afterAll(() => stores.dispose());

  it('is what a simple model says: connected, reconnected, healed, lost, expired and removed in any order', () => {
    fc.assert(
      fc.property(commands, (steps) => {
        fc.modelRun(() => {
          const world = new World(START, keys);
          return { model: new SimpleTeam(), real: { world, team: new Team(world, 'north'), ids: new Map() } };
        }, steps);
      }),
      { numRuns: RUNS },
    );
  });
});
