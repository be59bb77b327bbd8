import { expect, it } from '@jest/globals';
import { times, type VaultCase } from './vault-case.js';

export function describeRecords(begin: () => VaultCase): void {
  it('gives a record back as it was written', async () => {
    const vault = begin();
    await vault.makeKey();
    const record = vault.record('r1', {
      subject: vault.subject,
      value: { zulu: 1, alpha: [null, { $set: 'a.b', '': true }], 'a.b': 'Ünï\u0000😀', long: 'x'.repeat(100_000) },
      sealed: 'c2VhbGVk',
      dueAt: '2030-01-01T00:00:00.000Z',
    });
    expect(await vault.store.insert(record)).toBe('written');
    const stored = await vault.another.read(vault.kind, 'r1');
    expect(stored).toEqual({ ...record, version: expect.any(Number) });
    expect(JSON.stringify(stored?.value)).toBe(JSON.stringify(record.value));
    expect(await vault.store.read(vault.kind, 'r2')).toBeNull();
    expect(await vault.store.read(`${vault.kind}-other`, 'r1')).toBeNull();
  });

  it('inserts only where nothing is', async () => {
    const vault = begin();
    const version = await vault.insert(vault.record('r1'));
    expect(await vault.store.insert(vault.record('r1', { value: { other: true } }))).toBe('changed-meanwhile');
    expect(await vault.store.read(vault.kind, 'r1')).toEqual({ ...vault.record('r1'), version });
    expect(await vault.store.insert(vault.record('r1', { kind: `${vault.kind}-other` }))).toBe('written');
  });

  it('lets one of many insert', async () => {
    const vault = begin();
    const outcomes = await times(50, (index) =>
      vault.storeOf(index).insert(vault.record('claim', { value: { by: index } })),
    );
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'changed-meanwhile')).toHaveLength(49);
    expect((await vault.store.read(vault.kind, 'claim'))?.value).toEqual({ by: outcomes.indexOf('written') });
  });

  it('replaces only the version that was named', async () => {
    const vault = begin();
    expect(await vault.store.replace(vault.record('r1'), 1)).toBe('changed-meanwhile');
    const first = await vault.insert(vault.record('r1', { sealed: 'b25l', dueAt: '2030-01-01T00:00:00.000Z' }));
    const after = vault.record('r1', { value: { after: true } });
    expect(await vault.store.replace(after, first)).toBe('written');
    const second = await vault.versionOf('r1');
    expect(second).toBeGreaterThan(first);
    expect(await vault.store.replace(vault.record('r1'), first)).toBe('changed-meanwhile');
    expect(await vault.store.read(vault.kind, 'r1')).toEqual({ ...after, version: second });
  });

  it('lets one of many replace a version', async () => {
    const vault = begin();
    const version = await vault.insert(vault.record('r1'));
    const outcomes = await times(50, (index) =>
      vault.storeOf(index).replace(vault.record('r1', { value: { by: index } }), version),
    );
    expect(outcomes.filter((outcome) => outcome === 'written')).toHaveLength(1);
    expect((await vault.store.read(vault.kind, 'r1'))?.value).toEqual({ by: outcomes.indexOf('written') });
  });

  it('loses no change of those that read, change and replace until it works', async () => {
    const vault = begin();
    await vault.insert(vault.record('counter', { value: { count: 0 } }));
    const increment = async (worker: number): Promise<void> => {
      for (let done = 0; done < 10;) {
        const stored = await vault.storeOf(worker).read(vault.kind, 'counter');
        const count = Number(stored?.value['count']) + 1;
        const record = vault.record('counter', { value: { count } });
        const outcome = await vault.storeOf(worker).replace(record, stored?.version ?? -1);
        if (outcome === 'written') done += 1;
      }
    };
    await times(8, increment);
    expect((await vault.store.read(vault.kind, 'counter'))?.value).toEqual({ count: 80 });
  });

  it('removes a record, with a version only that one', async () => {
    const vault = begin();
    const first = await vault.insert(vault.record('r1'));
    await vault.store.replace(vault.record('r1'), first);
    const second = await vault.versionOf('r1');
    expect(await vault.store.remove(vault.kind, 'r1', first)).toBe(false);
    expect(await vault.store.remove(vault.kind, 'r1', second)).toBe(true);
    expect(await vault.store.read(vault.kind, 'r1')).toBeNull();
    expect(await vault.store.remove(vault.kind, 'r1', second)).toBe(false);
    await vault.insert(vault.record('r2'));
    expect(await vault.store.remove(`${vault.kind}-other`, 'r2')).toBe(false);
    expect(await vault.store.remove(vault.kind, 'r2')).toBe(true);
    expect(await vault.store.remove(vault.kind, 'r2')).toBe(false);
  });

  it('lets one of many remove', async () => {
    const vault = begin();
    const version = await vault.insert(vault.record('r1'));
    const outcomes = await times(20, (index) =>
      vault.storeOf(index).remove(vault.kind, 'r1', ...(index % 3 === 0 ? [] : [version])),
    );
    expect(outcomes.filter((isRemoved) => isRemoved)).toHaveLength(1);
  });

  it('never gives a version again to a record that is made anew', async () => {
    const vault = begin();
    const versions = new Set<number>();
    for (let round = 0; round < 10; round += 1) {
      const inserted = await vault.insert(vault.record('r1'));
      expect(await vault.store.replace(vault.record('r1'), inserted)).toBe('written');
      const replaced = await vault.versionOf('r1');
      await vault.storeOf(round).remove(vault.kind, 'r1');
      for (const stale of versions) {
        expect(await vault.store.replace(vault.record('r1'), stale)).toBe('changed-meanwhile');
      }
      versions.add(inserted).add(replaced);
    }
    expect(versions.size).toBe(20);
  });

  it('moves a record from one subject to another', async () => {
    const vault = begin();
    const other = `${vault.subject}-other`;
    await vault.makeKey();
    await vault.makeKey(other);
    const version = await vault.insert(vault.record('r1', { subject: vault.subject }));
    expect(await vault.store.replace(vault.record('r1', { subject: other }), version)).toBe('written');
    await vault.store.destroyKey(vault.subject);
    expect(await vault.idsOf()).toEqual(['r1']);
    await vault.store.destroyKey(other);
    expect(await vault.idsOf()).toEqual([]);
  });

  it('keeps everything that is alive through a scrub', async () => {
    const vault = begin();
    await times(50, (index) => vault.insert(vault.record(`r${index}`, { sealed: 'x'.repeat(500) })));
    await times(25, (index) => vault.store.remove(vault.kind, `r${index * 2}`));
    await Promise.all([vault.store.scrub(), vault.store.scrub(), vault.insert(vault.record('beside'))]);
    expect(await vault.idsOf()).toHaveLength(26);
    for (const record of await vault.store.list(vault.kind, 'r', 100)) expect(record.sealed).toHaveLength(500);
  });
}
