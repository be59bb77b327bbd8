import { newId, type Actor } from '#kernel';
import { workspace } from '#workspaces';
import { AccountLife, digest, instant, type Chance, type HistoryStep, type Home } from './account-life.js';

const BEGINS_AT = Date.parse('2029-01-01T08:00:00Z');
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const JOIN_DAYS = 60;
/** How long accounts go on living; the last years of a log are not more interesting than the first. */
const LIFE_DAYS = 170;
/** Events that a life has on average, from which follows how many accounts a log of a size has. */
const EVENTS_PER_ACCOUNT = 22;
const ACCOUNTS_PER_WORKSPACE = 20;
/** So many accounts are connected in the same minutes, so that their events stand between each other's. */
const COHORT_ACCOUNTS = 100;

/**
 * The history of an installation in the order of time: workspaces of 20 accounts, which are connected in groups, warned,
 * reconnected or left to expire, changed, and some of them removed with their grants. It ends after so many events.
 */
export function* history(size: number): Generator<HistoryStep, void> {
  let events = 0;
  for (const step of inOrderOfTime(Math.ceil(size / EVENTS_PER_ACCOUNT))) {
    const { length } = step.events;
    if (events + length > size) return;
    events += length;
    yield step;
  }
}

/** An hour at a time: every life is asked for what it does in that hour, and all of it is put in order. */
function* inOrderOfTime(accounts: number): Generator<HistoryStep, void> {
  const chance = seededChance(1);
  const waiting = new Map<number, { readonly next: HistoryStep; readonly life: Iterator<HistoryStep, void> }[]>();
  const cohorts = Math.ceil(accounts / COHORT_ACCOUNTS);
  const cohortEveryMs = (JOIN_DAYS * DAY_MS) / cohorts;
  let begun = 0;
  for (let hour = 0; begun < cohorts || waiting.size > 0; hour += 1) {
    const end = BEGINS_AT + (hour + 1) * HOUR_MS;
    const lives: Iterator<HistoryStep, void>[] = [];
    for (; begun < cohorts && BEGINS_AT + begun * cohortEveryMs < end; begun += 1) {
      lives.push(...beginCohort(begun, BEGINS_AT + begun * cohortEveryMs, chance));
    }
    const steps: HistoryStep[] = [];
    const follow = (first: HistoryStep | undefined, life: Iterator<HistoryStep, void>): void => {
      for (let next = first; next; next = nextOf(life)) {
        if (next.at < end) steps.push(next);
        else {
          const later = Math.floor((next.at - BEGINS_AT) / HOUR_MS);
          const others = waiting.get(later);
          if (others) others.push({ next, life });
          else waiting.set(later, [{ next, life }]);
          return;
        }
      }
    };
    for (const { next, life } of waiting.get(hour) ?? []) follow(next, life);
    for (const life of lives) follow(nextOf(life), life);
    waiting.delete(hour);
    yield* steps.sort((a, b) => a.at - b.at);
  }
}

const nextOf = (life: Iterator<HistoryStep, void>): HistoryStep | undefined => {
  const next = life.next();
  return next.done === true ? undefined : next.value;
};

function beginCohort(cohort: number, at: number, chance: Chance): Iterator<HistoryStep, void>[] {
  const lives: Iterator<HistoryStep, void>[] = [];
  for (let place = 0; place < COHORT_ACCOUNTS / ACCOUNTS_PER_WORKSPACE; place += 1) {
    const workspaceId = newId('ws');
    const member: Actor = { type: 'user', id: newId('ws').slice(3) };
    lives.push(liveWorkspace({ workspaceId, member, index: cohort }, at, chance));
    for (let account = 0; account < ACCOUNTS_PER_WORKSPACE; account += 1) {
      const index = (cohort * COHORT_ACCOUNTS) / ACCOUNTS_PER_WORKSPACE + account;
      lives.push(liveAccount({ workspaceId, member, index }, at + MINUTE_MS * (1 + 5 * chance()), chance));
    }
  }
  return lives;
}

function* liveWorkspace({ workspaceId, member }: Home, begins: number, chance: Chance): Generator<HistoryStep, void> {
  const facts = { definition: workspace, id: workspaceId, workspaceId, actor: member };
  const step = (at: number, ...events: HistoryStep['events']): HistoryStep => ({ ...facts, at, events });
  const settings = { timezone: 'Europe/Berlin', expiringWindow: 'P30D', noticeSteps: ['P30D', 'P7D', 'P1D'] };
  const joins = { access: 'all', accountIds: [], count: 0, addedAt: instant(begins) };
  yield step(
    begins + MINUTE_MS * chance(),
    {
      type: 'WorkspaceCreated',
      data: { ...settings, nameDigest: digest(workspaceId), createdAt: instant(begins) },
      personal: { name: `Studio ${workspaceId.slice(-6)}` },
    },
    { type: 'MemberAdded', data: { userId: member.id, role: 'owner', ...joins } },
  );
  for (const role of ['editor', 'publisher'] as const) {
    yield step(begins + DAY_MS * (1 + chance()), {
      type: 'MemberAdded',
      data: { userId: `${member.id}-${role}`, role, ...joins },
    });
  }
  if (chance() > 0.1) return;
  const changed = { expiringWindow: 'P14D', noticeSteps: ['P14D', 'P3D'] };
  yield step(begins + DAY_MS * (40 + chance()), { type: 'WorkspaceSettingsChanged', data: changed });
  yield step(begins + DAY_MS * (50 + chance()), { type: 'MemberRemoved', data: { userId: `${member.id}-editor` } });
}

function* liveAccount(home: Home, begins: number, chance: Chance): Generator<HistoryStep, void> {
  const life = new AccountLife(home, chance);
  const ends = begins + LIFE_DAYS * DAY_MS;
  let consentAt = begins;
  if (chance() < 0.15) {
    yield* life.attemptInVain(begins);
    consentAt += 16 * MINUTE_MS;
  }
  yield* life.connect(consentAt);
  while (consentAt < ends) {
    yield* life.change(consentAt + DAY_MS * (1 + 25 * chance()));
    consentAt = yield* life.comeToTheEnd(consentAt);
    if (chance() < 0.12) return yield* life.remove(consentAt);
    yield* life.reconnect(consentAt);
  }
}

/** Every run of a benchmark writes the same history. */
function seededChance(seed: number): Chance {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
