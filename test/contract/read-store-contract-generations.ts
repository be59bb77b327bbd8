import { expect, it } from '@jest/globals';
import type { Checkpoint, Generations, ReadModelCopy, ReadModelPart } from '#kernel';
import { row, type ReadStoreCase } from './read-store-case.js';

const RACES = 12;
const AGE_MS = 120;
const AT_ONCE = 8;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const always = (): boolean => true;
const positionOf = (checkpoint: Checkpoint | null): number => Number(checkpoint?.position ?? 0);
const isNotBehind = (filled: Checkpoint | null, active: Checkpoint | null): boolean =>
  positionOf(filled) >= positionOf(active);

const partOf = ({ copy: { name, version, partition } }: ReadStoreCase): ReadModelPart => ({ name, version, partition });
const numbersOf = ({ retired }: Generations): readonly number[] => retired.map(({ generation }) => generation);

/** A copy of the next generation, prepared. */
async function fill(rows: ReadStoreCase): Promise<ReadModelCopy> {
  return rows.prepareCopy({ generation: await rows.store.fillAnother(partOf(rows)) });
}

export function describeGenerations(begin: () => Promise<ReadStoreCase>): void {
  it('reads a part from its first generation until another takes over', async () => {
    const rows = await begin();
    expect(await rows.store.generations(partOf(rows))).toEqual({ active: 0, filling: null, retired: [] });
    expect(await rows.store.takeOver(rows.copy, always)).toBe(true);
    expect(await rows.another.generations(partOf(rows))).toEqual({ active: 0, filling: null, retired: [] });
  });

  it('fills one beside the active one, however many ask at once', async () => {
    const rows = await begin();
    const asked = Array.from({ length: AT_ONCE }, (_, index) =>
      (index % 2 === 0 ? rows.store : rows.another).fillAnother(partOf(rows)),
    );
    expect(new Set(await Promise.all(asked))).toEqual(new Set([1]));
    expect(await rows.another.fillAnother(partOf(rows))).toBe(1);
    expect(await rows.another.generations(partOf(rows))).toEqual({ active: 0, filling: 1, retired: [] });
  });

  it('keeps names, versions and partitions apart', async () => {
    const rows = await begin();
    const part = partOf(rows);
    await rows.store.fillAnother(part);
    for (const other of [
      { ...part, name: `${part.name}0` },
      { ...part, version: 2 },
      { ...part, partition: 1 },
    ]) {
      expect(await rows.store.generations(other)).toEqual({ active: 0, filling: null, retired: [] });
      expect(await rows.store.fillAnother(other)).toBe(1);
    }
    expect(await rows.store.startAnew({ ...part, partition: 1 })).toBe(2);
    expect(await rows.store.generations(part)).toEqual({ active: 0, filling: 1, retired: [] });
  });

  it('switches to the one that fills, and retires the one before', async () => {
    const rows = await begin();
    const filling = await fill(rows);
    expect(await rows.another.takeOver(filling, always)).toBe(true);
    const after = await rows.store.generations(partOf(rows));
    expect(after).toMatchObject({ active: 1, filling: null });
    expect(numbersOf(after)).toEqual([0]);
    expect(await rows.store.takeOver(filling, always)).toBe(true);
    expect(await rows.store.takeOver(rows.copy, always)).toBe(false);
    expect(await rows.store.takeOver({ ...rows.copy, generation: 7 }, always)).toBe(false);
    expect(await rows.another.generations(partOf(rows))).toMatchObject({ active: 1, filling: null });
  });

  it('asks with both checkpoints as they stand, and leaves everything where it may not', async () => {
    const rows = await begin();
    const filling = { ...rows.copy, generation: await rows.store.fillAnother(partOf(rows)) };
    const asked: (readonly (Checkpoint | null)[])[] = [];
    const refuse = (...checkpoints: readonly (Checkpoint | null)[]): boolean => {
      asked.push(checkpoints);
      return false;
    };
    expect(await rows.another.takeOver(filling, refuse)).toBe(false);
    const anchored = { position: '7', anchor: { position: '6', eventId: 'e6' } };
    await rows.save({ checkpoint: anchored });
    await rows.store.prepare(rows.shape, filling);
    await rows.moveTo(filling, 5);
    expect(await rows.another.takeOver(filling, refuse)).toBe(false);
    expect(asked[0]).toEqual([null, null]);
    expect(asked.at(-1)).toEqual([{ position: '5', anchor: null }, anchored]);
    const failing = rows.store.takeOver(filling, () => {
      throw new Error('of the question');
    });
    await expect(failing).rejects.toThrow('of the question');
    expect(await rows.store.generations(partOf(rows))).toEqual({ active: 0, filling: 1, retired: [] });
    await rows.moveTo(filling, 7);
    expect(await rows.another.takeOver(filling, isNotBehind)).toBe(true);
  });

  it('switches once, however many take over at once', async () => {
    const rows = await begin();
    const filling = await fill(rows);
    const taking = Array.from({ length: AT_ONCE }, (_, index) =>
      (index % 2 === 0 ? rows.store : rows.another).takeOver(filling, always),
    );
    expect(new Set(await Promise.all(taking))).toEqual(new Set([true]));
    const after = await rows.store.generations(partOf(rows));
    expect(after.active).toBe(1);
    expect(numbersOf(after)).toEqual([0]);
  });

  it('never switches to a copy that a save beside it left behind', async () => {
    const rows = await begin();
    let active = rows.copy;
    await rows.moveTo(active, 1);
    for (let race = 1; race <= RACES; race += 1) {
      const filling = await fill(rows);
      await rows.moveTo(filling, race);
      // What is read once the save is done tells whether the switch came before it.
      const saving = pause(race % 4).then(async () => {
        await rows.moveTo(active, race + 1);
        return rows.store.generations(partOf(rows));
      });
      const [isTaken, behindSave] = await Promise.all([rows.another.takeOver(filling, isNotBehind), saving]);
      if (behindSave.active === active.generation) expect(isTaken).toBe(false);
      else expect(isTaken).toBe(true);
      await rows.moveTo(filling, race + 1);
      expect(await rows.another.takeOver(filling, isNotBehind)).toBe(true);
      active = filling;
    }
  });

  it('takes over while the active copy is written without a break', async () => {
    const rows = await begin();
    const filling = await fill(rows);
    let isOver = false;
    const writing = (async (): Promise<void> => {
      for (let position = 1; !isOver; position += 1) {
        const checkpoint = { position: String(position), anchor: null };
        await rows.save({ puts: [row('k1', { body: { position } })], counts: { saves: 1 }, checkpoint });
      }
    })();
    const outcome = await rows.another.takeOver(filling, always);
    isOver = true;
    await writing;
    expect(outcome).toBe(true);
    const reached = positionOf(await rows.store.checkpoint(rows.copy));
    expect(await rows.store.counts(rows.copy, ['saves'])).toEqual(new Map([['saves', reached]]));
  });

  it('starts anew at once, and retires every other', async () => {
    const rows = await begin();
    await rows.save({ puts: [row('k1')], checkpoint: { position: '9', anchor: null } });
    await fill(rows);
    expect(await rows.another.startAnew(partOf(rows))).toBe(2);
    const after = await rows.store.generations(partOf(rows));
    expect(after).toMatchObject({ active: 2, filling: null });
    expect(numbersOf(after)).toEqual([0, 1]);
    expect(await rows.store.checkpoint({ ...rows.copy, generation: 2 })).toBeNull();
    expect(await rows.load('k1')).toEqual(row('k1'));
  });

  it('gives no number twice, whatever is dropped, started anew and asked for at once', async () => {
    const rows = await begin();
    const part = partOf(rows);
    await rows.store.drop(await fill(rows));
    expect(await rows.store.generations(part)).toEqual({ active: 0, filling: null, retired: [] });
    const second = await fill(rows);
    expect(second.generation).toBe(2);
    expect(await rows.store.takeOver(second, always)).toBe(true);
    await rows.store.drop(second);
    await rows.store.drop(rows.copy);
    expect(await rows.store.startAnew(part)).toBe(3);
    for (const generation of [2, 3]) await rows.store.drop({ ...rows.copy, generation });
    expect(await rows.another.generations(part)).toEqual({ active: 3, filling: null, retired: [] });

    const asked = Array.from({ length: AT_ONCE }, (_, index) =>
      (index % 2 === 0 ? rows.store : rows.another).startAnew(part),
    );
    const numbers = await Promise.all([...asked, rows.another.startAnew(part)]);
    expect([...numbers].sort((one, other) => one - other)).toEqual(numbers.map((_, index) => index + 4));
    const after = await rows.another.generations(part);
    expect(after.active).toBe(Math.max(...numbers));
    expect(numbersOf(after)).toEqual(numbers.map((_, index) => index + 3));
  });

  it('tells for how long a generation is retired, until it is dropped', async () => {
    const rows = await begin();
    await rows.store.takeOver(await fill(rows), always);
    const before = await rows.another.generations(partOf(rows));
    await pause(AGE_MS);
    await rows.store.startAnew(partOf(rows));
    const after = await rows.another.generations(partOf(rows));
    expect(numbersOf(after)).toEqual([0, 1]);
    const [age = NaN, younger = NaN] = after.retired.map(({ forMs }) => forMs);
    // The clock counts whole milliseconds.
    expect(age).toBeGreaterThanOrEqual((before.retired[0]?.forMs ?? NaN) + AGE_MS - 1);
    expect(younger).toBeLessThan(age);
    expect(younger).toBeGreaterThanOrEqual(0);
    await rows.store.drop(rows.copy);
    expect(numbersOf(await rows.another.generations(partOf(rows)))).toEqual([1]);
  });

  it('leaves the pointer on an active copy that is dropped', async () => {
    const rows = await begin();
    const filling = await fill(rows);
    await rows.moveTo(filling, 4);
    await rows.store.takeOver(filling, always);
    await rows.store.drop(filling);
    expect(await rows.store.generations(partOf(rows))).toMatchObject({ active: 1, filling: null });
    expect(await rows.store.checkpoint(filling)).toBeNull();
    await rows.store.prepare(rows.shape, filling);
    await rows.moveTo(filling, 1);
    expect(await rows.another.checkpoint(filling)).toEqual({ position: '1', anchor: null });
  });

  it('either switches or drops when both are asked at once', async () => {
    const rows = await begin();
    for (let race = 0; race < RACES; race += 1) {
      const { active } = await rows.store.generations(partOf(rows));
      const filling = await fill(rows);
      const [isTaken] = await Promise.all([
        rows.another.takeOver(filling, always),
        pause(race % 3).then(() => rows.store.drop(filling)),
      ]);
      const after = await rows.store.generations(partOf(rows));
      expect(after).toMatchObject({ active: isTaken ? filling.generation : active, filling: null });
      expect(numbersOf(after).includes(active)).toBe(isTaken);
      expect(await rows.store.checkpoint(filling)).toBeNull();
    }
  });

  it('lists every copy that there is', async () => {
    const rows = await begin();
    const copies = [
      rows.copy,
      await rows.prepareCopy({ partition: 1 }),
      await fill(rows),
      await rows.prepareCopy({ version: 2 }),
    ];
    const listed = async (): Promise<readonly ReadModelCopy[]> =>
      (await rows.another.listCopies()).filter(({ name }) => name === rows.copy.name);
    expect(await listed()).toHaveLength(copies.length);
    expect(await listed()).toEqual(expect.arrayContaining(copies));
    await rows.store.drop(rows.copy);
    expect(await listed()).toHaveLength(copies.length - 1);
    expect(await listed()).not.toContainEqual(rows.copy);
  });
}
