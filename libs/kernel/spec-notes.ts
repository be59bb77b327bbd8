import { z } from 'zod';
import { newCommandId } from './ids.js';
import type { JsonObject, RecordedEvent } from './event.js';
import type { ReadModel } from './read-model.js';
import { decodeEvent, parseStreamName, type StreamDefinition } from './stream.js';

/** Folders and the notes in them: rows that depend on other rows and on the time, for specs of what keeps rows. */
export const folder = {
  category: 'folder',
  events: {
    FolderNamed: { version: 1, data: z.strictObject({ name: z.string() }) },
    FolderOpened: { version: 1, data: z.strictObject({}) },
  },
  initial: null,
  evolve: () => null,
} satisfies StreamDefinition;

export const note = {
  category: 'note',
  events: {
    NoteWritten: {
      version: 1,
      data: z.strictObject({ folder: z.string(), text: z.string(), until: z.string().nullable() }),
    },
    NoteRead: { version: 1, data: z.strictObject({}) },
    NoteErased: { version: 1, data: z.strictObject({}) },
  },
  initial: null,
  evolve: () => null,
} satisfies StreamDefinition;

export type NoteRow =
  | { readonly kind: 'folder'; readonly name: string }
  | { readonly kind: 'note'; readonly folder: string; readonly text: string; readonly until: string | null };

/** Notes by folder. `dependentsBy` names the index by which a folder's notes are found. */
export const notesReadModel = (dependentsBy: 'byFolder' | 'byFolderAndText' = 'byFolder'): ReadModel<NoteRow> => ({
  name: 'notes',
  version: 1,
  partitions: 1,
  fields: { folder: 'text', text: 'text', folderName: 'text', isOver: 'number' },
  indexes: { byFolder: ['folder'], byFolderAndText: ['folder', 'text'] },
  terms: ['word'],
  follows: ['folder', 'note'],
  readsPersonalData: false,
  project(row, { event }) {
    switch (event.type) {
      case 'FolderNamed':
        return { kind: 'folder', name: (event.data as { name: string }).name };
      case 'NoteWritten':
        return { kind: 'note', ...(event.data as { folder: string; text: string; until: string | null }) };
      case 'NoteErased':
        return null;
      default:
        return row;
    }
  },
  relatedKeys: (row) => (row.kind === 'note' ? [`folder-${row.folder}`] : []),
  dependents: (key, _before, after) =>
    after?.kind === 'folder' ? { index: dependentsBy, equals: { folder: key.slice('folder-'.length) } } : null,
  describe(_key, row, related, now) {
    if (row.kind === 'folder') return { fields: {}, dueAt: null };
    const found = related.get(`folder-${row.folder}`);
    const folderName = found?.kind === 'folder' ? found.name : '';
    const isOver = row.until !== null && row.until <= now;
    return {
      fields: { folder: row.folder, text: row.text, folderName, isOver: isOver ? 1 : 0 },
      terms: { word: { scope: row.folder, values: row.text.split(' ') } },
      counters: [`${folderName}/${isOver ? 'over' : 'open'}`],
      dueAt: isOver ? null : row.until,
    };
  },
});

export const decodeNotes = (recorded: RecordedEvent): { readonly type: string; readonly data: object } =>
  decodeEvent((parseStreamName(recorded.stream).category === 'note' ? note : folder) as StreamDefinition, recorded);

/** An event of a stream as a store would give it. */
export function noteEvent(stream: string, type: string, data: JsonObject = {}, position = 1): RecordedEvent {
  const commandId = newCommandId();
  return {
    id: commandId,
    type,
    version: 1,
    stream,
    revision: 0,
    position: String(position),
    data,
    sealed: null,
    metadata: {
      occurredAt: '2029-03-01T09:00:00.000Z',
      workspaceId: 'ws_1',
      actor: { type: 'user', id: 'ann' },
      commandId,
      $correlationId: commandId,
      $causationId: commandId,
      subjects: [],
    },
  };
}

export const named = (id: string, name: string): RecordedEvent => noteEvent(`folder-${id}`, 'FolderNamed', { name });
export const written = (id: string, inFolder: string, text: string, until: string | null = null): RecordedEvent =>
  noteEvent(`note-${id}`, 'NoteWritten', { folder: inFolder, text, until });
