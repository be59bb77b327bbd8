import { z } from 'zod';
import { notFound, Refusal, type Decision, type EventOf, type StreamDefinition } from '#kernel';
import { mayTouch, ROLES, type AccountAccess, type Role } from './roles.js';

/** Lists in events hold at most this many ids. */
const IDS_PER_EVENT = 200;

const userId = z.string().min(1).max(200);
const role = z.enum(ROLES);
const accountIds = z.array(z.string()).max(IDS_PER_EVENT);
const duration = z.string().regex(/^P\d{1,3}D$/);
const name = z.strictObject({ name: z.string().min(1).max(200) });
const settings = {
  timezone: z.string().max(100),
  expiringWindow: duration,
  noticeSteps: z.array(duration).min(1).max(10),
};

export const workspaceEvents = {
  WorkspaceCreated: {
    version: 1,
    data: z.strictObject({ ...settings, nameDigest: z.string(), createdAt: z.string() }),
    personal: name,
  },
  WorkspaceRenamed: { version: 1, data: z.strictObject({ nameDigest: z.string() }), personal: name },
  WorkspaceSettingsChanged: { version: 1, data: z.strictObject(settings).partial() },
  MemberAdded: {
    version: 1,
    data: z.strictObject({
      userId,
      role,
      access: z.enum(['all', 'listed']),
      accountIds,
      count: z.int(),
      addedAt: z.string(),
    }),
  },
  MemberRoleChanged: { version: 1, data: z.strictObject({ userId, role }) },
  MemberAccountAccessChanged: {
    version: 1,
    data: z.strictObject({
      userId,
      access: z.enum(['all', 'listed']),
      added: accountIds,
      removed: accountIds,
      /** How many accounts are listed afterwards. */
      count: z.int(),
    }),
  },
  MemberRemoved: { version: 1, data: z.strictObject({ userId }) },
};
export type WorkspaceEvent = EventOf<typeof workspaceEvents>;

export interface Member {
  readonly role: Role;
  readonly access: AccountAccess;
}

export interface WorkspaceSettings {
  readonly timezone: string;
  /** How long before its end a token counts as expiring soon: ISO 8601, in days. */
  readonly expiringWindow: string;
  /** When notices are due before a token's end: ISO 8601, in days, longest first. */
  readonly noticeSteps: readonly string[];
}

export const DEFAULT_SETTINGS = { expiringWindow: 'P30D', noticeSteps: ['P30D', 'P7D', 'P1D'] } as const;

export interface WorkspaceState {
  readonly exists: boolean;
  readonly nameDigest: string;
  readonly settings: WorkspaceSettings;
  readonly members: ReadonlyMap<string, Member>;
}

export const workspace: StreamDefinition<typeof workspaceEvents, WorkspaceState> = {
  category: 'workspace',
  events: workspaceEvents,
  initial: { exists: false, nameDigest: '', settings: { timezone: 'UTC', ...DEFAULT_SETTINGS }, members: new Map() },
  evolve(state, event) {
    switch (event.type) {
      case 'WorkspaceCreated': {
        const { timezone, expiringWindow, noticeSteps, nameDigest } = event.data;
        return { ...state, exists: true, nameDigest, settings: { timezone, expiringWindow, noticeSteps } };
      }
      case 'WorkspaceRenamed':
        return { ...state, nameDigest: event.data.nameDigest };
      case 'WorkspaceSettingsChanged':
        return { ...state, settings: { ...state.settings, ...withoutUndefined(event.data) } };
      case 'MemberAdded':
      case 'MemberRoleChanged':
      case 'MemberAccountAccessChanged':
      case 'MemberRemoved':
        return { ...state, members: evolveMembers(state.members, event) };
    }
  },
};

type MemberEvent = Extract<WorkspaceEvent, { type: `Member${string}` }>;

