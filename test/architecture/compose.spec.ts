import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Configuration, readConfiguration, type Role } from '#runtime';

const ROOT = join(import.meta.dirname, '..', '..');
const COMPOSE = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
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

/** Variables that mean nothing in a container of API or worker: no store is embedded there, and the profile turns the sandbox on. */
const NOT_HANDED_ON = ['DATA_DIR', 'SANDBOX', 'SANDBOX_PORT'];

/** A value as compose fills it in: `${A:?…}`, `${A:-b}` and `${A:+b}`. */
const filled = (text: string, given: Readonly<Record<string, string>>): string =>
  text.replaceAll(/\$\{([A-Z_]+):([?+-])([^}]*)\}/g, (_, name: string, operator: string, other: string) => {
    const value = given[name] ?? '';
    if (operator === '+') return value === '' ? '' : other;
    if (value !== '') return value;
    if (operator === '?') throw new Error(`${name} ${other}`);
    return other;
  });

/** The environment of API and worker. */
function environmentWith(given: Readonly<Record<string, string>>): Record<string, string> {
  const block = /^x-environment: &environment\n((?: {2}.*\n)+)/m.exec(COMPOSE)?.[1] ?? '';
  const lines = block.replaceAll(/: >-\n\s+/g, ': ').matchAll(/^ {2}([A-Z_]+): (.*)$/gm);
  return Object.fromEntries([...lines].map(([, name = '', value = '']) => [name, filled(value, given)]));
}

const portsWith = (given: Readonly<Record<string, string>>): readonly string[] =>
  [...COMPOSE.matchAll(/^ +ports: \['(.*)'\]$/gm)].map(([, port = '']) => filled(port, given));

/** A folder that holds what the image holds, and nothing else. */
function makeImageFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'image-'));
  const copied = [...DOCKERFILE.matchAll(/^COPY --from=build \/service\/(\S+) (\S+)$/gm)];
  for (const [, from = '', to = ''] of copied) {
    const target = join(folder, to === './' ? from : to);
    if (from === 'node_modules') symlinkSync(join(ROOT, from), target);
    else cpSync(join(ROOT, from), target, { recursive: true });
  }
  return folder;
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

  it('hands on every variable that means something there', () => {
    const handedOn = [...Object.keys(environmentWith(GIVEN)), ...NOT_HANDED_ON];
    expect(handedOn.toSorted()).toEqual(Object.keys(new Configuration()).toSorted());
    const wishes = {
      RATE_LIMIT_PER_MINUTE: '90',
      RETURN_ORIGINS: 'https://app.example.org',
      LINKEDIN_ACCOUNT_TYPES: 'profile',
    };
    const configuration = readConfiguration(environmentWith({ ...GIVEN, ...wishes }), ['api']);
    expect(configuration).toMatchObject({ ...wishes, RATE_LIMIT_PER_MINUTE: 90 });
    expect(readConfiguration(environmentWith(GIVEN), ['api'])).toMatchObject({
      rateLimitPerMinute: 6_000,
      returnOrigins: [],
      LINKEDIN_ACCOUNT_TYPES: 'profile,organization',
    });
  });

  it('publishes on this machine alone, several APIs on a range of ports', () => {
    expect(portsWith({}).toSorted()).toEqual([
      '127.0.0.1:2113:2113',
      '127.0.0.1:27017:27017',
      '127.0.0.1:3000:3000',
      '127.0.0.1:3001:3001',
    ]);
    expect(portsWith({ API_PORTS: '3100-3109' })).toContain('127.0.0.1:3100-3109:3000');
  });

  it('pins every version', () => {
    const images = [...COMPOSE.matchAll(/^ +image: (\S+)$/gm)].map((found) => found[1] ?? '');
    const bases = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map((found) => found[1]);
    const foreign = [...images.filter((image) => image !== 'social-accounts:local'), ...bases];
    expect(foreign.length).toBeGreaterThan(3);
    for (const image of foreign) expect(image).toMatch(/:\d+\.\d+\.\d+/);
  });

  it('runs programs that there are, with nothing but what the image holds', () => {
    const named = `${COMPOSE}\n${DOCKERFILE}`.matchAll(/node(?: |", "|, )(dist\/apps\/\w+\/main)\.js/g);
    const programs = [...new Set([...named].map(([, program = '']) => program))];
    expect(programs.map((program) => program.split('/')[2]).toSorted()).toEqual([
      'api',
      'cli',
      'sandbox',
      'standalone',
      'worker',
    ]);
    for (const program of programs)
      expect(existsSync(join(ROOT, program.replace('dist/', '').concat('.ts')))).toBe(true);
    const folder = makeImageFolder();
    try {
      const run = spawnSync(process.execPath, ['dist/apps/cli/main.js', 'projections'], {
        cwd: folder,
        // Settings that it refuses before it asks any server: the program and all that it needs are loaded by then.
        env: { EVENT_STORE_URL: 'esdb://eventstore:2113?tls=false' },
        encoding: 'utf8',
      });
      expect([run.status, run.stderr]).toEqual([64, expect.stringContaining('VAULT_MASTER_KEY must be set')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  // Only where it is installed: what it does with the file is looked at above in any case.
  const hasCompose = spawnSync('docker', ['compose', 'version']).status === 0;
  const itWithCompose = hasCompose ? it : it.skip;
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
