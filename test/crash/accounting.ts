import type { Account, Member, Workspace } from '#contract';
import { parseStreamName, type RecordedEvent } from '#kernel';
import { isForNow } from '../support/service/patient-browser.js';
import { listAccounts } from '../support/service/steps.js';
import { sendOnce, textOf, type LoadCommand } from './commands.js';
import type { Site, Stage } from './stages.js';

/** The consequences of a selection of three Pages of one login, by how often each type is written. */
const COMPLETION: Readonly<Record<string, number>> = {
  GrantObtained: 1,
  GrantAttached: 3,
  AccountConnected: 3,
  ConnectionCompleted: 1,
};

/** A command's own events: those of its consequences are in other streams, or of other types. */
export function eventsOf<Event extends Pick<RecordedEvent, 'stream' | 'type'> & { readonly metadata: object }>(
  command: LoadCommand,
  events: readonly Event[],
): readonly Event[] {
  return events.filter(
    ({ metadata, stream, type }) =>
      '$correlationId' in metadata &&
      metadata.$correlationId === command.correlationId &&
      parseStreamName(stream).category === command.category &&
      command.writes.includes(type),
  );
}

/**
 * Asks again under every key, often twice at once: what was answered is answered again; what was not is carried out now,
 * or was already, and then answered the same once more.
 */
export async function retryUnderKeys(commands: readonly LoadCommand[]): Promise<readonly string[]> {
  const keyed = commands.filter(({ key }) => key !== null);
  return (await Promise.all(keyed.map(retryOne))).flat();
}

async function retryOne(command: LoadCommand): Promise<readonly string[]> {
  const wasAnswered = command.answers.length > 0;
  const isSentTwice = !wasAnswered || command.isTwin;
  const again = await Promise.all(isSentTwice ? [sendOnce(command), sendOnce(command)] : [sendOnce(command)]);
  // What was carried out only now has to be answered once more as it was.
  if (!wasAnswered) again.push(await sendOnce(command));
  const answers = [...command.answers, ...again.filter((answer) => !isForNow(answer))];
  const different = new Set(answers.map(textOf));
  const name = `${command.method} ${command.path} (${command.correlationId})`;
  const faults = different.size === 1 ? [] : [`${name} was answered differently: ${[...different].join(' and then ')}`];
  command.answers.push(...answers.slice(command.answers.length));
  return [...faults, ...answers.filter(isUnexpected).map((answer) => `${name}: ${answer.status} ${answer.text}`)];
}

const isUnexpected = ({ status }: { readonly status: number }): boolean => status < 200 || status > 299;

/** Where the log does not agree with what the clients of a load were told: acknowledged is there once, the rest wholly or not at all. */
export function faultsOfLoad(commands: readonly LoadCommand[], events: readonly RecordedEvent[]): readonly string[] {
  const byCorrelation = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const { $correlationId } = event.metadata;
    byCorrelation.set($correlationId, [...(byCorrelation.get($correlationId) ?? []), event]);
  }
  return commands.flatMap((command) => {
    const all = byCorrelation.get(command.correlationId) ?? [];
    return faultsOfCommand(command, eventsOf(command, all), all).map(
      (fault) => `${command.kind} ${command.correlationId} (key: ${command.key ?? 'none'}): ${fault}`,
    );
  });
}

function faultsOfCommand(
  command: LoadCommand,
  own: readonly RecordedEvent[],
  all: readonly RecordedEvent[],
): readonly string[] {
  const faults: string[] = [];
  const [answer] = command.answers;
  const types = own.map(({ type }) => type).join();
  if (answer && isUnexpected(answer)) faults.push(`answered ${answer.status} ${answer.text}`);
  if (types !== command.writes.join() && (types !== '' || answer)) faults.push(`wrote '${types}'`);
  if (command.kind === 'select') return [...faults, ...faultsOfCompletion(own, all)];
  const { revision, position } = (answer?.body ?? {}) as { readonly revision?: number; readonly position?: string };
  const last = own.at(-1);
  if (answer && (last?.revision !== revision || last?.position !== position))
    faults.push(`was told ${String(revision)} at ${String(position)}, and stands at ${String(last?.position)}`);
  if (all.length !== own.length) faults.push(`wrote more: ${all.map(({ type }) => type).join()}`);
  return faults;
}

