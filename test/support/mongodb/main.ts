import { findMongod } from './mongod-binary.js';

/** Finds or fetches a `mongod` before suites ask for one: says where it is, or ends with 1 and says what to set. */
async function main(): Promise<void> {
  if (process.env['MONGODB_URL'] !== undefined) {
    process.stdout.write('MONGODB_URL is set: that server is used\n');
    return;
  }
  const found = await findMongod();
  if ('unavailable' in found) throw new Error(found.unavailable);
  process.stdout.write(`mongod: ${found.path}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
