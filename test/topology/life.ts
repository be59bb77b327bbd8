import { expect } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { faultsOfAnswers, faultsOfLoad, retryUnderKeys } from '../crash/accounting.js';
import type { Chance } from '../crash/chance.js';
import { type LoadCommand, mixCommands, sendAll } from '../crash/commands.js';
import { prepareSites, prepareStages, type Site, type Stage } from '../crash/stages.js';
import type { Acknowledged } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import type { ServiceUnderTest } from '../support/service/service-under-test.js';
import { connectOne, createWorkspace, listAccounts, reconnect, removeAccount } from '../support/service/steps.js';

const TEAMS = 2;
const SITES = 3;
const COMMANDS = 40;
const DAY_MS = 86_400_000;
/** Beyond the end of every token of the sandbox. */
const EXPIRY_DAYS = 120;
const MOVE_TRIES = 20;

/** A workspace whose accounts expire, are reconnected, removed and connected again. */
interface Team {
  readonly owner: Person;
  readonly workspaceId: string;
  readonly page: string;
  readonly profile: string;
  again: string | null;
}

/** What clients do with a service, again and again, and what they were told. It knows nothing of how the service is set up. */
export class Life {
  readonly #teams: Team[] = [];
  readonly #commands: LoadCommand[] = [];
  readonly #faults: string[] = [];
  #newest: { readonly sites: readonly (Site | Stage)[]; readonly commands: readonly LoadCommand[] } = {
    sites: [],
    commands: [],
  };

  constructor(
    private readonly service: ServiceUnderTest,
    private readonly chance: Chance,
  ) {}

  get teams(): number {
    return this.#teams.length;
  }

  get commands(): number {
    return this.#commands.length;
  }

  /** Workspaces and accounts; their tokens expire; reconnect, remove, connect again, while others send commands of every kind. */
  async goOn(): Promise<void> {
    const teams = await Promise.all(Array.from({ length: TEAMS }, () => this.#found()));
    await moveClock(this.service, EXPIRY_DAYS);
    await Promise.all([...teams.map((team) => this.#renew(team)), this.#sendCommands()]);
  }

  /** Where the log and the queries do not agree with what clients were told and did. */
  async faults(events: readonly RecordedEvent[], acknowledged: readonly Acknowledged[]): Promise<readonly string[]> {
    return [
      ...this.#faults,
      ...faultsOfLoad(this.#commands, events),
      ...(await faultsOfAnswers(this.#newest.sites, this.#newest.commands, events)),
      ...faultsOfAcknowledged(acknowledged, events),
      ...this.#teams.flatMap((team) => faultsOfTeam(team, events)),
      ...faultsOfNotices(events),
      ...(await Promise.all(this.#teams.map(faultsOfList))).flat(),
    ];
  }

  async #found(): Promise<Team> {
    const owner = await this.service.as('ada');
    const workspaceId = await createWorkspace(owner);
    const page = await connectOne(owner, workspaceId, FACEBOOK, { identity: 'ben', pick: ['Ben Bikes'] });
    const profile = await connectOne(owner, workspaceId, LINKEDIN, { identity: 'ada', pick: ['Ada Adams'] });
    const team = { owner, workspaceId, page, profile, again: null };
    this.#teams.push(team);
    return team;
  }

  async #renew(team: Team): Promise<void> {
    const { owner, workspaceId, page, profile } = team;
    expect(await statuses(team)).toEqual({ [page]: 'expired', [profile]: 'expired' });
    const reconnected = await reconnect(owner, workspaceId, page, { identity: 'ben' });
    expect(reconnected).toMatchObject({ status: 'completed', accountIds: [page] });
    await removeAccount(owner, workspaceId, profile);
    team.again = await connectOne(owner, workspaceId, LINKEDIN, { identity: 'ada', pick: ['Ada Adams'] });
    expect(await statuses(team)).toEqual({ [page]: 'valid', [team.again]: 'valid' });
  }

  async #sendCommands(): Promise<void> {
    const [stages, sites] = await Promise.all([prepareStages(this.service, 1), prepareSites(this.service, SITES)]);
    const commands = mixCommands(this.chance, { stages, sites }, COMMANDS);
    await sendAll(commands, () => undefined);
    // Under the same keys, as long as the keys live.
    this.#faults.push(...(await retryUnderKeys(commands)));
    this.#commands.push(...commands);
    this.#newest = { sites: [...stages, ...sites], commands };
  }
}

const FACEBOOK = { platform: 'facebook' };
const LINKEDIN = { platform: 'linkedin' };

async function statuses({ owner, workspaceId }: Team): Promise<Readonly<Record<string, string>>> {
  const { items } = await listAccounts(owner, workspaceId);
  return Object.fromEntries(items.map(({ id, token }) => [id, token.status]));
}

/** Moves the clock, going on where a move stopped whose process was killed. */
async function moveClock({ sandbox }: ServiceUnderTest, days: number): Promise<void> {
  const target = new Date((await sandbox.now()).getTime() + days * DAY_MS);
  let failure: unknown = null;
  for (let tries = 0; tries < MOVE_TRIES; tries += 1) {
    if ((await sandbox.now()) >= target) return;
    await sandbox.advance(target).catch((error: unknown) => (failure = error));
  }
  throw new Error('The clock does not come to its target.', { cause: failure });
}

/** Every command that was acknowledged stands where its answer said. */
export function faultsOfAcknowledged(
  acknowledged: readonly Acknowledged[],
  events: readonly RecordedEvent[],
): readonly string[] {
  const byPosition = new Map(events.map((event) => [event.position, event]));
  return acknowledged.flatMap(({ method, path, correlationId, position }) => {
    const stored = position === null ? undefined : byPosition.get(position)?.metadata.$correlationId;
    return stored === correlationId
      ? []
      : [
          `${method} ${path} (${correlationId}) was acknowledged at ${String(position)}, where ${String(stored)} stands`,
        ];
  });
}

/** Each account has one beginning and, where it was removed, one end. */
function faultsOfTeam({ page, profile, again }: Team, events: readonly RecordedEvent[]): readonly string[] {
  const times = (id: string, type: string): number =>
    events.filter((event) => event.stream === `socialAccount-${id}` && event.type === type).length;
  const expected: readonly (readonly [string, string, number])[] = [
    [page, 'AccountConnected', 1],
    [page, 'AccountRemoved', 0],
    [profile, 'AccountConnected', 1],
    [profile, 'AccountRemoved', again === null ? 0 : 1],
    ...(again === null ? [] : ([[again, 'AccountConnected', 1]] as const)),
  ];
  const faults = expected.flatMap(([id, type, count]) =>
    times(id, type) === count ? [] : [`${id} has ${type} ${times(id, type)} times`],
  );
  return again === null || times(page, 'AccountReconnected') > 0 ? faults : [...faults, `${page} was not reconnected`];
}

/** No notice and no end of a token is announced twice between two renewals. */
function faultsOfNotices(events: readonly RecordedEvent[]): readonly string[] {
  const announced = new Map<string, Set<string>>();
  return events.flatMap(({ stream, type, data }) => {
    if (type === 'GrantObtained' || type === 'GrantRenewed') announced.set(stream, new Set());
    if (type !== 'TokenExpiringSoon' && type !== 'TokenExpired') return [];
    const notice = `${type} ${String(data['step'] ?? '')}`;
    const before = announced.get(stream) ?? new Set();
    const isTwice = before.has(notice);
    announced.set(stream, before.add(notice));
    return isTwice ? [`${stream} announced ${notice} twice`] : [];
  });
}

async function faultsOfList(team: Team): Promise<readonly string[]> {
  const expected = [team.page, team.again ?? team.profile].sort().join();
  const listed = Object.keys(await statuses(team))
    .sort()
    .join();
  return listed === expected ? [] : [`the accounts of ${team.workspaceId} read as ${listed}, not ${expected}`];
}
