import { ERASED, type ReadModel } from '#kernel';
import type { Role } from '../domain/roles.js';
import { evolveAccess, type WorkspaceEvent, type WorkspaceSettings } from '../domain/workspace.js';

/** A workspace as it is read: its settings and its members. */
export type WorkspaceRow = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly revision: number;
  readonly timezone: string;
  readonly expiringWindow: string;
  readonly noticeSteps: readonly string[];
  readonly members: {
    readonly [userId: string]: {
      readonly role: Role;
      readonly access: 'all' | readonly string[];
      readonly addedAt: string;
    };
  };
};

const EMPTY: Omit<WorkspaceRow, keyof WorkspaceSettings | 'id' | 'createdAt'> = { name: '', revision: 0, members: {} };

/** Workspaces with their members, found by member. */
export const workspacesReadModel: ReadModel<WorkspaceRow> = {
  name: 'workspaces',
  version: 1,
  partitions: 1,
  fields: {},
  indexes: {},
  terms: ['member'],
  follows: ['workspace'],
  readsPersonalData: true,
  project(row, { event, personal, recorded }) {
    const name = personal === null || personal === ERASED ? undefined : (personal as { readonly name: string }).name;
    const next = fold(row, event as WorkspaceEvent, recorded.metadata.workspaceId);
    return { ...next, ...(name === undefined ? {} : { name }), revision: recorded.revision };
  },
  describe: (key, row) => ({
    fields: {},
    terms: { member: { scope: '', values: Object.keys(row.members) } },
    dueAt: null,
  }),
};

function fold(row: WorkspaceRow | null, event: WorkspaceEvent, workspaceId: string): WorkspaceRow {
  if (event.type === 'WorkspaceCreated') {
    const { timezone, expiringWindow, noticeSteps, createdAt } = event.data;
    return { ...EMPTY, id: workspaceId, createdAt, timezone, expiringWindow, noticeSteps };
  }
  if (row === null) throw new Error('A workspace begins with WorkspaceCreated.');
  switch (event.type) {
    case 'WorkspaceRenamed':
      return row;
    case 'WorkspaceSettingsChanged': {
      const { timezone, expiringWindow, noticeSteps } = event.data;
      return {
        ...row,
        timezone: timezone ?? row.timezone,
        expiringWindow: expiringWindow ?? row.expiringWindow,
        noticeSteps: noticeSteps ?? row.noticeSteps,
      };
    }
    default:
      return { ...row, members: foldMembers(row.members, event) };
  }
}

function foldMembers(
  members: WorkspaceRow['members'],
  event: Extract<WorkspaceEvent, { type: `Member${string}` }>,
): WorkspaceRow['members'] {
  const { userId } = event.data;
  const known = members[userId];
  switch (event.type) {
    case 'MemberAdded': {
      const { role, access, accountIds, addedAt } = event.data;
      return { ...members, [userId]: { role, access: access === 'all' ? 'all' : [...accountIds].sort(), addedAt } };
    }
    case 'MemberRoleChanged':
      return known ? { ...members, [userId]: { ...known, role: event.data.role } } : members;
    case 'MemberAccountAccessChanged': {
      if (!known) return members;
      const access = evolveAccess(known.access === 'all' ? 'all' : new Set(known.access), event.data);
      return { ...members, [userId]: { ...known, access: access === 'all' ? 'all' : [...access].sort() } };
    }
    case 'MemberRemoved': {
      const { [userId]: _removed, ...others } = members;
      return others;
    }
  }
}
