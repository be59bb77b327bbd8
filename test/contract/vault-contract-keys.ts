import { expect, it } from '@jest/globals';
import type { RecordWrite } from '#kernel';
import { times, wrappedKey, type VaultCase } from './vault-case.js';

const RACE_ROUNDS = 25;

export function describeKeys(begin: () => VaultCase): void {
  it('keeps the first key of a subject, and answers it to whoever comes later', async () => {
    const { store, another, subject } = begin();
    expect(await store.readKey(subject)).toBeNull();
    const first = wrappedKey(subject, 'Zmlyc3Q=');
    expect(await store.insertKey(first)).toEqual(first);
    expect(await another.insertKey(wrappedKey(subject, 'c2Vjb25k', 'master-2'))).toEqual(first);
    expect(await another.readKey(subject)).toEqual(first);
  });

  it('gives everybody the same key when many make one at once', async () => {
    const vault = begin();
    const made = await times(20, (index) => vault.storeOf(index).insertKey(wrappedKey(vault.subject, `key ${index}`)));
    const stored = await vault.store.readKey(vault.subject);
    for (const key of made) expect(key).toEqual(stored);
  });

  it('wraps a key again only if it is still the one given', async () => {
    const { store, subject } = begin();
    const first = wrappedKey(subject, 'Zmlyc3Q=', 'master-1');
    const second = wrappedKey(subject, 'c2Vjb25k', 'master-2');
    expect(await store.rewrapKey(first, second)).toBe(false);
    await store.insertKey(first);
    expect(await store.rewrapKey(first, second)).toBe(true);
    expect(await store.readKey(subject)).toEqual(second);
    expect(await store.rewrapKey(first, wrappedKey(subject, 'dGhpcmQ='))).toBe(false);
    await store.destroyKey(subject);
    expect(await store.rewrapKey(second, first)).toBe(false);
    expect(await store.readKey(subject)).toBe('destroyed');
  });

  it('answers several subjects at once, each as it would alone', async () => {
    const vault = begin();
    const { store, subject } = vault;
    const [living, gone, never] = [`${subject}-a`, `${subject}-b`, `${subject}-c`];
    await store.insertKey(wrappedKey(living));
    await store.insertKey(wrappedKey(gone));
    await store.destroyKey(gone);
    const found = await store.readKeys([gone, living, never, living]);
    expect(new Map([...found].sort())).toEqual(
      new Map<string, unknown>([
        [living, wrappedKey(living)],
        [gone, 'destroyed'],
      ]),
    );
    expect(await store.readKeys([])).toEqual(new Map());
  });

  it('lets one of many wrap a key again', async () => {
    const vault = begin();
    const key = await vault.makeKey();
    const outcomes = await times(10, (index) =>
      vault.storeOf(index).rewrapKey(key, wrappedKey(vault.subject, `again ${index}`, 'master-2')),
    );
    expect(outcomes.filter((isDone) => isDone)).toHaveLength(1);
    expect(await vault.store.readKey(vault.subject)).toEqual(
      wrappedKey(vault.subject, `again ${outcomes.indexOf(true)}`, 'master-2'),
    );
  });

  it('destroys a key with every record under it, and nothing else', async () => {
    const vault = begin();
    const { store, subject } = vault;
    const other = `${subject}-other`;
    await vault.makeKey();
    await vault.makeKey(other);
    await vault.insert(vault.record('r1', { subject, dueAt: '2030-01-01T00:00:00.000Z' }));
    await vault.insert(vault.record('r2', { subject, kind: `${vault.kind}-b` }));
    await vault.insert(vault.record('r3', { subject: other }));
    await vault.insert(vault.record('r4'));
    await store.destroyKey(subject);
    expect(await store.readKey(subject)).toBe('destroyed');
    expect(await store.readKey(other)).toEqual(wrappedKey(other));
    expect(await vault.idsOf()).toEqual(['r3', 'r4']);
    expect(await store.read(`${vault.kind}-b`, 'r2')).toBeNull();
    expect(await store.due(vault.kind, '2031-01-01T00:00:00.000Z', 10)).toEqual([]);
  });

  it('never gives a destroyed subject another key or record', async () => {
    const vault = begin();
    const { store, subject } = vault;
    const withoutKey = `${subject}-without`;
    await vault.makeKey();
    const version = await vault.insert(vault.record('moved'));
    await store.destroyKey(subject);
    await store.destroyKey(subject);
    await store.destroyKey(withoutKey);
    for (const gone of [subject, withoutKey]) {
      expect(await store.readKey(gone)).toBe('destroyed');
      expect(await store.insertKey(wrappedKey(gone, 'YW5vdGhlcg=='))).toBe('destroyed');
      expect(await store.insert(vault.record('r1', { subject: gone }))).toBe('key-destroyed');
      expect(await store.replace(vault.record('moved', { subject: gone }), version)).toBe('key-destroyed');
    }
    expect(await vault.idsOf()).toEqual(['moved']);
  });

  it('takes a record under a subject only while its key is alive', async () => {
    const vault = begin();
    const record = vault.record('r1', { subject: vault.subject });
    expect(await vault.store.insert(record)).toBe('key-destroyed');
    await vault.makeKey();
    expect(await vault.store.insert(record)).toBe('written');
    // What stands in the way of the key comes before what stands in the way of the record.
    expect(await vault.store.insert({ ...record, subject: 'never had a key' })).toBe('key-destroyed');
  });

  it('lets no record that is written beside a destruction outlive it', async () => {
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      const vault = begin();
      const { subject } = vault;
      await vault.makeKey();
      const versions = await times(4, (index) => vault.insert(vault.record(`old ${index}`, { subject })));
      const free = await vault.insert(vault.record('free'));
      const writes: Promise<RecordWrite | undefined>[] = [
        ...versions.map((version, index) =>
          vault.storeOf(index).replace(vault.record(`old ${index}`, { subject, sealed: 'bmV3' }), version),
        ),
        ...[0, 1, 2, 3].map((index) => vault.storeOf(index).insert(vault.record(`new ${index}`, { subject }))),
        vault.another.replace(vault.record('free', { subject }), free),
      ];
      // The destruction stands at another place among the writes each time.
      void writes.splice(
        round % writes.length,
        0,
        vault
          .storeOf(round)
          .destroyKey(subject)
          .then(() => undefined),
      );
      for (const outcome of await Promise.all(writes)) {
        expect(['written', 'key-destroyed', 'changed-meanwhile', undefined]).toContain(outcome);
      }
      const left = await vault.store.list(vault.kind, '', 100);
      expect(left.filter((record) => record.subject === subject)).toEqual([]);
      expect(await vault.store.readKey(subject)).toBe('destroyed');
    }
  });

  it('lets no key that is made beside a destruction outlive it', async () => {
    for (let round = 0; round < RACE_ROUNDS; round += 1) {
      const vault = begin();
      await Promise.all([
        vault.another.insertKey(wrappedKey(vault.subject, 'b25l')),
        vault.store.destroyKey(vault.subject),
        vault.store.insertKey(wrappedKey(vault.subject, 'dHdv')),
      ]);
      expect(await vault.store.readKey(vault.subject)).toBe('destroyed');
      expect(await vault.store.insertKey(wrappedKey(vault.subject, 'dGhyZWU='))).toBe('destroyed');
    }
  });
}
