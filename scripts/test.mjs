// Runs test suites after installing and building what is missing: `node scripts/test.mjs [--long] [suite …] [options of Jest]`.
// Plain JavaScript on purpose: it must run before anything is installed.
import { spawnSync } from 'node:child_process';
import { findChromium } from './chromium.mjs';
import { prepare, root } from './prepare.mjs';

/** Suites of many processes each, which measure how long things take: they do not run side by side. */
const ALONE = ['topology'];
/** What a fresh machine can run in a few minutes. `topology` and `crash` have commands of their own. */
const EVERYDAY = ['unit', 'contract', 'api', 'model', 'architecture', 'security', 'simulation', 'e2e'];

const given = process.argv.slice(2);
const isLong = given.includes('--long');
const named = given.filter((word) => !word.startsWith('-'));
const options = given.filter((word) => word.startsWith('-') && word !== '--long' && word !== '--');
const asked = named.length > 0 ? named : EVERYDAY;

await prepare();
const chromium = findChromium();
process.exitCode = runJest(asked);
if (chromium === null && asked.includes('e2e')) {
  process.stderr.write('e2e: skipped, since no Chromium was found. Install one, or name it with CHROMIUM_PATH.\n');
}

function runJest(projects) {
  const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js'];
  const workers = projects.some((project) => ALONE.includes(project)) ? 1 : 2;
  const args = [`--maxWorkers=${workers}`, '--passWithNoTests', ...options, '--selectProjects', ...projects];
  const env = { ...process.env, ...(chromium && { CHROMIUM_PATH: chromium }), ...(isLong && { TEST_LONG: '1' }) };
  return spawnSync(process.execPath, [...jest, ...args], { cwd: root, stdio: 'inherit', env }).status ?? 1;
}
