// Compiles the sources into dist, file by file: types are checked by `npm run typecheck`, not at every start.
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';
import { swcOptions } from './swc.mjs';

/** Folders whose programs run from dist. The page is built by Vite. */
const SOURCES = ['apps', 'libs', 'test/bench', 'test/support'];
const isPage = (path) => path.startsWith(join('apps', 'web'));
const isCompiled = (path) =>
  path.endsWith('.ts') && !path.endsWith('.spec.ts') && !/(^|\/)spec-[^/]*$/.test(path) && !isPage(path);

/** Compiles everything below `root`; what has no source any more is removed. Returns how many files it wrote. */
export function compile(root) {
  const files = SOURCES.flatMap((folder) => filesBelow(root, folder)).filter(isCompiled);
  for (const folder of ['apps', 'libs', 'test']) rmSync(join(root, 'dist', folder), { recursive: true, force: true });
  for (const file of files) {
    const { code } = transformFileSync(join(root, file), { ...swcOptions, sourceMaps: 'inline' });
    const target = join(root, 'dist', file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  return files.length;
}

function filesBelow(root, folder) {
  const path = join(root, folder);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path)
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => {
      const inner = join(folder, name);
      return statSync(join(root, inner)).isDirectory() ? filesBelow(root, inner) : [inner];
    });
}
