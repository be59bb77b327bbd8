import { type EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { StoreUnavailable } from '#kernel';
import { createGuardedClient } from './guarded-client.js';
import { describeFailure, isLasting, translate } from './failures.js';
import { within } from './within.js';

/** The group of the service's own user; administrators are in `$admins`. */
export const SERVICE_GROUP = 'social-accounts';

const LIMIT_MS = 10_000;
const DISPOSE_LIMIT_MS = 1_000;
const BOTH = [SERVICE_GROUP, '$admins'];

/** By default any user may rewrite every stream, and nobody but administrators may read the whole log. */
const DEFAULT_ACCESS = {
  $userStreamAcl: { $r: BOTH, $w: BOTH, $mr: BOTH, $d: '$admins', $mw: '$admins' },
  $systemStreamAcl: { $r: '$admins', $w: '$admins', $d: '$admins', $mr: '$admins', $mw: '$admins' },
};

/**
 * Makes the members of the service's group users that can write history and cannot rewrite it: they may append to and read
 * every stream and follow the whole log, and only administrators may delete, truncate or change who may do what.
 * The connection string is an administrator's. Repeatable.
 *
 * @throws StoreUnavailable when there is no answer or the user is no administrator.
 */
export async function secureEventStore(connectionString: string): Promise<void> {
  const { client, closeConnections } = createGuardedClient(connectionString);
  try {
    await within(writeAccess(client), LIMIT_MS);
  } catch (error) {
    if (isLasting(error)) throw translate(error);
    throw new StoreUnavailable(`The event store gives no answer (${describeFailure(error)}).`);
  } finally {
    await within(client.dispose(), DISPOSE_LIMIT_MS).catch(() => undefined);
    closeConnections();
  }
}

async function writeAccess(client: EventStoreDBClient): Promise<void> {
  await client.setStreamMetadata('$all', { acl: { readRoles: ['$admins', SERVICE_GROUP] } });
  await client.appendToStream('$settings', jsonEvent({ type: 'update-default-acl', data: DEFAULT_ACCESS }));
}
