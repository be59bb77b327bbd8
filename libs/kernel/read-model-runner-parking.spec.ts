import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StoreUnavailable, type Automation, type ParkedStream, type ReadModel, type ReadModelRunner } from './index.js';
import { named, noteEvent, notesReadModel, written, type NoteRow } from './spec-notes.js';
import { RunnerStage, until } from './spec-runner.js';

let stage: RunnerStage;
beforeEach(async () => (stage = await RunnerStage.open()));
afterEach(() => stage.dispose());

/** The read model of notes, which cannot fold notes whose text is poisonous while it is told so. */
function poisonable(): { readonly model: ReadModel<NoteRow>; isPoisoned: boolean } {
  const plain = notesReadModel();
  const made = {
    isPoisoned: true,
    model: {
      ...plain,
      project: ((row, opened) => {
        const { text } = opened.event.data as { readonly text?: string };
        if (made.isPoisoned && text?.startsWith('poison')) throw new TypeError('secret words');
        return plain.project(row, opened);
      }) as typeof plain.project,
    },
  };
  return made;
}

const textOf = async (runner: ReadModelRunner, key: string): Promise<unknown> =>
  (await stage.stores.rows.load(runner.copy, [key])).get(key)?.fields['text'];
const parked = (runner: ReadModelRunner): Promise<readonly ParkedStream[]> =>
  stage.stores.rows.parkedStreams(runner.copy, 100);

