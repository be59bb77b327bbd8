import { describe, expect, it } from '@jest/globals';
import { ALL_ROLES, ConfigurationRefused, readConfiguration, type Role } from './index.js';

const WORKER: readonly Role[] = ['projector', 'automation'];
const STORES = {
  EVENT_STORE_URL: 'esdb://127.0.0.1:2113?tls=false',
  READ_STORE_URL: 'mongodb://127.0.0.1:27017/?replicaSet=rs0',
  VAULT_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
};
const IDENTITY_PROVIDER = {
  AUTH_JWKS_URL: 'https://login.example.org/jwks.json',
  AUTH_ISSUER: 'https://login.example.org/',
  AUTH_AUDIENCE: 'social-accounts',
};
const SANDBOX_URL = 'http://127.0.0.1:3001';

/** The variables that the sentences of a refusal begin with or name first. */
function refused(environment: Record<string, string>, roles: readonly Role[] = ALL_ROLES): readonly string[] {
  try {
    readConfiguration(environment, roles);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationRefused)) throw error;
    return error.faults.map((fault) => /[A-Z_]{4,}/.exec(fault)?.[0] ?? fault);
  }
}

describe('one of several processes', () => {
  it('takes servers for both stores, and a key', () => {
    expect(refused({ ...STORES, SANDBOX_URL }, ['api'])).toEqual([]);
    expect(refused(STORES, WORKER)).toEqual([]);
    expect(readConfiguration(STORES, WORKER).hasDataDirectory).toBe(false);
  });

  it('refuses embedded stores and a missing key with one sentence for each', () => {
    const all = ['EVENT_STORE_URL', 'READ_STORE_URL', 'VAULT_MASTER_KEY'];
    expect(refused({}, WORKER)).toEqual(all);
    expect(refused({ SANDBOX_URL }, ['api'])).toEqual(all);
    expect(refused({ ...STORES, EVENT_STORE_URL: '' }, WORKER)).toEqual(['EVENT_STORE_URL']);
    expect(refused({ ...STORES, READ_STORE_URL: 'sqlite:' }, WORKER)).toEqual(['READ_STORE_URL']);
    expect(refused({ ...STORES, VAULT_MASTER_KEY: '' }, WORKER)).toEqual(['VAULT_MASTER_KEY']);
  });

  it('has a sandbox only where it is told which', () => {
    expect(readConfiguration({ ...STORES, SANDBOX_URL }, ['api']).sandboxIsOn).toBe(true);
    expect(readConfiguration({ ...STORES, ...IDENTITY_PROVIDER }, ['api']).sandboxIsOn).toBe(false);
    expect(readConfiguration({ ...STORES, SANDBOX_URL, SANDBOX: '0' }, WORKER).sandboxUrl).toBeNull();
    expect(refused({ ...STORES, SANDBOX: '1' }, WORKER)).toEqual(['SANDBOX_URL']);
  });

  it('needs a key set for the API alone', () => {
    expect(refused(STORES, ['api'])).toEqual(['AUTH_JWKS_URL']);
    expect(refused({ ...STORES, ...IDENTITY_PROVIDER }, ['api'])).toEqual([]);
    expect(refused(STORES, WORKER)).toEqual([]);
  });
});

describe('one process with all roles', () => {
  it('takes every choice of stores', () => {
    const { EVENT_STORE_URL, READ_STORE_URL, VAULT_MASTER_KEY } = STORES;
    expect(refused({})).toEqual([]);
    expect(refused({ EVENT_STORE_URL, VAULT_MASTER_KEY })).toEqual([]);
    expect(refused({ READ_STORE_URL, VAULT_MASTER_KEY })).toEqual([]);
    expect(refused({ EVENT_STORE_URL })).toEqual(['VAULT_MASTER_KEY']);
    expect(readConfiguration({ EVENT_STORE_URL, VAULT_MASTER_KEY }).hasDataDirectory).toBe(true);
  });

  it('carries a sandbox, or takes the one on its own', () => {
    expect(readConfiguration({}).sandboxIsOn).toBe(true);
    expect(readConfiguration({}).sandboxUrl).toBeNull();
    expect(readConfiguration({ SANDBOX_URL: `${SANDBOX_URL}/` }).sandboxUrl).toBe(SANDBOX_URL);
  });
});

describe('the sandbox', () => {
  const production = { NODE_ENV: 'production', ...IDENTITY_PROVIDER };

  it('is nowhere in production', () => {
    expect(refused(production)).toEqual([]);
    expect(readConfiguration(production).sandboxIsOn).toBe(false);
    expect(refused({ ...production, SANDBOX: '1' })).toEqual(['SANDBOX']);
    expect(refused({ ...production, SANDBOX_URL })).toEqual(['SANDBOX_URL']);
    expect(refused({ ...production, ...STORES, SANDBOX_URL }, ['api'])).toEqual(['SANDBOX_URL']);
    expect(refused({ ...production, ...STORES, SANDBOX_URL }, WORKER)).toEqual(['SANDBOX_URL']);
  });

  it('is on loopback addresses only, unless told otherwise', () => {
    expect(refused({ HOST: '0.0.0.0' })).toEqual(['HOST']);
    expect(refused({ ...STORES, SANDBOX_URL: 'http://sandbox:3001' }, WORKER)).toEqual(['SANDBOX_URL']);
    const anywhere = { HOST: '0.0.0.0', SANDBOX_URL: 'http://sandbox:3001', SANDBOX_ANY_ADDRESS: '1' };
    expect(refused({ ...STORES, ...anywhere }, WORKER)).toEqual([]);
  });
});

it('refuses what cannot be read, and keys that protect nothing', () => {
  expect(refused({ PORT: 'eighty' }).length).toBeGreaterThan(0);
  expect(refused({ EVENT_STORE_URL: 'postgres://here' })).toEqual(['EVENT_STORE_URL']);
  expect(refused({ VAULT_MASTER_KEY: Buffer.alloc(32).toString('base64') })).toEqual(['VAULT_MASTER_KEY']);
  expect(refused({ NODE_ENV: 'production', HOST: '0.0.0.0', ...IDENTITY_PROVIDER })).toEqual(['HOST']);
});
