import { join } from 'node:path';
import { describe, jest } from '@jest/globals';
import { chromium, type Browser } from 'playwright-core';

/** A scenario has many steps, and each may be slow on a machine that does other things too. */
const SCENARIO_LIMIT_MS = 120_000;
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// The runner of all suites looks for the browser in the same way; it is plain JavaScript, which has no types.
const { findChromium } = (await import(join(import.meta.dirname, '../../../scripts/chromium.mjs'))) as {
  findChromium: () => string | null;
};
const executablePath = findChromium();

/** Scenarios in a real Chromium. Where there is none they count as skipped, and say what to set. */
export function describeInChromium(what: string, scenarios: () => void): void {
  jest.setTimeout(SCENARIO_LIMIT_MS);
  if (executablePath === null) {
    process.stderr.write(
      `${what}: skipped, since no Chromium was found. Install one, or name it with CHROMIUM_PATH.\n`,
    );
    describe.skip(what, scenarios);
  } else {
    describe(what, scenarios);
  }
}

/** A browser with a new, empty profile, which goes when it is closed. */
export function launchChromium(): Promise<Browser> {
  if (executablePath === null) throw new Error('No Chromium was found: set CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: ARGUMENTS });
}
