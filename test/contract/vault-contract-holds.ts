import { expect, it } from '@jest/globals';
import { times, type VaultCase } from './vault-case.js';

const SHORT_MS = 300;
const LONG_MS = 60_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function describeHolds(begin: () => VaultCase): void {
  const withRecord = async (): Promise<VaultCase> => {
    const vault = begin();
    await vault.insert(vault.record('r1', { sealed: 'b25l' }));
    return vault;
  };

  it('answers the record, and holds it against other owners until the time is over', async () => {
    const vault = await withRecord();
    const stored = await vault.store.read(vault.kind, 'r1');
    expect(await vault.store.hold(vault.kind, 'r1', 'first', SHORT_MS)).toEqual(stored);
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).toBeNull();
    await pause(SHORT_MS + 200);
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).toEqual(stored);
    expect(await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS)).toBeNull();
  });

  it('holds nothing that is not there', async () => {
    const vault = begin();
    expect(await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS)).toBeNull();
    await vault.insert(vault.record('r1'));
    expect(await vault.store.hold(vault.kind, 'r1', 'second', LONG_MS)).not.toBeNull();
  });

  it('lets its owner prolong it', async () => {
    const vault = await withRecord();
    await vault.store.hold(vault.kind, 'r1', 'first', SHORT_MS);
    expect(await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS)).not.toBeNull();
    await pause(SHORT_MS + 200);
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).toBeNull();
  });

  it('ends with a release by its owner alone', async () => {
    const vault = await withRecord();
    await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS);
    await vault.another.release(vault.kind, 'r1', 'second');
    await vault.another.release(vault.kind, 'not there', 'second');
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).toBeNull();
    await vault.store.release(vault.kind, 'r1', 'first');
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).not.toBeNull();
    await vault.store.release(vault.kind, 'r1', 'first');
    expect(await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS)).toBeNull();
  });

  it('goes to one of many that ask at once', async () => {
    const vault = await withRecord();
    const answers = await times(20, (index) => vault.storeOf(index).hold(vault.kind, 'r1', `owner ${index}`, LONG_MS));
    expect(answers.filter((record) => record !== null)).toHaveLength(1);
  });

  it('refuses no write, changes no version, and outlives replacements', async () => {
    const vault = await withRecord();
    const version = await vault.versionOf('r1');
    await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS);
    expect(await vault.versionOf('r1')).toBe(version);
    expect(await vault.another.replace(vault.record('r1', { value: { after: true } }), version)).toBe('written');
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).toBeNull();
    expect((await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS))?.value).toEqual({ after: true });
    await vault.store.release(vault.kind, 'r1', 'first');
    expect(await vault.store.read(vault.kind, 'r1')).toMatchObject({ value: { after: true } });
  });

  it('ends with its record', async () => {
    const vault = await withRecord();
    await vault.store.hold(vault.kind, 'r1', 'first', LONG_MS);
    expect(await vault.another.remove(vault.kind, 'r1')).toBe(true);
    await vault.insert(vault.record('r1'));
    expect(await vault.another.hold(vault.kind, 'r1', 'second', LONG_MS)).not.toBeNull();
  });
}
