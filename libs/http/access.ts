import { isId, notFound, Refusal } from '#kernel';
import { Inject, Injectable } from '@nestjs/common';

export const PERMISSIONS = [
  'accounts:read',
  'accounts:connect',
  'accounts:update',
  'accounts:remove',
  'queue:write',
  'automations:write',
  'posts:draft',
  'posts:schedule',
  'posts:publish',
  'analytics:read',
  'easyconnect:manage',
  'webhooks:manage',
  'members:manage',
  'workspace:manage',
  'audit:read',
] as const;
/** What a role allows inside a workspace. */
export type Permission = (typeof PERMISSIONS)[number];

export const SCOPES = [
  'commands',
  'tokens:issue',
  'posts:report',
  'analytics:write',
  'devices:write',
  'audit:read',
  'ops',
] as const;
/** What a token allows a service, in place of a role. */
export type Scope = (typeof SCOPES)[number];

/** Who stands behind a request, as the verified token says. A token with at least one of our scopes is a service's. */
export interface Principal {
  readonly kind: 'user' | 'service';
  /** The identity provider's opaque id. */
  readonly id: string;
  /** Shown in a flow that this person began and kept nowhere else. */
  readonly name: string | null;
  readonly scopes: readonly Scope[];
  /** The only workspaces that the token opens; null for no such limit. */
  readonly workspaces: readonly string[] | null;
}

/** What a principal may do in one workspace. */
export interface Membership {
  /** Null for a service. */
  readonly role: string | null;
  readonly permissions: ReadonlySet<Permission>;
  readonly accountAccess: 'all' | ReadonlySet<string>;
}

/**
 * Knows who belongs to a workspace. Asked for every request, so that what was acknowledged about a member counts in that
 * member's next one.
 */
export abstract class AccessControl {
  /**
   * The principal's membership, or null when there is no such workspace or the person is not in it. For a service any
   * membership of a workspace that exists will do: its scopes count, not what is answered here.
   */
  abstract membership(workspaceId: string, principal: Principal): Promise<Membership | null>;
}

/** What a route asks of whoever calls it. */
export type Requirement =
  | Permission
  /** Any verified principal; below a workspace, any member of it. */
  | 'authenticated'
  /** Any verified person, but no service. */
  | 'user'
  | 'public'
  | { readonly scope: Scope }
  /** Either will do: a member's permission, or a service's scope. */
  | { readonly permission: Permission; readonly orScope: Scope };

/** `commands` is reading, and every command on accounts, queues, posts and automations. */
const COMMANDS_PERMISSIONS: readonly Permission[] = [
  'accounts:read',
  'accounts:connect',
  'accounts:update',
  'accounts:remove',
  'queue:write',
  'automations:write',
  'posts:draft',
  'posts:schedule',
  'posts:publish',
  'analytics:read',
];

/** The permissions that a service's scopes amount to, in each workspace that its token opens. */
export function servicePermissions(scopes: readonly Scope[]): ReadonlySet<Permission> {
  const permissions = new Set<Permission>();
  if (scopes.includes('commands')) COMMANDS_PERMISSIONS.forEach((permission) => permissions.add(permission));
  if (scopes.includes('audit:read')) permissions.add('audit:read');
  return permissions;
}

/** The one answer to a workspace that is not there, is not well-formed, or is somebody else's. */
export const noSuchWorkspace = (): Refusal => notFound('workspace');

export const permissionMissing = (what: string): Refusal =>
  new Refusal('permission-denied', `This needs "${what}", which you do not have here.`);

/**
 * Decides what a principal may do. Routes below `:ws` are judged before their handler runs; a handler whose workspace
 * stands elsewhere, in a query or behind an id, asks here itself.
 */
@Injectable()
export class Authorizer {
  constructor(@Inject(AccessControl) private readonly access: AccessControl) {}

  /** The principal's membership of a workspace, or `not-found`, the same for each reason. */
  async membership(principal: Principal, workspaceId: string): Promise<Membership | Refusal> {
    if (!isId('ws', workspaceId)) return noSuchWorkspace();
    if (principal.workspaces !== null && !principal.workspaces.includes(workspaceId)) return noSuchWorkspace();
    const membership = await this.access.membership(workspaceId, principal);
    if (membership === null) return noSuchWorkspace();
    if (principal.kind === 'user') return membership;
    return { role: null, permissions: servicePermissions(principal.scopes), accountAccess: 'all' };
  }

  /** As `membership`, and `permission-denied` when the permission is missing. */
  async memberWith(principal: Principal, workspaceId: string, permission: Permission): Promise<Membership | Refusal> {
    const membership = await this.membership(principal, workspaceId);
    if (membership instanceof Refusal || membership.permissions.has(permission)) return membership;
    return permissionMissing(permission);
  }
}
