import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordPlace, StoredVaultRecord } from '#kernel';
import { byCodePoint } from './read-store-case.js';
import { times, wrappedKey, type VaultCase } from './vault-case.js';

const PROPERTY_RUNS = 30;

/** Characters that mean something to LIKE, GLOB, regular expressions, quoting or the next code point. */
const CHARACTERS = [
  '%',
  '_',
  '*',
  '[',
  '^',
  '$',
  '.',
  '\\',
  '|',
  "'",
  '\u0000',
  '\uFFFF',
  'a',
  'A',
  'é',
  '😀',
  '\u{10FFFF}',
];
const awkwardText = (minLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...CHARACTERS), { minLength, maxLength: 4 }).map((parts) => parts.join(''));

const at = (minute: number): string => new Date(Date.UTC(2030, 0, 1, 0, minute)).toISOString();

export function describeLists(begin: () => VaultCase): void {
  it('lists the records of a kind by the beginning of their ids, in order', async () => {
    const vault = begin();
    for (const id of ['acc_2|b', 'acc_1|b', 'acc_1|a', 'acc_10|a']) await vault.insert(vault.record(id));
    await vault.insert(vault.record('acc_1|c', { kind: `${vault.kind}-other` }));
    expect(await vault.idsOf('acc_1|')).toEqual(['acc_1|a', 'acc_1|b']);
    expect(await vault.idsOf()).toEqual(['acc_10|a', 'acc_1|a', 'acc_1|b', 'acc_2|b']);
    expect((await vault.store.list(vault.kind, '', 2)).map(({ id }) => id)).toEqual(['acc_10|a', 'acc_1|a']);
    expect((await vault.store.list(vault.kind, 'acc_2', 1))[0]).toEqual(await vault.store.read(vault.kind, 'acc_2|b'));
  });

  it('lists what begins with any prefix, whatever characters it has', async () => {
    const property = fc.asyncProperty(
      fc.uniqueArray(awkwardText(1), { minLength: 1, maxLength: 10 }),
      fc.array(awkwardText(0), { minLength: 1, maxLength: 6 }),
      async (ids, prefixes) => {
        const vault = begin();
        await times(ids.length, (index) => vault.insert(vault.record(ids[index] ?? '')));
        for (const prefix of prefixes) {
          expect(await vault.idsOf(prefix)).toEqual(ids.filter((id) => id.startsWith(prefix)).sort(byCodePoint));
        }
      },
    );
    await fc.assert(property, { numRuns: PROPERTY_RUNS });
  });

  it('answers the records that are due, oldest first and by id, held or not', async () => {
    const vault = begin();
    const dues = { r1: at(3), r2: at(1), r3: null, r4: at(2), r5: at(1), r6: at(4) };
    for (const [id, dueAt] of Object.entries(dues)) await vault.insert(vault.record(id, { dueAt }));
    await vault.insert(vault.record('r7', { dueAt: at(0), kind: `${vault.kind}-other` }));
    await vault.store.hold(vault.kind, 'r4', 'somebody', 60_000);
    const due = async (instant: string, limit = 100): Promise<readonly string[]> =>
      (await vault.store.due(vault.kind, instant, limit)).map(({ id }) => id);
    expect(await due(at(0))).toEqual([]);
    expect(await due(at(3))).toEqual(['r2', 'r5', 'r4', 'r1']);
    expect(await due(at(3), 2)).toEqual(['r2', 'r5']);
    await vault.store.replace(vault.record('r2', { dueAt: at(9) }), await vault.versionOf('r2'));
    await vault.store.replace(vault.record('r5'), await vault.versionOf('r5'));
    await vault.store.remove(vault.kind, 'r4');
    expect(await due(at(3))).toEqual(['r1']);
    expect((await vault.store.due(vault.kind, at(3), 1))[0]).toEqual(await vault.store.read(vault.kind, 'r1'));
  });

  it('walks through the records of every kind, in the order of kind and id', async () => {
    const vault = begin();
    const kinds = ['', '|', '|b', 'é', '😀', '\uFFFD'].map((end) => `${vault.kind}${end}`);
    const ids = ['é', 'b', 'a', 'Z', '\uFFFD', '😀', '\u0000'];
    await vault.makeKey();
    for (const kind of kinds) {
      for (const id of ids) {
        const content = id === 'b' ? { subject: vault.subject, sealed: 'c2VhbGVk', dueAt: at(1) } : {};
        await vault.insert(vault.record(id, { kind, ...content }));
      }
    }
    const ours = ({ kind }: { readonly kind: string }): boolean => kinds.includes(kind);
    const walked: StoredVaultRecord[] = [];
    // Pages end within a kind, at its end, and over several kinds.
    for (const limit of [1, 5, 7, 16]) {
      walked.length = 0;
      // The suite's other records are there too: the walk begins behind a place where none is, and goes on to the end.
      for (let after: RecordPlace | null = { kind: vault.kind, id: '' }; after !== null;) {
        const page: readonly StoredVaultRecord[] = await vault.another.walk(after, limit);
        expect(page.length).toBeLessThanOrEqual(limit);
        walked.push(...page.filter(ours));
        after = page.at(-1) ?? null;
      }
      const expected = [...kinds]
        .sort(byCodePoint)
        .flatMap((kind) => [...ids].sort(byCodePoint).map((id) => [kind, id]));
      expect(walked.map(({ kind, id }) => [kind, id])).toEqual(expected);
    }
    for (const record of walked) expect(record).toEqual(await vault.store.read(record.kind, record.id));
    expect(await vault.store.walk(null, 0)).toEqual([]);
    const all = await vault.store.walk(null, 100_000);
    expect(all.filter(ours)).toEqual(walked);
  });

  it('pages through keys and destroyed subjects in order', async () => {
    const vault = begin();
    const subjects = ['é', 'b', 'a', 'Z', '\uFFFD', '😀', 'c%', 'c_'].map((name) => `${vault.subject}|${name}`);
    const gone = subjects.filter((_, index) => index % 2 === 0);
    const alive = subjects.filter((_, index) => index % 2 === 1);
    for (const subject of subjects) await vault.makeKey(subject);
    for (const subject of gone) await vault.store.destroyKey(subject);

    const ours = (subject: string): boolean => subject.startsWith(`${vault.subject}|`);
    // The suite's other subjects are there too: what is asked for is everything behind this case's own beginning.
    const keys: string[] = [];
    for (let after = `${vault.subject}|`; ;) {
      const page = await vault.store.listKeys(after, 3);
      expect(page.length).toBeLessThanOrEqual(3);
      keys.push(...page.map(({ subject }) => subject));
      for (const key of page.filter(({ subject }) => ours(subject))) expect(key).toEqual(wrappedKey(key.subject));
      const last = page.at(-1);
      if (!last || !ours(last.subject)) break;
      after = last.subject;
    }
    expect(keys.filter(ours)).toEqual(alive.sort(byCodePoint));

    const destroyed: string[] = [];
    for (let after: string | null = null; ;) {
      const page: readonly string[] = await vault.store.destroyedSubjects(after, 2);
      expect(page.length).toBeLessThanOrEqual(2);
      destroyed.push(...page);
      after = page.at(-1) ?? null;
      if (after === null) break;
    }
    expect(destroyed).toEqual([...destroyed].sort(byCodePoint));
    expect(destroyed.filter(ours)).toEqual(gone.sort(byCodePoint));
  });
}