/** A selection that was decided is carried out to its end, once. */
function faultsOfCompletion(own: readonly RecordedEvent[], all: readonly RecordedEvent[]): readonly string[] {
  return Object.entries(COMPLETION).flatMap(([type, times]) => {
    const found = all.filter((event) => event.type === type).length;
    return found === times * own.length ? [] : [`wrote ${type} ${found} times`];
  });
}

/** Where the queries do not agree with the log, for the workspaces of a load and for what it made. */
export async function faultsOfAnswers(
  sites: readonly (Site | Stage)[],
  commands: readonly LoadCommand[],
  events: readonly RecordedEvent[],
): Promise<readonly string[]> {
  const done = commands.filter((command) => eventsOf(command, events).length > 0);
  const made = done.filter(({ kind, answers }) => (kind === 'create' || kind === 'start') && answers.length > 0);
  const things = made.map(async ({ kind, owner, path, answers }) => {
    const { id } = answers[0]?.body as { readonly id: string };
    const { status } = await owner.get(`${path}/${id}`);
    return status === 200 ? [] : [`${kind} ${id} reads as ${status}`];
  });
  const workspaces = sites.map(async (site) => {
    const ofSite = done.filter((command) => command.site === site);
    const faults = await faultsOfWorkspace(site, ofSite, events);
    return 'authorized' in site ? [...faults, ...(await faultsOfAccounts(site, ofSite, events))] : faults;
  });
  return (await Promise.all([...things, ...workspaces])).flat();
}

async function faultsOfWorkspace(
  { owner, workspaceId }: Site,
  done: readonly LoadCommand[],
  events: readonly RecordedEvent[],
): Promise<readonly string[]> {
  const path = `/v1/workspaces/${workspaceId}`;
  const { items } = (await owner.get<{ readonly items: readonly Member[] }>(`${path}/members?limit=200`)).body;
  const { name } = (await owner.get<Workspace>(path)).body;
  const added = done.flatMap(({ kind, body }) => (kind === 'add-member' ? [(body as { userId: string }).userId] : []));
  const placeOf = (command: LoadCommand): number => {
    const [last] = eventsOf(command, events).slice(-1);
    return last === undefined ? -1 : events.indexOf(last);
  };
  const changes = done.filter(({ kind }) => kind === 'change');
  const [newest] = changes.sort((one, other) => placeOf(other) - placeOf(one));
  return [
    ...differences(
      `the members of ${workspaceId}`,
      ['ada', ...added],
      items.map(({ userId }) => userId),
    ),
    ...differences(
      `the name of ${workspaceId}`,
      [newest ? (newest.body as { name: string }).name : 'Corner Shop'],
      [name],
    ),
  ];
}

async function faultsOfAccounts(
  { owner, workspaceId, sole, pair, authorized }: Stage,
  done: readonly LoadCommand[],
  events: readonly RecordedEvent[],
): Promise<readonly string[]> {
  const removed = new Set(done.flatMap(({ kind, path }) => (kind === 'remove' ? [path.split('/').at(-1)] : [])));
  const stream = `connection-${authorized.id}`;
  const completed = events.find((event) => event.stream === stream && event.type === 'ConnectionCompleted');
  const selected = (completed?.data['accountIds'] ?? []) as readonly string[];
  const { items } = await listAccounts(owner, workspaceId, 'limit=200');
  const live = [sole, ...pair].filter((id) => !removed.has(id));
  return differences(
    `the accounts of ${workspaceId}`,
    [...live, ...selected],
    items.map(({ id }: Account) => id),
  );
}

function differences(what: string, expected: readonly string[], actual: readonly string[]): readonly string[] {
  const [one, other] = [[...expected].sort().join(), [...actual].sort().join()];
  return one === other ? [] : [`${what} read as ${other}, and the log says ${one}`];
}
