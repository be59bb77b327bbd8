import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { openForReading, openForWriting } from './event-database.js';

describe('the connection that writes events', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'event-database-'));
    file = join(folder, 'events.sqlite');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const settings = (database: Database.Database): unknown[] =>
    ['journal_mode', 'synchronous', 'secure_delete'].map((name) => database.pragma(name, { simple: true }));

  it('waits for the disk at every commit, also in a file that is opened again', () => {
    for (let time = 0; time < 2; time += 1) {
      const database = openForWriting(file);
      expect(settings(database)).toEqual(['wal', 2, 1]);
      database.close();
    }
    // What an opening that says nothing about it gets: the reason for saying it.
    const unsaid = new Database(file);
    expect(unsaid.pragma('synchronous', { simple: true })).toBe(1);
    unsaid.close();
  });

  it('refuses a file of a newer program', () => {
    const database = openForWriting(file);
    database.pragma('user_version = 99');
    database.close();
    expect(() => openForWriting(file)).toThrow(/another version of this program \(schema 99\)/);
  });

  it('is the only one that can write', () => {
    expect(() => openForReading(file)).toThrow();
    const writing = openForWriting(file);
    const reading = openForReading(file);
    expect(() => reading.exec('DELETE FROM events')).toThrow(/readonly/);
    reading.close();
    writing.close();
  });
});
