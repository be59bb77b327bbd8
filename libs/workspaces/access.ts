import { Injectable } from '@nestjs/common';
import { AccessControl, type Membership, type Principal } from '#http';
import { Streams } from '#kernel';
import { permissionsOf } from './domain/roles.js';
import { workspace, type WorkspaceState } from './domain/workspace.js';

/**
 * Memberships read from the workspace's own stream, to its end, at every request: what was acknowledged about a member counts
 * in that member's next request.
 */
@Injectable()
export class WorkspaceAccess extends AccessControl {
  constructor(private readonly streams: Streams) {
    super();
  }

  override async membership(workspaceId: string, principal: Principal): Promise<Membership | null> {
    const { state } = await this.streams.load(workspace, workspaceId);
    if (principal.kind === 'user') return membershipOf(state, principal.id);
    return state.exists ? { role: null, permissions: new Set(), accountAccess: 'all' } : null;
  }
}

/** What the workspace's state gives this user, or null for somebody who is no member. */
export function membershipOf(state: WorkspaceState, userId: string): Membership | null {
  const member = state.members.get(userId);
  if (!member) return null;
  return { role: member.role, permissions: new Set(permissionsOf(member.role)), accountAccess: member.access };
}
