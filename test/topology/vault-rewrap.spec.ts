import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MasterKeys, Vault } from '#kernel';
import { MongoVaultStore } from '#vault-mongodb';
import { runCommandLine } from '../../apps/cli/command-line.js';
import { describeWithMongoDb, newDatabase } from '../contract/mongodb-suite.js';
import { InProcessService } from '../support/service/in-process-service.js';
import { connectOne, createWorkspace, readAccount, reconnect } from '../support/service/steps.js';

const LIMIT_MS = 60_000;
const SUBJECTS = 700;
const newKey = (): string => randomBytes(32).toString('base64');

async function rewrap(environment: Readonly<Record<string, string>>) {
  let output = '';
  let errors = '';
  const status = await runCommandLine(['vault', 'rewrap'], {
    environment,
    output: { write: (text) => (output += text) },
    errors: { write: (text) => (errors += text) },
  });
  return { status, output, errors };
}

describe('cli vault rewrap on SQLite', () => {
  let service: InProcessService | null = null;
  afterEach(() => service?.stop());

  it(
    'works beside a service, after which the old master key can be dropped',
    async () => {
      const [old, next] = [newKey(), newKey()];
      const environment = { VAULT_MASTER_KEY: old };
      service = await InProcessService.start(environment);
      const owner = await service.as('owner');
      const workspaceId = await createWorkspace(owner);
      const accountId = await connectOne(owner, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery'] });

      await service.restart({ VAULT_MASTER_KEY: `${next},${old}` });
      const rewrapped = await rewrap({ DATA_DIR: service.dataDir, VAULT_MASTER_KEY: `${next},${old}` });
      expect(rewrapped).toMatchObject({ status: 0, errors: expect.stringMatching(/^keys: \d+ done/) as unknown });
      expect(rewrapped.output).toMatch(/^Done\. All \d+ data keys are wrapped by the newest master key; [1-9]\d* were/);
      await connectOne(await service.as('owner'), workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams'] });
      const again = await rewrap({ DATA_DIR: service.dataDir, VAULT_MASTER_KEY: `${next},${old}` });
      expect(again.output).toContain('; 0 were wrapped anew');

      await service.restart({ VAULT_MASTER_KEY: next });
      const later = await service.as('owner');
      expect(await readAccount(later, workspaceId, accountId)).toMatchObject({ name: 'Ada Bakery' });
      const healed = await reconnect(later, workspaceId, accountId);
      expect(healed.status).toBe('completed');
    },
    LIMIT_MS,
  );

  it(
    'does not begin without the key that wrapped, and leaves everything as it was',
    async () => {
      const old = newKey();
      service = await InProcessService.start({ VAULT_MASTER_KEY: old });
      const owner = await service.as('owner');
      await createWorkspace(owner);
      const refused = await rewrap({ DATA_DIR: service.dataDir, VAULT_MASTER_KEY: newKey() });
      expect(refused).toMatchObject({ status: 1, output: '' });
      expect(refused.errors).toContain('The master key that wrapped this data key is not configured.');
      const all = await rewrap({ DATA_DIR: service.dataDir, VAULT_MASTER_KEY: old });
      expect(all.output).toContain('; 0 were wrapped anew');
    },
    LIMIT_MS,
  );
});

await describeWithMongoDb('cli vault rewrap on MongoDB', (mongo) => {
  it(
    'leaves no key behind, while others are made, destroyed and used',
    async () => {
      const { database, drop } = newDatabase(mongo);
      const url = new URL(mongo.url);
      url.pathname = `/${database}`;
      const [old, next] = [newKey(), newKey()];
      const store = await MongoVaultStore.open({ url: url.href });
      const before = new Vault(store, new MasterKeys([old]));
      const names = Array.from({ length: SUBJECTS }, (_, index) => `acc_${index}`);
      const sealed = new Map<string, Buffer>();
      for (const name of names) {
        const key = await before.keyFor(name);
        if (key !== 'destroyed') sealed.set(name, key.seal(`secret of ${name}`, name));
      }
      // Every process has the new key by then: what they make meanwhile is wrapped by it.
      const service = new Vault(store, new MasterKeys([next, old]));
      let isOver = false;
      const gone: string[] = [];
      const working = (async () => {
        for (let turn = 0; !isOver; turn += 1) {
          await service.keyFor(`acc_new_${turn}`);
          const destroyed = names[turn * 3];
          if (destroyed === undefined) continue;
          await service.destroy(destroyed);
          gone.push(destroyed);
        }
      })();
      const done = await rewrap({ READ_STORE_URL: url.href, VAULT_MASTER_KEY: `${next},${old}` });
      isOver = true;
      await working;
      expect(done).toMatchObject({ status: 0 });
      expect(gone.length).toBeGreaterThan(0);
      const after = new Vault(store, new MasterKeys([next]));
      for (const name of names) {
        const key = await after.existingKey(name);
        const opened = key === null || key === 'destroyed' ? key : key.open(sealed.get(name) as Buffer, name);
        expect(opened).toBe(gone.includes(name) ? 'destroyed' : `secret of ${name}`);
      }
      await store.close();
      await drop();
    },
    LIMIT_MS,
  );
});
