import { join } from 'node:path';
import Database from 'better-sqlite3';

/** An event as it stands in the file, with what matters to tests. */
export interface StoredEvent {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** The events of one workspace (or of all, for null), read off the file while the service goes on. */
export function storedEvents(dataDir: string, workspaceId: string | null): readonly StoredEvent[] {
  const database = new Database(join(dataDir, 'events.sqlite'), { readonly: true, fileMustExist: true });
  try {
    const rows = database
      .prepare<[], Row>('SELECT stream, revision, type, data, metadata FROM events ORDER BY position')
      .all();
    const events = rows.map(({ data, metadata, ...row }) => ({
      ...row,
      data: JSON.parse(data) as StoredEvent['data'],
      metadata: JSON.parse(metadata) as StoredEvent['metadata'],
    }));
    return events.filter(({ metadata }) => workspaceId === null || metadata['workspaceId'] === workspaceId);
  } finally {
    database.close();
  }
}

/** How many events there are of each of these types, in their order. */
export function countTypes(events: readonly StoredEvent[], ...types: readonly string[]): readonly number[] {
  return types.map((type) => events.filter((event) => event.type === type).length);
}
