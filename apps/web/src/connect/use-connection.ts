import { useEffect, useState } from 'react';
import type { Connection, ConnectionStatus } from '#contract';
import { useSession } from '../session/session.js';
import { useLoaded, type Loaded } from '../session/use-loaded.js';

const FIRST_POLL_MS = 1_000;
const POLL_LIMIT_MS = 5_000;

/** What may still change without the person doing anything here. */
const MOVING: ReadonlySet<ConnectionStatus> = new Set(['started', 'selected']);

/**
 * The attempt, read again and again, ever less often, for as long as it may change by itself.
 *
 * `again` reads it at once: after a selection, and when somebody presses a button.
 */
export function useConnection(
  workspaceId: string,
  connectionId: string,
): { readonly loaded: Loaded<Connection>; readonly again: () => void } {
  const { client } = useSession();
  const [reading, setReading] = useState(0);
  const { loaded, retry } = useLoaded(`${workspaceId} ${connectionId}`, reading, (signal) =>
    client.connection(workspaceId, connectionId, { signal }),
  );
  const isMoving =
    loaded.state === 'ready' &&
    (MOVING.has(loaded.value.status) ||
      (loaded.value.status === 'authorized' && loaded.value.candidates === undefined));
  const isIdle = loaded.state === 'ready' && !loaded.renewing;

  useEffect(() => {
    if (!isMoving || !isIdle) {
      return undefined;
    }
    const waitMs = Math.min(FIRST_POLL_MS * 1.25 ** reading, POLL_LIMIT_MS);
    const timer = setTimeout(() => setReading((before) => before + 1), waitMs);
    return () => clearTimeout(timer);
  }, [isMoving, isIdle, reading]);

  return { loaded, again: retry };
}
