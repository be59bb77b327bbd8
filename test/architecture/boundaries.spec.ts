import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BROKEN_BOUNDARIES, KEPT_BOUNDARIES } from './boundary-examples.js';

const ROOT = join(import.meta.dirname, '..', '..');
const CONFIGURATION = join(ROOT, '.dependency-cruiser.mjs');
const CRUISER = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');
const VALUE = 'export const value = 1;\n';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}

/** A small repository of the same shape, in which every rule is broken somewhere. */
function writeExamples(root: string): void {
  const write = (file: string, content: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  const packages = ['better-sqlite3', 'mongodb', '@eventstore/db-client', 'zod', 'development-tool'];
  for (const name of packages) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, 'module.exports = {};\n');
  }
  const versions = Object.fromEntries(packages.map((name) => [name, '1.0.0']));
  const { 'development-tool': tool, ...dependencies } = versions;
  const imports = { '#*': { source: './libs/*/index.ts', default: './dist/libs/*/index.js' } };
  const manifest = {
    name: 'examples',
    type: 'module',
    imports,
    dependencies,
    devDependencies: { 'development-tool': tool },
  };
  write('package.json', JSON.stringify(manifest));
  write('tsconfig.json', JSON.stringify({ compilerOptions: { module: 'nodenext', target: 'es2022' } }));
  const libraries = ['kernel', 'contract', 'http', 'workspaces', 'social-accounts', 'runtime', 'event-store-sqlite'];
  for (const name of [...libraries, 'read-store-sqlite', 'vault-sqlite', 'platform-facebook'])
    write(`libs/${name}/index.ts`, VALUE);
  for (const inside of ['workspaces/inside', 'workspaces/read/rows', 'workspaces/write/change'])
    write(`libs/${inside}.ts`, VALUE);
  for (const inside of ['workspaces/automation/policy', 'social-accounts/read/other', 'social-accounts/write/other'])
    write(`libs/${inside}.ts`, VALUE);
  write('apps/sandbox/index.ts', VALUE);
  for (const [file, content] of Object.entries(KEPT_BOUNDARIES)) write(file, content);
  for (const { file, imports: target, others } of BROKEN_BOUNDARIES) {
    write(file, `import * as broken from '${target}';\nexport const value = broken;\n`);
    for (const [other, content] of Object.entries(others ?? {})) write(other, content);
  }
}

function cruise(root: string): readonly Violation[] {
  const args = [CRUISER, '--config', CONFIGURATION, '--output-type', 'json', 'libs', 'apps'];
  const output = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 50_000_000 });
  return (JSON.parse(output) as { summary: { violations: readonly Violation[] } }).summary.violations;
}

describe('boundaries', () => {
  const root = mkdtempSync(join(tmpdir(), 'boundaries-'));
  let found: readonly Violation[] = [];

  beforeAll(() => {
    writeExamples(root);
    found = cruise(root);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(BROKEN_BOUNDARIES)('$rule fires where $file imports $imports', ({ rule, file }) => {
    const fired = found.filter(({ from }) => from === file).map((violation) => violation.rule.name);
    expect(fired).toContain(rule);
  });

  it('has an example for every rule', async () => {
    const { default: configuration } = (await import(CONFIGURATION)) as {
      default: { forbidden: readonly { name: string }[] };
    };
    const shown = new Set(BROKEN_BOUNDARIES.map(({ rule }) => rule));
    expect(configuration.forbidden.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([]);
  });

  it('lets through what may be imported', () => {
    expect(found.filter(({ from }) => from in KEPT_BOUNDARIES)).toEqual([]);
  });
});