describe('an event that cannot be folded', () => {
  it('holds up its own stream alone, in order, and says why without the words of the error', async () => {
    const { model } = poisonable();
    const runner = stage.run(model);
    await stage.append(written('1', 'f', 'good'), written('2', 'f', 'other'));
    await stage.append(written('1', 'f', 'poison'), written('1', 'f', 'behind it'), written('2', 'f', 'newer'));
    await stage.rest(runner);
    expect([await textOf(runner, 'note-1'), await textOf(runner, 'note-2')]).toEqual(['good', 'newer']);
    await stage.append(written('1', 'f', 'further behind'), written('3', 'f', 'third'));
    await stage.rest(runner);
    expect([await textOf(runner, 'note-1'), await textOf(runner, 'note-3')]).toEqual(['good', 'third']);
    expect(await parked(runner)).toEqual([
      expect.objectContaining({ stream: 'note-1', eventType: 'NoteWritten', revision: 1, reason: 'TypeError' }),
    ]);
    expect(JSON.stringify(await parked(runner))).not.toContain('secret');
    expect(runner.failure).toBeNull();
  });

  it('is tried again by itself, and everything behind it follows once it can be folded', async () => {
    const poison = poisonable();
    const runner = stage.run(poison.model);
    await stage.append(named('f', 'Ideas'), written('1', 'f', 'good'), written('1', 'f', 'poison'));
    await until(async () => (await parked(runner))[0]?.tries === 2);
    await stage.append(written('1', 'f', 'last word'));
    poison.isPoisoned = false;
    await until(async () => (await parked(runner)).length === 0);
    await stage.append(written('2', 'f', 'another'));
    await stage.rest(runner);
    expect(await textOf(runner, 'note-1')).toBe('last word');
    const fresh = stage.run(notesReadModel(), { generation: 1 });
    await stage.rest(fresh);
    expect(await stage.contentOf(runner.copy)).toBe(await stage.contentOf(fresh.copy));
  });

  it('is skipped for good at an operator’s word, by rebuilds too', async () => {
    const { model } = poisonable();
    const runner = stage.run(model);
    await stage.append(written('1', 'f', 'good'), written('1', 'f', 'poison'), noteEvent('note-1', 'NoteRead'));
    await until(async () => (await parked(runner)).length === 1);
    const [one] = await parked(runner);
    await stage.stores.rows.skipEvent('notes', one?.eventId ?? '');
    await stage.stores.rows.retryStream(runner.copy, 'note-1');
    await until(async () => (await parked(runner)).length === 0);
    await stage.append(written('2', 'f', 'poison of another'));
    await stage.rest(runner);
    expect(await textOf(runner, 'note-1')).toBe('good');
    expect((await parked(runner)).map(({ stream }) => stream)).toEqual(['note-2']);

    const rebuilt = stage.run(model, { generation: 1 });
    await stage.rest(rebuilt);
    expect((await parked(rebuilt)).map(({ stream }) => stream)).toEqual(['note-2']);
    expect(await textOf(rebuilt, 'note-1')).toBe('good');
  });

  it('waits for an operator after six tries, over a restart too, and is tried at a word of theirs', async () => {
    const poison = poisonable();
    const first = stage.run(poison.model);
    await stage.append(written('1', 'f', 'poison'));
    await until(async () => (await parked(first))[0]?.nextTryAt === null);
    await first.stop();
    poison.isPoisoned = false;
    const second = stage.run(poison.model, { owner: 'second' });
    await stage.append(written('2', 'f', 'good'));
    await stage.rest(second);
    expect(await textOf(second, 'note-1')).toBeUndefined();
    await stage.stores.rows.retryStream(second.copy, 'note-1');
    await until(async () => (await textOf(second, 'note-1')) === 'poison');
    expect(await parked(second)).toEqual([]);
  }, 30_000);

  it('is not what a store that is away makes of a sound one', async () => {
    let isAway = true;
    const plain = notesReadModel();
    const project: typeof plain.project = (row, opened) => {
      if (isAway) throw new StoreUnavailable('The vault is away.');
      return plain.project(row, opened);
    };
    const runner = stage.run({ ...plain, project });
    await stage.append(written('1', 'f', 'good'));
    await until(() => runner.failure === 'StoreUnavailable');
    isAway = false;
    await stage.rest(runner);
    expect(await parked(runner)).toEqual([]);
    expect(await textOf(runner, 'note-1')).toBe('good');
  });

  it('parks its stream too where the row comes out so that it cannot be described', async () => {
    const plain = notesReadModel();
    const describeRow: typeof plain.describe = (key, row, related, now) => {
      if (row.kind === 'note' && row.text === 'odd') throw new RangeError('It is odd.');
      return plain.describe(key, row, related, now);
    };
    await stage.append(written('1', 'f', 'good'), written('2', 'f', 'fine'));
    await stage.append(written('1', 'f', 'odd'), written('2', 'f', 'finer'), noteEvent('note-1', 'NoteRead'));
    const runner = stage.run({ ...plain, describe: describeRow });
    await stage.rest(runner);
    expect(await textOf(runner, 'note-2')).toBe('finer');
    await until(async () => (await textOf(runner, 'note-1')) === 'good');
    await until(async () => (await parked(runner))[0]?.revision === 1);
    expect(await parked(runner)).toEqual([expect.objectContaining({ stream: 'note-1', reason: 'RangeError' })]);
  });

  it('lets no to-do be carried out that rests on a row which is out of date', async () => {
    const poison = poisonable();
    const carried: string[] = [];
    const now = stage.stores.clock.now().toISOString();
    const automation: Automation<NoteRow> = {
      ...poison.model,
      describe: (key, row, related, at) => ({
        ...poison.model.describe(key, row, related, at),
        dueAt: row.kind === 'note' ? row.until : null,
      }),
      carryOut: async ({ key }) => {
        carried.push(key);
        return { done: await stage.append(noteEvent(key, 'NoteErased')) };
      },
    };
    const runner = stage.run(automation);
    await stage.append(written('1', 'f', 'not due yet', stage.inAnHour()), written('1', 'f', 'poison'));
    await until(async () => (await parked(runner)).length === 1);
    stage.stores.clock.advance(3_600_000);
    await stage.append(written('2', 'f', 'due', now));
    await until(() => carried.includes('note-2'));
    await stage.rest(runner);
    expect(carried).toEqual(['note-2']);
    poison.isPoisoned = false;
    await stage.append(written('1', 'f', 'due at last', now));
    await stage.stores.rows.retryStream(runner.copy, 'note-1');
    await until(() => carried.includes('note-1'));
    await stage.rest(runner);
    expect(carried).toEqual(['note-2', 'note-1']);
  });
});
