import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventReader } from './event-reader.js';
import { EventWriter } from './event-writer.js';
import { CONFLICT, REPEATED, WRITTEN } from './writer-messages.js';
import type { BatchValue } from './writer-messages.js';

/** An append as it travels; `data` null stands for a value that the table refuses. */
function append(
  stream: string,
  firstRevision: number,
  ids: readonly string[],
  data: string | null = '{}',
): BatchValue[] {
  const events = ids.flatMap((id) => [id, 'AccountConnected', 1, data, '{}', null, null, null, null]);
  return [stream, firstRevision, ids.length, ...events];
}

describe('EventWriter', () => {
  let folder = '';
  let file = '';
  let writer: EventWriter;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'event-writer-'));
    file = join(folder, 'events.sqlite');
    writer = EventWriter.open(file);
  });
  afterEach(() => {
    writer.close();
    rmSync(folder, { recursive: true });
  });

  function stored(): (readonly [string, string, number])[] {
    const reader = new EventReader(file);
    const events = reader.readBehind(0, 1_000);
    reader.close();
    return events.map(({ position, id, revision }) => [position, id, revision] as const);
  }

  it('answers every append of a batch, in order', () => {
    const batch = [
      ...append('one', 0, ['a', 'b']),
      ...append('two', 0, ['c']),
      ...append('one', 0, ['a', 'b']),
      ...append('one', 0, ['x']),
      ...append('one', 2, ['d']),
      ...append('one', 9, ['e']),
      ...append('none', 1, ['f']),
    ];
    const outcomes = [
      [WRITTEN, 1, 2],
      [WRITTEN, 0, 3],
      [REPEATED, 1, 2],
      [CONFLICT, 1, 0],
      [WRITTEN, 2, 4],
      [CONFLICT, 2, 0],
      [CONFLICT, -1, 0],
    ];
    expect(writer.write(batch)).toEqual(outcomes.flat());
    expect(writer.lastPosition).toBe(4);
  });

  it('writes nothing of a batch that fails, and gives its positions to the next one', () => {
    writer.write(append('one', 0, ['a']));
    const failing = [...append('one', 1, ['b']), ...append('two', 0, ['c', 'd']), ...append('three', 0, ['e'], null)];
    expect(() => writer.write(failing)).toThrow(/NOT NULL/);
    expect(writer.lastPosition).toBe(1);
    expect(writer.write(append('two', 0, ['f', 'g']))).toEqual([WRITTEN, 1, 3]);
    expect(stored()).toEqual([
      ['1', 'a', 0],
      ['2', 'f', 0],
      ['3', 'g', 1],
    ]);
  });

  it('goes on where it stood when the file is opened again', () => {
    writer.write(append('one', 0, ['a', 'b', 'c']));
    writer.close();
    writer = EventWriter.open(file);
    expect(writer.lastPosition).toBe(3);
    expect(writer.write(append('two', 0, ['d']))).toEqual([WRITTEN, 0, 4]);
  });
});
