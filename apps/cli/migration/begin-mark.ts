import { randomUUID } from 'node:crypto';
import { MIGRATION_RECORD_KIND, readLogMark, readVaultMark, writeVaultMark, type MigrationMark } from '#runtime';
import { CommandFailed } from '../command.js';
import type { MigratedStores } from './source.js';
import { writeLogMark } from './target.js';

/**
 * Marks empty servers as being filled, or finds the mark of an earlier run that did not come to its end.
 * From here on no service starts on them. @throws CommandFailed for any other servers.
 */
export async function beginMark(target: MigratedStores, eventStoreUrl: string): Promise<MigrationMark> {
  const ofVault = await readVaultMark(target.vault);
  const ofLog = await readLogMark(target.events);
  if (ofVault?.state === 'finished') {
    throw new CommandFailed('A migration into these servers is done already: services may have gone on from there.');
  }
  if (ofLog !== null && ofLog.migrationId !== ofVault?.migrationId) {
    throw new CommandFailed('The event store belongs to a migration with another MongoDB: use both of its servers.');
  }
  const mark = ofVault ?? { migrationId: randomUUID(), state: 'unfinished' as const };
  if (ofVault === null) {
    await requireEmpty(target);
    await writeVaultMark(target.vault, mark);
  }
  if (ofLog === null) await writeLogMark(eventStoreUrl, mark);
  return mark;
}

async function requireEmpty({ events, rows, vault }: MigratedStores): Promise<void> {
  const found: string[] = [];
  if ((await events.head()) !== null) found.push('events in the event store');
  const [keys, destroyed, records] = await Promise.all([
    vault.listKeys(null, 1),
    vault.destroyedSubjects(null, 1),
    vault.walk(null, 1),
  ]);
  if (keys.length + destroyed.length > 0) found.push('keys in MongoDB');
  if (records.some(({ kind }) => kind !== MIGRATION_RECORD_KIND)) found.push('secrets or claims in MongoDB');
  for (const copy of await rows.listCopies())
    if ((await rows.checkpoint(copy)) !== null) found.push(`rows of ${copy.name} in MongoDB`);
  if (found.length === 0) return;
  throw new CommandFailed(
    `The servers are not empty: there are ${found.join(', ')}. Nothing was changed; give empty ones.`,
  );
}
