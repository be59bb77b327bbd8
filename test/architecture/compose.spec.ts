import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfiguration, type Role } from '#runtime';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPOSE = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const SANDBOX_ENVIRONMENT = 'apps/sandbox/compose.env';
const WORKER: readonly Role[] = ['projector', 'automation'];
/** What a person gives, in production. */
const GIVEN = {
  AUTH_JWKS_URL: 'https://login.example.org/jwks.json',
  AUTH_ISSUER: 'https://login.example.org/',
  AUTH_AUDIENCE: 'social-accounts',
  VAULT_MASTER_KEY: Buffer.alloc(32, 5).toString('base64'),
};
const SANDBOX = Object.fromEntries(
  [...readFileSync(join(ROOT, SANDBOX_ENVIRONMENT), 'utf8').matchAll(/^([A-Z_]+)=(.+)$/gm)].map((found) => [
    found[1] ?? '',
    found[2] ?? '',
  ]),
);

/** The environment of API and worker as compose fills it in: `${A:?…}`, `${A:-b}` and `${A:+b}`. */
function environmentWith(given: Readonly<Record<string, string>>): Record<string, string> {
  const block = /^x-environment: &environment\n((?: {2}.*\n)+)/m.exec(COMPOSE)?.[1] ?? '';
  const lines = block.replaceAll(/: >-\n\s+/g, ': ').matchAll(/^ {2}([A-Z_]+): (.*)$/gm);
  const filled = (text: string): string =>
    text.replaceAll(/\$\{([A-Z_]+):([?+-])([^}]*)\}/g, (_, name: string, operator: string, other: string) => {
      const value = given[name] ?? '';
      if (operator === '+') return value === '' ? '' : other;
      if (value !== '') return value;
      if (operator === '?') throw new Error(`${name} ${other}`);
      return other;
    });
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, filled(value)]));
}

describe('docker-compose.yml', () => {
  it('asks for whose tokens count and for the key, unless it is the sandbox', () => {
    for (const name of Object.keys(GIVEN)) {
      expect(() => environmentWith({ ...GIVEN, [name]: '' })).toThrow(name);
    }
    expect(() => environmentWith(SANDBOX)).not.toThrow();
  });

  it('gives API and worker an environment that they take, in production and in the sandbox', () => {
    for (const roles of [['api'], WORKER] as const) {
      const production = readConfiguration(environmentWith(GIVEN), roles);
      expect([production.isProduction, production.sandboxIsOn, production.hasDataDirectory]).toEqual([
        true,
        false,
        false,
      ]);
      expect(production.SANDBOX_ANY_ADDRESS).toBeUndefined();
      const sandbox = readConfiguration(environmentWith(SANDBOX), roles);
      expect([sandbox.isProduction, sandbox.sandboxUrl]).toEqual([false, 'http://sandbox:3001']);
    }
  });

  it('refuses in production the key that the sandbox uses', () => {
    const given = { ...GIVEN, VAULT_MASTER_KEY: SANDBOX['VAULT_MASTER_KEY'] ?? '' };
    expect(() => readConfiguration(environmentWith(given), WORKER)).toThrow('everybody knows');
  });

  it('publishes on this machine alone, and pins every version', () => {
    const ports = [...COMPOSE.matchAll(/^ +ports: \[(.*)\]$/gm)].map((found) => found[1] ?? '');
    expect(ports).toHaveLength(4);
    for (const port of ports) expect(port).toMatch(/^'127\.0\.0\.1:\d+:\d+'$/);
    const images = [...COMPOSE.matchAll(/^ +image: (\S+)$/gm)].map((found) => found[1] ?? '');
    const bases = [...readFileSync(join(ROOT, 'Dockerfile'), 'utf8').matchAll(/^FROM (\S+)/gm)].map(
      (found) => found[1],
    );
    const foreign = [...images.filter((image) => image !== 'social-accounts:local'), ...bases];
    expect(foreign.length).toBeGreaterThan(3);
    for (const image of foreign) expect(image).toMatch(/:\d+\.\d+\.\d+/);
  });

  // Only where it is installed: what it does with the file is looked at above in any case.
  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  const itWithCompose = hasCompose ? it : () => undefined;
  itWithCompose('is accepted by docker compose', () => {
    const config = (options: readonly string[], given: Readonly<Record<string, string>>): number | null => {
      const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...given };
      const args = ['compose', ...options, 'config', '--quiet'];
      return spawnSync('docker', args, { cwd: ROOT, env: environment }).status;
    };
    expect(config([], GIVEN)).toBe(0);
    expect(config(['--env-file', SANDBOX_ENVIRONMENT], {})).toBe(0);
    expect(config(['--env-file', '/dev/null'], {})).not.toBe(0);
  });
});
