import type { ConnectionStarted } from '#contract';
import { addressWith, navigate } from '../navigation/navigation.js';
import { outsideAddress } from '../navigation/outside-address.js';
import { rememberAttempt } from './remembered-attempt.js';

/** Where the platform sends the browser back to: this page, in this workspace. */
export function returnUrlOf(workspaceId: string): string {
  const target = addressWith({
    workspace: workspaceId,
    view: 'accounts',
    status: 'all',
    platform: null,
    q: '',
    sort: 'name',
    account: null,
    connection: null,
  });
  return window.location.origin + target;
}

/** Goes on to the platform, or, where the platform has already answered, to what has come of the attempt. */
export function followConnection(started: ConnectionStarted, workspaceId: string, accountId: string | null): void {
  rememberAttempt({ id: started.id, workspaceId, accountId });
  const authorization = outsideAddress(started.authorizationUrl);
  if (authorization === null) {
    navigate({ connection: started.id, account: null }, 'replace');
  } else {
    window.location.assign(authorization);
  }
}