function evolveMembers(members: ReadonlyMap<string, Member>, event: MemberEvent): ReadonlyMap<string, Member> {
  const next = new Map(members);
  const known = members.get(event.data.userId);
  switch (event.type) {
    case 'MemberAdded': {
      const access = event.data.access === 'all' ? 'all' : new Set(event.data.accountIds);
      return next.set(event.data.userId, { role: event.data.role, access });
    }
    case 'MemberRoleChanged':
      return known ? next.set(event.data.userId, { ...known, role: event.data.role }) : next;
    case 'MemberAccountAccessChanged':
      return known ? next.set(event.data.userId, { ...known, access: evolveAccess(known.access, event.data) }) : next;
    case 'MemberRemoved':
      next.delete(event.data.userId);
      return next;
  }
}

/** The access after a change written as added and removed ids. */
export function evolveAccess(
  before: AccountAccess,
  change: { readonly access: 'all' | 'listed'; readonly added: readonly string[]; readonly removed: readonly string[] },
): AccountAccess {
  if (change.access === 'all') return 'all';
  const ids = new Set(before === 'all' ? [] : before);
  for (const id of change.removed) ids.delete(id);
  for (const id of change.added) ids.add(id);
  return ids;
}

/** Who asks: a member of the workspace, or a part of the service itself. */
export type Asker = { readonly userId: string } | 'system';

export function createWorkspace(
  state: WorkspaceState,
  command: {
    readonly name: string;
    readonly nameDigest: string;
    readonly timezone: string;
    readonly ownerId: string;
    readonly at: Date;
  },
): Decision<WorkspaceEvent> {
  if (state.exists) return [];
  const at = command.at.toISOString();
  const { nameDigest, timezone, ownerId } = command;
  return [
    {
      type: 'WorkspaceCreated',
      data: {
        timezone,
        ...DEFAULT_SETTINGS,
        noticeSteps: [...DEFAULT_SETTINGS.noticeSteps],
        nameDigest,
        createdAt: at,
      },
      personal: { name: command.name },
    },
    {
      type: 'MemberAdded',
      data: { userId: ownerId, role: 'owner', access: 'all', accountIds: [], count: 0, addedAt: at },
    },
  ];
}

export function changeWorkspace(
  state: WorkspaceState,
  command: { readonly name?: { readonly text: string; readonly digest: string } } & Partial<WorkspaceSettings>,
): Decision<WorkspaceEvent> {
  if (!state.exists) return notFound('workspace');
  const events: WorkspaceEvent[] = [];
  if (command.name && command.name.digest !== state.nameDigest) {
    events.push({
      type: 'WorkspaceRenamed',
      data: { nameDigest: command.name.digest },
      personal: { name: command.name.text },
    });
  }
  const { timezone, expiringWindow, noticeSteps } = command;
  const now = state.settings;
  const changed = {
    ...(timezone !== undefined && timezone !== now.timezone ? { timezone } : {}),
    ...(expiringWindow !== undefined && expiringWindow !== now.expiringWindow ? { expiringWindow } : {}),
    ...(noticeSteps !== undefined && noticeSteps.join() !== now.noticeSteps.join()
      ? { noticeSteps: [...noticeSteps] }
      : {}),
  };
  if (Object.keys(changed).length > 0) events.push({ type: 'WorkspaceSettingsChanged', data: changed });
  return events;
}

/** Adds a member, or gives one that is there another role or other accounts. */
export function setMember(
  state: WorkspaceState,
  command: {
    readonly asker: Asker;
    readonly userId: string;
    readonly role?: Role;
    readonly access?: AccountAccess;
    readonly mustExist: boolean;
    readonly at: Date;
  },
): Decision<WorkspaceEvent> {
  if (!state.exists) return notFound('workspace');
  const { userId } = command;
  const known = state.members.get(userId);
  if (!known && command.mustExist) return notFound('member');
  const next: Member = {
    role: command.role ?? known?.role ?? 'viewer',
    access: command.access ?? known?.access ?? 'all',
  };
  const refusal = mayChange(state, command.asker, known, next);
  if (refusal) return refusal;
  if (!known) return addMember(userId, next, command.at);
  if (known.role === 'owner' && next.role !== 'owner' && ownersOf(state) === 1) return lastOwner();
  const events: WorkspaceEvent[] = [];
  if (next.role !== known.role) events.push({ type: 'MemberRoleChanged', data: { userId, role: next.role } });
  return [...events, ...changeAccess(userId, known.access, next.access)];
}

