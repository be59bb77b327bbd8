import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DataKey, hashOf, MasterKeys, Secret, Vault } from './index.js';
import { openSpecStores, type SpecStores } from './spec-stores.js';

const key = (): DataKey => new DataKey('acc_1', randomBytes(32));
const masterKey = (): string => randomBytes(32).toString('base64');

describe('a data key', () => {
  it('opens what it sealed, in the same context alone', () => {
    const one = key();
    const sealed = one.seal('grüß Gott', 'here');
    expect(one.open(sealed, 'here')).toBe('grüß Gott');
    expect(() => one.open(sealed, 'there')).toThrow();
    expect(() => key().open(sealed, 'here')).toThrow();
    expect(one.seal('grüß Gott', 'here').equals(sealed)).toBe(false);
  });

  it('opens nothing that was altered, in any byte', () => {
    const one = key();
    const sealed = one.seal('text', 'here');
    for (let at = 0; at < sealed.length; at += 1) {
      const altered = Buffer.from(sealed);
      altered[at] = (altered[at] ?? 0) ^ 1;
      expect(() => one.open(altered, 'here')).toThrow();
    }
    expect(() => one.open(sealed.subarray(0, 20), 'here')).toThrow();
  });

  it('makes digests in which no two lists of parts meet', () => {
    const one = key();
    expect(one.digest('ab', 'c')).toBe(one.digest('ab', 'c'));
    const lists = [['ab', 'c'], ['a', 'bc'], ['abc'], ['ab', 'c', ''], ['2:ab|', 'c'], ['ab|1:c']];
    expect(new Set(lists.map((parts) => one.digest(...parts))).size).toBe(lists.length);
    expect(key().digest('ab', 'c')).not.toBe(one.digest('ab', 'c'));
  });

  it('is named without being given away', () => {
    const bytes = randomBytes(32);
    expect(new DataKey('acc_1', bytes).id).toBe(new DataKey('acc_2', bytes).id);
    expect(new DataKey('acc_1', bytes).id).not.toBe(key().id);
    const shown = inspect(new DataKey('acc_1', bytes), { showHidden: true, depth: 9 });
    for (const form of ['hex', 'base64', 'base64url'] as const) expect(shown).not.toContain(bytes.toString(form));
  });
});

describe('master keys', () => {
  it('wrap anew what an older one wrapped, so that it is not needed any more', () => {
    const [old, next] = [masterKey(), masterKey()];
    const dataKey = randomBytes(32);
    const wrapped = new MasterKeys([old]).wrap('acc_1', dataKey);
    const rewrapped = new MasterKeys([next, old]).rewrap(wrapped);
    expect(rewrapped).toMatchObject({ subject: 'acc_1' });
    if (!rewrapped) throw new Error('It was not wrapped anew.');
    expect(new MasterKeys([next]).unwrap(rewrapped).equals(dataKey)).toBe(true);
    expect(new MasterKeys([next, old]).rewrap(rewrapped)).toBeNull();
    expect(() => new MasterKeys([next]).rewrap(wrapped)).toThrow(/not configured/);
  });

  it('unwrap what any of them wrapped, for the same subject alone', () => {
    const [old, next] = [masterKey(), masterKey()];
    const dataKey = randomBytes(32);
    const wrapped = new MasterKeys([old]).wrap('acc_1', dataKey);
    expect(new MasterKeys([next, old]).unwrap(wrapped).equals(dataKey)).toBe(true);
    expect(() => new MasterKeys([next]).unwrap(wrapped)).toThrow('not configured');
    expect(() => new MasterKeys([old]).unwrap({ ...wrapped, subject: 'acc_2' })).toThrow();
    expect(new MasterKeys([next, old]).wrap('acc_1', dataKey).masterKeyId).not.toBe(wrapped.masterKeyId);
  });

  it('derive the same secret for the same name, and another for any other', () => {
    const encoded = masterKey();
    const secret = new MasterKeys([encoded]).derive('oauth-state', 'con_1');
    expect(new MasterKeys([encoded]).derive('oauth-state', 'con_1')).toBe(secret);
    expect(secret).toMatch(/^[\w-]{43}$/);
    const others = [
      new MasterKeys([encoded]).derive('oauth-state', 'con_2'),
      new MasterKeys([encoded]).derive('oauth-start', 'con_1'),
      new MasterKeys([masterKey()]).derive('oauth-state', 'con_1'),
    ];
    expect(others).not.toContain(secret);
  });

  it('are 32 bytes in base64, at least one', () => {
    for (const wrong of [
      [],
      [''],
      ['short'],
      [randomBytes(31).toString('base64')],
      [randomBytes(32).toString('hex')],
    ]) {
      expect(() => new MasterKeys(wrong)).toThrow(RangeError);
    }
  });
});

describe('the vault', () => {
  let stores: SpecStores;
  beforeAll(async () => (stores = await openSpecStores()));
  afterAll(() => stores.dispose());

  it('makes a key once per subject, however many ask at once', async () => {
    const another = new Vault(stores.vaultStore, stores.masterKeys);
    const made = await Promise.all([stores.vault, another, stores.vault, another].map((one) => one.keyFor('ws_once')));
    expect(new Set(made.map((one) => (one === 'destroyed' ? one : one.id))).size).toBe(1);
  });

  it('tells a key that never was from one that is destroyed, for ever', async () => {
    const { vault, vaultStore, masterKeys } = stores;
    expect(await vault.existingKey('ws_gone')).toBeNull();
    await vault.keyFor('ws_gone');
    await vault.destroy('ws_gone');
    await vault.destroy('ws_gone');
    for (const one of [vault, new Vault(vaultStore, masterKeys)]) {
      expect(await one.existingKey('ws_gone')).toBe('destroyed');
      expect(await one.keyFor('ws_gone')).toBe('destroyed');
    }
  });

  it('takes every record under a key with it', async () => {
    const { vault, vaultStore } = stores;
    await vault.keyFor('con_gone');
    const record = { kind: 'attempt', id: 'con_gone', subject: 'con_gone', value: {}, sealed: 'eA==', dueAt: null };
    expect(await vaultStore.insert(record)).toBe('written');
    await vault.destroy('con_gone');
    expect(await vaultStore.read('attempt', 'con_gone')).toBeNull();
    expect(await vaultStore.insert(record)).toBe('key-destroyed');
  });
});

describe('a secret', () => {
  it('prints as nothing in every form, and is handed out by use alone', () => {
    const secret = new Secret('hunter2');
    const shown = [`${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ secret }, { showHidden: true })];
    expect(shown.join()).not.toContain('hunter2');
    expect(secret.use((text) => text)).toBe('hunter2');
    expect(hashOf('a')).not.toBe(hashOf('b'));
  });
});
