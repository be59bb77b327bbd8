import { createContext, useContext } from 'react';
import type { ApiClient } from '#contract';
import type { Person } from './token.js';

/** What every signed-in part of the page works with. */
export interface Session {
  readonly client: ApiClient;
  readonly person: Person;
  /** Goes up whenever something may have changed; what was read before is read again. */
  readonly generation: number;
  /** Call it after a command, or after time has moved. */
  readonly refresh: () => void;
  readonly signOut: () => void;
  /** Tells everybody, also through a screen reader, what has come of a command. */
  readonly announce: (message: string) => void;
}

export const SessionContext = createContext<Session | null>(null);

/** The session; only for components inside the signed-in part. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) {
    throw new Error('useSession is called outside the signed-in part of the page');
  }
  return session;
}
