import type { Permission } from '#http';

export const ROLES = ['owner', 'admin', 'publisher', 'editor', 'contributor', 'viewer', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

const PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = (() => {
  const viewer: Permission[] = ['accounts:read', 'analytics:read'];
  const contributor: Permission[] = ['accounts:read', 'posts:draft'];
  const editor: Permission[] = [...contributor, 'posts:schedule', 'analytics:read'];
  const publisher: Permission[] = [
    ...editor,
    'accounts:connect',
    'accounts:update',
    'queue:write',
    'automations:write',
    'posts:publish',
  ];
  const admin: Permission[] = [
    ...publisher,
    'accounts:remove',
    'easyconnect:manage',
    'webhooks:manage',
    'members:manage',
    'workspace:manage',
  ];
  const owner: Permission[] = [...admin, 'audit:read'];
  return { owner, admin, publisher, editor, contributor, viewer, auditor: ['accounts:read', 'audit:read'] };
})();

/** What a role may do (M1). */
export const permissionsOf = (role: Role): readonly Permission[] => PERMISSIONS[role];

/** The accounts that a member may see and act on: all of the workspace's, or these. */
export type AccountAccess = 'all' | ReadonlySet<string>;

const covers = (mine: AccountAccess, other: AccountAccess): boolean =>
  mine === 'all' || (other !== 'all' && [...other].every((id) => mine.has(id)));

/**
 * Nobody climbs: whoever grants, changes or takes away a role or account access must have every permission and every account
 * of it, and only owners touch owners and auditors.
 */
export function mayTouch(
  actor: { readonly role: Role; readonly access: AccountAccess },
  target: { readonly role: Role; readonly access: AccountAccess },
): boolean {
  if ((target.role === 'owner' || target.role === 'auditor') && actor.role !== 'owner') return false;
  const mine = permissionsOf(actor.role);
  return (
    permissionsOf(target.role).every((permission) => mine.includes(permission)) && covers(actor.access, target.access)
  );
}
