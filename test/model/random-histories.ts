import fc from 'fast-check';
import type { DataKey } from '#kernel';
import { DAY_MS, Team, type ConsentOf } from './team.js';
import { idOf, World } from './world.js';

export const START = new Date('2029-03-01T09:00:00Z');
const TEAMS = ['north', 'south'];
const IDS_PER_TEAM = 100;

/** Every id that a random history can hold. */
export const SUBJECTS: readonly string[] = TEAMS.flatMap((team) => [
  idOf('ws', team),
  ...(['acc', 'grt', 'con'] as const).flatMap((prefix) =>
    Array.from({ length: IDS_PER_TEAM }, (_, index) => idOf(prefix, `${team}-${index + 1}`)),
  ),
]);

const small = fc.nat({ max: 5 });
const subset = fc.uniqueArray(small, { maxLength: 4 });
export const consentArbitrary: fc.Arbitrary<ConsentOf> = fc.record({
  person: fc.nat({ max: 2 }),
  chosen: fc.uniqueArray(small, { minLength: 1, maxLength: 3 }),
  alsoReached: subset,
  lastsDays: fc.constantFrom(null, 0.01, 2, 29, 30, 45, 90),
  missing: fc.boolean(),
  face: small,
});

export type Step = (team: Team) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: consentArbitrary.map(
      (consent): Step =>
        (team) =>
          team.consent(consent),
    ),
  },
  {
    weight: 2,
    arbitrary: small.map(
      (external): Step =>
        (team) =>
          team.remove(external),
    ),
  },
  { weight: 2, arbitrary: fc.constant<Step>((team) => team.watch()) },
  {
    weight: 1,
    arbitrary: fc.tuple(small, small, small).map(
      ([a, b, c]): Step =>
        (team) =>
          team.changeSettings(a, b, c),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(small, small, fc.option(subset)).map(
      ([user, role, accounts]): Step =>
        (team) =>
          team.setMember(user, role, accounts),
    ),
  },
  {
    weight: 1,
    arbitrary: small.map(
      (user): Step =>
        (team) =>
          team.removeMember(user),
    ),
  },
  {
    weight: 1,
    arbitrary: small.map(
      (end): Step =>
        (team) =>
          team.attemptInVain(end),
    ),
  },
);

/** What happens in two workspaces, one thing after the other, with time in between. */
export const historyArbitrary = fc.array(
  fc.record({
    team: fc.nat({ max: 1 }),
    step,
    passesMs: fc.constantFrom(0, 1, 60_000, DAY_MS, 7 * DAY_MS, 29 * DAY_MS),
  }),
  { minLength: 1, maxLength: 18 },
);

export type History = typeof historyArbitrary extends fc.Arbitrary<infer Steps> ? Steps : never;

/** Lets it happen. */
export function happen(history: History, keys: ReadonlyMap<string, DataKey>): World {
  const world = new World(START, keys);
  const teams = TEAMS.map((name) => new Team(world, name));
  for (const { team, step: happens, passesMs } of history) {
    const found = teams[team];
    if (found) happens(found);
    world.pass(passesMs);
  }
  return world;
}
