import { createContext, useContext } from 'react';
import type { Me, Permission, Workspace } from '#contract';

/** The workspace that the page shows, and what the person may do in it. */
export interface CurrentWorkspace {
  readonly workspace: Workspace;
  /** Null until it is known. */
  readonly me: Me | null;
}

export const CurrentWorkspaceContext = createContext<CurrentWorkspace | null>(null);

/** The workspace; only for components inside one. */
export function useWorkspace(): CurrentWorkspace {
  const current = useContext(CurrentWorkspaceContext);
  if (current === null) {
    throw new Error('useWorkspace is called outside a workspace');
  }
  return current;
}

/**
 * Why a person may not do something, in words, or null when they may.
 *
 * As long as it is not known what they may do, nothing is held back: the service decides in any case.
 */
export function missingPermission(me: Me | null, permission: Permission): string | null {
  if (me === null || me.permissions.includes(permission)) {
    return null;
  }
  const who = me.role === null ? 'Your token' : `Your role (${me.role})`;
  return `${who} does not include the permission ${permission}.`;
}
