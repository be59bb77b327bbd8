// The checks that every change passes: `node scripts/check.mjs` runs all of them, `node scripts/check.mjs lint knip` runs these.
// Plain JavaScript on purpose: it must run before anything is installed.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { prepare, root } from './prepare.mjs';

const modules = 'node_modules';
const TYPESCRIPT = `${modules}/typescript/bin/tsc`;
/** What each check runs, one command after the other, each the file of a program and its arguments. */
const CHECKS = {
  lint: [[`${modules}/eslint/bin/eslint.js`, '.', '--max-warnings', '0']],
  typecheck: [
    [TYPESCRIPT, '-p', 'tsconfig.json'],
    [TYPESCRIPT, '-p', 'apps/web/tsconfig.json'],
  ],
  format: [[`${modules}/prettier/bin/prettier.cjs`, '--check', '--log-level', 'warn', '.']],
  boundaries: [
    [
      `${modules}/dependency-cruiser/bin/dependency-cruise.mjs`,
      '--config',
      '.dependency-cruiser.mjs',
      ...['libs', 'apps', 'test', 'scripts'],
    ],
  ],
  knip: [[`${modules}/knip/bin/knip.js`, '--no-config-hints']],
  unit: [
    [
      '--experimental-vm-modules',
      '--no-warnings',
      `${modules}/jest/bin/jest.js`,
      '--selectProjects',
      'unit',
      '--maxWorkers=2',
    ],
  ],
};
/** The specs keep all cores busy: they run when the others are through. */
const ALONE = 'unit';
const AT_ONCE = Math.min(2, availableParallelism());

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in CHECKS));
if (unknown.length > 0) {
  process.stderr.write(`There is no check ${unknown.join(', ')}; there are ${Object.keys(CHECKS).join(', ')}.\n`);
  process.exit(64);
}

await prepare({ builds: false });
const names = asked.length > 0 ? asked : Object.keys(CHECKS);
const failed = [];
const waiting = names.filter((name) => name !== ALONE);
await Promise.all(Array.from({ length: AT_ONCE }, () => work(waiting)));
if (names.includes(ALONE)) await work([ALONE]);
if (failed.length > 0) process.stdout.write(`\nNot in order: ${failed.join(', ')}.\n`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Takes one check after the other from the list, until it is empty. */
async function work(list) {
  for (let name = list.shift(); name !== undefined; name = list.shift()) {
    const started = performance.now();
    const results = [];
    for (const command of CHECKS[name]) results.push(await run(command));
    const isFine = results.every(({ code }) => code === 0);
    if (!isFine) failed.push(name);
    const seconds = Math.round((performance.now() - started) / 1000);
    process.stdout.write(`${isFine ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
    if (!isFine || name === ALONE) process.stdout.write(results.map(({ output }) => output).join(''));
  }
}

/** Runs a program of Node's and gathers what it prints. */
function run(args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output: Buffer.concat(output).toString() }));
  });
}
