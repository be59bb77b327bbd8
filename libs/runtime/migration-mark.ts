import {
  eventId,
  StoreUnavailable,
  type EventStore,
  type EventToAppend,
  type RecordedEvent,
  type VaultStore,
} from '#kernel';

export const MIGRATION_RECORD_KIND = 'migration';
const RECORD_ID = 'into-this-store';
/** No read model follows it: the name is none of a capability's. */
export const MIGRATION_STREAM_PREFIX = 'migration-';
export const MIGRATION_STREAM = `${MIGRATION_STREAM_PREFIX}into-this-log`;
const BEGUN = 'MigrationBegun';
const FINISHED = 'MigrationFinished';

/** What a store says about the migration that filled it. Both the log and the vault say it, since either may be used with another. */
export interface MigrationMark {
  readonly migrationId: string;
  readonly state: 'unfinished' | 'finished';
}

/** Thrown for stores that a migration has not finished to fill. */
export class UnfinishedMigration extends Error {
  override readonly name = 'UnfinishedMigration';

  constructor() {
    super(
      'A migration into these stores has begun and is not finished: run the same `cli migrate` again until it says that it is done.',
    );
  }
}

export async function readVaultMark(vault: VaultStore): Promise<MigrationMark | null> {
  const record = await vault.read(MIGRATION_RECORD_KIND, RECORD_ID);
  return record === null ? null : (record.value as unknown as MigrationMark);
}

export async function writeVaultMark(vault: VaultStore, mark: MigrationMark): Promise<void> {
  const empty = { kind: MIGRATION_RECORD_KIND, id: RECORD_ID, subject: null, sealed: null, dueAt: null };
  const record = { ...empty, value: { ...mark } };
  const known = await vault.read(record.kind, record.id);
  const written = known ? await vault.replace(record, known.version) : await vault.insert(record);
  if (written !== 'written') throw new Error('Another migration into these stores is under way.');
}

export async function readLogMark(events: EventStore): Promise<MigrationMark | null> {
  const last = await events.readLast(MIGRATION_STREAM);
  return last === null ? null : markOf(last);
}

/** The event that says it in the log. The same mark is the same event, so that it can be appended again. */
export function migrationEvent({ migrationId, state }: MigrationMark, at: Date): EventToAppend {
  return {
    id: eventId(migrationId, MIGRATION_STREAM, state === 'finished' ? 1 : 0),
    type: state === 'finished' ? FINISHED : BEGUN,
    version: 1,
    data: { migrationId },
    sealed: null,
    metadata: {
      occurredAt: at.toISOString(),
      workspaceId: '',
      actor: { type: 'system', id: 'migration' },
      commandId: migrationId,
      $correlationId: migrationId,
      $causationId: migrationId,
      subjects: [],
    },
  };
}

const markOf = ({ type, data }: RecordedEvent): MigrationMark => ({
  migrationId: data['migrationId'] as string,
  state: type === FINISHED ? 'finished' : 'unfinished',
});

/** What every program that serves these stores asks before it does. @throws UnfinishedMigration */
export async function refuseUnfinishedMigration(events: EventStore, vault: VaultStore): Promise<void> {
  const marks = [await readVaultMark(vault), await readLogMark(events).catch(nothingFromAStoreThatIsAway)];
  if (marks.some((mark) => mark?.state === 'unfinished')) throw new UnfinishedMigration();
}

/** A start does not wait for an event store that is away; the vault, which is there, has its own mark. */
function nothingFromAStoreThatIsAway(error: unknown): null {
  if (error instanceof StoreUnavailable) return null;
  throw error;
}
