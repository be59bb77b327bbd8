// Prints how many tests of a result file of Jest passed, failed and were skipped; a suite that could not run counts as failed.
import { readFileSync } from 'node:fs';

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
const skipped = results.numPendingTests + results.numTodoTests;
console.log(results.numPassedTests, failed, skipped);
