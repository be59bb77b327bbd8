// Installs the dependencies and builds the programs when they are missing or older than their sources.
// Several programs may be started together in a fresh clone: one prepares, the others wait for it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const MINIMUM_NODE = [20, 19];
const LOCK = join(root, '.cache', 'prepare.lock');
const LOCK_POLL_MS = 250;
const STAMP = join(root, 'dist', '.built');
const SOURCES = ['apps', 'libs', 'test/bench', 'test/support', 'scripts', 'package.json'];

/** Installs, and unless told otherwise builds, what is missing. Ends the process with a sentence when that cannot be done. */
export async function prepare({ builds = true } = {}) {
  const isReady = () => isInstalled() && (!builds || isBuilt());
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor < MINIMUM_NODE[1])) {
    fail(`Node ${MINIMUM_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
  }
  if (isReady()) return;
  await takeLock();
  try {
    if (!isInstalled()) install();
    if (builds && !isBuilt()) await build();
  } finally {
    rmSync(LOCK, { recursive: true, force: true });
  }
}

function isInstalled() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs - 1;
}

function isBuilt() {
  return existsSync(STAMP) && SOURCES.every((source) => newest(join(root, source)) <= statSync(STAMP).mtimeMs);
}

/** The newest modification time, in milliseconds, of a file or of anything below a folder. */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const below = readdirSync(path).filter((name) => name !== 'node_modules');
  return below.reduce((time, name) => Math.max(time, newest(join(path, name))), 0);
}

function install() {
  say('installing the dependencies (a minute or two; better-sqlite3 may be compiled)');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  // npm keeps the lock file's own time where nothing changed: mark the installation as newer than the lock file.
  const installed = join(root, 'node_modules', '.package-lock.json');
  writeFileSync(installed, readFileSync(installed));
}

async function build() {
  const started = new Date();
  say('building the service');
  const { compile } = await import('./compile.mjs');
  compile(root);
  if (existsSync(join(root, 'apps', 'web', 'index.html'))) {
    say('building the web page');
    run(process.execPath, [join('node_modules', 'vite', 'bin', 'vite.js'), 'build', 'apps/web', '--logLevel', 'warn']);
  }
  writeFileSync(STAMP, started.toISOString());
}

async function takeLock() {
  mkdirSync(dirname(LOCK), { recursive: true });
  let told = false;
  for (;;) {
    try {
      mkdirSync(LOCK);
      writeFileSync(join(LOCK, 'pid'), String(process.pid));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!holderLives()) rmSync(LOCK, { recursive: true, force: true });
    else if (!told) {
      say('waiting for another start that is installing or building');
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/** A lock whose process has ended (a start that was killed) must not block every later start. */
function holderLives() {
  const pid = Number(readFileSync(join(LOCK, 'pid'), { encoding: 'utf8', flag: 'a+' }) || 0);
  if (pid === 0) return Date.now() - statSync(LOCK).mtimeMs < 5_000;
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.status !== 0) fail(`'${command} ${args.join(' ')}' failed; the lines above say why.`);
}

const say = (text) => process.stderr.write(`social-accounts: ${text}\n`);

function fail(text) {
  say(text);
  rmSync(LOCK, { recursive: true, force: true });
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await prepare();
