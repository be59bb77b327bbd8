import type { CommandAnswer } from './answers.js';

export interface CreateWorkspace {
  readonly name: string;
  /** IANA zone, such as `Europe/Vienna`. */
  readonly timezone: string;
}

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly timezone: string;
  /** ISO 8601 duration: how long before a person is needed a token counts as expiring. */
  readonly expiringWindow: string;
  readonly noticeSteps: readonly string[];
  readonly createdAt: string;
  readonly revision: number;
}

export type WorkspaceCreated = CommandAnswer;

export type Role = 'owner' | 'admin' | 'publisher' | 'editor' | 'contributor' | 'viewer' | 'auditor';

export type Permission =
  | 'accounts:read'
  | 'accounts:connect'
  | 'accounts:update'
  | 'accounts:remove'
  | 'queue:write'
  | 'automations:write'
  | 'posts:draft'
  | 'posts:schedule'
  | 'posts:publish'
  | 'analytics:read'
  | 'easyconnect:manage'
  | 'webhooks:manage'
  | 'members:manage'
  | 'workspace:manage'
  | 'audit:read';

/** `all` accounts, or the ids of those that the member may see. */
export type AccountAccess = 'all' | readonly string[];

export interface Member {
  readonly userId: string;
  readonly role: Role;
  readonly accountAccess: AccountAccess;
  readonly addedAt: string;
}

/** What the caller may do in a workspace. A service principal has scopes and no role. */
export interface Me {
  readonly role: Role | null;
  readonly permissions: readonly Permission[];
  readonly accountAccess: AccountAccess;
}
