// Lets Node run this repository's TypeScript sources, for what Jest cannot load itself: threads and child processes.
// `node --import <this file> file.ts`. Built programs do not need it, and it is not part of them.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { register } from 'node:module';
import { fileURLToPath } from 'node:url';

const AS_HOOKS = '?hooks';

if (!import.meta.url.endsWith(AS_HOOKS)) register(import.meta.url + AS_HOOKS);

/** A relative import names the built file: take the source that it is built from. */
export async function resolve(specifier, context, next) {
  const conditions = ['source', ...context.conditions];
  if (/^(\.|file:)/.test(specifier) && specifier.endsWith('.js')) {
    const source = new URL(specifier.replace(/\.js$/, '.ts'), context.parentURL);
    if (existsSync(source)) return { url: source.href, format: 'module', shortCircuit: true };
  }
  return next(specifier, { ...context, conditions });
}

export async function load(url, context, next) {
  if (!url.endsWith('.ts')) return next(url, context);
  const { transform } = await import('@swc/core');
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
    jsc: { parser: { syntax: 'typescript', decorators: true }, target: 'es2022', keepClassNames: true },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    swcrc: false,
  });
  return { format: 'module', source: code, shortCircuit: true };
}
