import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AnswerSealer } from '#http';
import type { StoredVaultRecord, VaultRecord } from '#kernel';
import { writeVaultMark } from '#runtime';
import { SqliteVaultStore } from '#vault-sqlite';
import { Progress } from '../progress.js';
import { VaultMove } from './move-vault.js';

/** Every seal of the same text is another ciphertext. */
class CountingSealer extends AnswerSealer {
  #seals = 0;

  override seal(id: string, text: string): Promise<string> {
    this.#seals += 1;
    return Promise.resolve(JSON.stringify([this.#seals, id, text]));
  }

  override open(id: string, sealed: string): Promise<string | null> {
    const [, forId, text] = JSON.parse(sealed) as [number, string, string];
    return Promise.resolve(forId === id ? text : null);
  }
}

describe('moving a vault', () => {
  let folder = '';
  let source: SqliteVaultStore;
  let target: SqliteVaultStore;
  const sealer = new CountingSealer();

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'move-vault-'));
    source = await SqliteVaultStore.open({ dataDir: join(folder, 'source') });
    target = await SqliteVaultStore.open({ dataDir: join(folder, 'target') });
    for (const subject of ['ws_1', 'acc_1', 'acc_2', 'acc_3']) {
      await source.insertKey({ subject, wrapped: `wrapped ${subject}`, masterKeyId: 'first' });
    }
    await source.destroyKey('acc_3');
    await source.insert(record('claim', 'c1', { subject: 'ws_1', value: { owner: 'acc_1' } }));
    await source.insert(record('grant-secret', 's1', { subject: 'acc_1', sealed: 'c2VhbGVk' }));
    await source.insert(record('grant-secret', 's2', { subject: 'acc_2', sealed: 'c2VhbGVk', dueAt: DUE }));
    await source.insert(record('idempotency', 'open', { dueAt: DUE }));
    await source.insert(
      record('idempotency', 'answered', { dueAt: DUE, sealed: await sealer.seal('answered', ANSWER) }),
    );
    await writeVaultMark(target, { migrationId: 'm', state: 'unfinished' });
  });
  afterEach(async () => {
    await source.close();
    await target.close();
    rmSync(folder, { recursive: true });
  });

  const DUE = '2029-03-01T09:00:00.000Z';
  const answer = (position: string): string =>
    JSON.stringify({
      status: 201,
      headers: { position },
      setCookies: [],
      body: JSON.stringify({ id: 'ws_1', position }),
    });
  const ANSWER = answer('7');

  const record = (kind: string, id: string, content: Partial<VaultRecord>): VaultRecord => ({
    ...{ kind, id, subject: null, value: { of: id }, sealed: null, dueAt: null },
    ...content,
  });
  const move = (): ReturnType<VaultMove['run']> => {
    const answers = { sealer, translate: (position: string) => Promise.resolve(`${position}/${position}`) };
    return new VaultMove(source, target, answers, (what, total) => new Progress({ write: () => 0 }, what, total)).run();
  };
  async function expectMoved(): Promise<void> {
    expect(await target.listKeys(null, 100)).toEqual(await source.listKeys(null, 100));
    expect(await target.destroyedSubjects(null, 100)).toEqual(await source.destroyedSubjects(null, 100));
    const plain = (records: readonly StoredVaultRecord[]): readonly VaultRecord[] =>
      records
        .filter(({ kind }) => kind !== 'migration')
        .map(({ version: _version, ...facts }) => (facts.id === 'answered' ? { ...facts, sealed: '' } : facts));
    expect(plain(await target.walk(null, 100))).toEqual(plain(await source.walk(null, 100)));
    const answered = await target.read('idempotency', 'answered');
    expect(await sealer.open('answered', answered?.sealed ?? '')).toBe(answer('7/7'));
  }

  it('moves everything, answers with their positions translated', async () => {
    expect(await move()).toEqual({ keys: 3, destroyed: 1, records: 5 });
    await expectMoved();
  });

  it('writes nothing a second time', async () => {
    await move();
    const before = await target.walk(null, 100);
    await move();
    expect(await target.walk(null, 100)).toEqual(before);
  });

  it('goes on in a source that was used since: destroyed, removed, rewritten, wrapped anew', async () => {
    await move();
    await source.destroyKey('acc_2');
    await source.remove('claim', 'c1');
    const secret = await source.read('grant-secret', 's1');
    await source.replace(record('grant-secret', 's1', { subject: 'acc_1', sealed: 'bmV3ZXI=' }), secret?.version ?? 0);
    const [key] = await source.listKeys(null, 1);
    if (!key) throw new Error('There is no key.');
    await source.rewrapKey(key, { ...key, wrapped: 'wrapped again', masterKeyId: 'second' });
    expect(await move()).toEqual({ keys: 2, destroyed: 2, records: 3 });
    await expectMoved();
  });

  it('refuses a target with keys or destroyed keys of its own', async () => {
    await target.insertKey({ subject: 'acc_9', wrapped: 'theirs', masterKeyId: 'first' });
    await expect(move()).rejects.toThrow(/keys are not those of the data directory/);
    await target.destroyKey('acc_9');
    await expect(move()).rejects.toThrow(/destroyed keys are not those of the data directory/);
  });
});
