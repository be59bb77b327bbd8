import { randomUUID } from 'node:crypto';
import type { Answer } from '../support/service/browser.js';
import { isForNow } from '../support/service/patient-browser.js';
import type { Person } from '../support/service/person.js';
import type { Chance } from './chance.js';
import { selectableOf, type Site, type Stage } from './stages.js';

type Kind = 'create' | 'change' | 'add-member' | 'start' | 'select' | 'remove';

/** One command of a load: what is sent, what it writes when it is carried out, and what was answered. */
export interface LoadCommand {
  readonly kind: Kind;
  readonly owner: Person;
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
  /** In every event that it writes, so that they can be told from those of others. */
  readonly correlationId: string;
  /** Its Idempotency-Key, or null without one. */
  readonly key: string | null;
  /** Under its key it is sent twice at once. */
  readonly isTwin: boolean;
  /** The category of the stream that it writes to, and exactly the events. */
  readonly category: string;
  readonly writes: readonly string[];
  /** Where it does something; null where it makes a workspace. */
  readonly site: Site | null;
  /** What was answered before the kill; none of it, where the connection broke or the service turned it down for now. */
  readonly answers: Answer[];
}

type Asked = Pick<LoadCommand, 'kind' | 'method' | 'path' | 'body' | 'category' | 'writes' | 'site' | 'owner'>;

/** Of a hundred commands that are not tied to a stage's accounts, how many are of which kind. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ['create', 15],
  ['change', 35],
  ['add-member', 30],
  ['start', 20],
];
const KEYED = 0.5;
const TWINS = 0.2;

let serial = 0;

/** As many commands as asked for, in any order: each stage's selection and removals, and a mix of the others. */
export function mixCommands(
  chance: Chance,
  { stages, sites }: { readonly stages: readonly Stage[]; readonly sites: readonly Site[] },
  count: number,
): readonly LoadCommand[] {
  const tied = stages.flatMap((stage) => [
    selection(stage),
    removal(stage, stage.sole),
    ...stage.pair.map((id) => removal(stage, id)),
  ]);
  const everywhere = [...stages, ...sites];
  const others = Array.from({ length: Math.max(0, count - tied.length) }, () =>
    another(kindOf(chance.below(100)), everywhere[chance.below(everywhere.length)] as Site),
  );
  return chance.shuffled([...tied, ...others]).map((asked) => {
    const key = chance.isLucky(KEYED) ? randomUUID() : null;
    const isTwin = key !== null && chance.isLucky(TWINS);
    return { ...asked, correlationId: `load-${randomUUID()}`, key, isTwin, answers: [] };
  });
}

function kindOf(percent: number): Kind {
  let upTo = 0;
  for (const [kind, share] of SHARES) {
    upTo += share;
    if (percent < upTo) return kind;
  }
  return 'change';
}

function another(kind: Kind, site: Site): Asked {
  serial += 1;
  const base = `/v1/workspaces/${site.workspaceId}`;
  const { owner } = site;
  switch (kind) {
    case 'create': {
      const body = { name: `Shop ${serial}`, timezone: 'Europe/Vienna' };
      const writes = ['WorkspaceCreated', 'MemberAdded'];
      return { kind, method: 'POST', path: '/v1/workspaces', body, category: 'workspace', writes, site: null, owner };
    }
    case 'add-member': {
      const body = { userId: `member-${serial}`, role: 'editor', accountAccess: 'all' };
      const writes = ['MemberAdded'];
      return { kind, method: 'POST', path: `${base}/members`, body, category: 'workspace', writes, site, owner };
    }
    case 'start': {
      const body = { platform: 'facebook' };
      const writes = ['ConnectionStarted'];
      return { kind, method: 'POST', path: `${base}/connections`, body, category: 'connection', writes, site, owner };
    }
    default: {
      // Another name and other steps than any before, so that both events are written, or none.
      const body = { name: `Shop ${serial}`, noticeSteps: stepsOf(serial) };
      const writes = ['WorkspaceRenamed', 'WorkspaceSettingsChanged'];
      return { kind: 'change', method: 'PATCH', path: base, body, category: 'workspace', writes, site, owner };
    }
  }
}

/** Two durations that no other number has, up to 30,000. */
const stepsOf = (number: number): readonly string[] => {
  const short = 1 + (number % 182);
  return [`P${short}D`, `P${183 + (Math.floor(number / 182) % 182)}D`];
};

function selection(stage: Stage): Asked {
  const path = `/v1/workspaces/${stage.workspaceId}/connections/${stage.authorized.id}/selection`;
  const body = { candidateIds: selectableOf(stage.authorized) };
  const { owner } = stage;
  return { kind: 'select', method: 'POST', path, body, category: 'connection', writes: SELECTED, site: stage, owner };
}

const SELECTED = ['ConnectionSelected'];

function removal(stage: Stage, accountId: string): Asked {
  const path = `/v1/workspaces/${stage.workspaceId}/accounts/${accountId}`;
  const writes = ['AccountRemoved'];
  const { owner } = stage;
  return {
    kind: 'remove',
    method: 'DELETE',
    path,
    body: undefined,
    category: 'socialAccount',
    writes,
    site: stage,
    owner,
  };
}

/** Sends a command once. An answer that says "not now" is no acknowledgement. @throws when the connection breaks. */
export async function sendOnce(command: LoadCommand): Promise<Answer> {
  const { owner, path, method, body, correlationId, key } = command;
  const headers = { 'x-correlation-id': correlationId, ...(key === null ? {} : { 'idempotency-key': key }) };
  return owner.send(path, { method, body, headers });
}

/** Sends every command at once; `onAcknowledged` hears of each acknowledgement. Resolves when all are answered or broken off. */
export async function sendAll(commands: readonly LoadCommand[], onAcknowledged: () => void): Promise<void> {
  const send = async (command: LoadCommand): Promise<void> => {
    try {
      const answer = await sendOnce(command);
      if (isForNow(answer)) return;
      command.answers.push(answer);
      onAcknowledged();
    } catch {
      // The connection broke: whether it was carried out is for the log to say.
    }
  };
  await Promise.all(commands.flatMap((command) => (command.isTwin ? [send(command), send(command)] : [send(command)])));
}

/** What has to be the same when an answer is given again. */
export const textOf = ({ status, text, position, headers }: Answer): string =>
  JSON.stringify([status, text, position, headers.getSetCookie()]);