export function removeMember(
  state: WorkspaceState,
  command: { readonly asker: Asker; readonly userId: string },
): Decision<WorkspaceEvent> {
  const known = state.members.get(command.userId);
  if (!known) return notFound('member');
  const refusal = mayChange(state, command.asker, known, known);
  if (refusal) return refusal;
  if (known.role === 'owner' && ownersOf(state) === 1) return lastOwner();
  return [{ type: 'MemberRemoved', data: { userId: command.userId } }];
}

/** Lets a member with listed accounts see accounts that they connected. */
export function addConnectedAccounts(
  state: WorkspaceState,
  command: { readonly userId: string; readonly accountIds: readonly string[] },
): Decision<WorkspaceEvent> {
  const known = state.members.get(command.userId);
  if (!known || known.access === 'all') return [];
  return changeAccess(command.userId, known.access, new Set([...known.access, ...command.accountIds]));
}

function mayChange(state: WorkspaceState, asker: Asker, before: Member | undefined, after: Member): Refusal | null {
  if (asker === 'system') return null;
  const actor = state.members.get(asker.userId);
  if (!actor) return notFound('workspace');
  if ((!before || mayTouch(actor, before)) && mayTouch(actor, after)) return null;
  return new Refusal(
    'permission-denied',
    'A role or account access that exceeds your own cannot be granted, changed or taken away.',
  );
}

const ownersOf = (state: WorkspaceState): number =>
  [...state.members.values()].filter((member) => member.role === 'owner').length;

const lastOwner = (): Refusal =>
  new Refusal('last-owner', 'A workspace keeps at least one owner. Make somebody else owner first.');

function addMember(userId: string, member: Member, at: Date): WorkspaceEvent[] {
  const ids = member.access === 'all' ? [] : [...member.access];
  const first = ids.slice(0, IDS_PER_EVENT);
  const added: WorkspaceEvent = {
    type: 'MemberAdded',
    data: {
      userId,
      role: member.role,
      access: member.access === 'all' ? 'all' : 'listed',
      accountIds: first,
      count: first.length,
      addedAt: at.toISOString(),
    },
  };
  return [added, ...(member.access === 'all' ? [] : changeAccess(userId, new Set(first), member.access))];
}

/** A change of access as added and removed ids, in as many events as it takes. */
function changeAccess(userId: string, before: AccountAccess, after: AccountAccess): WorkspaceEvent[] {
  if (after === 'all') {
    if (before === 'all') return [];
    return [{ type: 'MemberAccountAccessChanged', data: { userId, access: 'all', added: [], removed: [], count: 0 } }];
  }
  const listed = before === 'all' ? new Set<string>() : before;
  const added = [...after].filter((id) => !listed.has(id));
  const removed = [...listed].filter((id) => !after.has(id));
  if (before !== 'all' && added.length === 0 && removed.length === 0) return [];
  const events: WorkspaceEvent[] = [];
  let count = listed.size;
  for (let from = 0; from === 0 || from < Math.max(added.length, removed.length); from += IDS_PER_EVENT) {
    const some = { added: added.slice(from, from + IDS_PER_EVENT), removed: removed.slice(from, from + IDS_PER_EVENT) };
    count += some.added.length - some.removed.length;
    events.push({ type: 'MemberAccountAccessChanged', data: { userId, access: 'listed', ...some, count } });
  }
  return events;
}

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
