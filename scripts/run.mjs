// Runs a built program of this repository, after installing and building what is missing: `node scripts/run.mjs standalone [arguments]`.
// Plain JavaScript on purpose: it must run before anything is installed.
import { pathToFileURL } from 'node:url';
import { prepare, root } from './prepare.mjs';

const [program, ...rest] = process.argv.slice(2);
await prepare();
const entry = `${root}/dist/${program}.js`;
process.argv = [process.argv[0], entry, ...rest];
await import(pathToFileURL(entry).href);
