import { expect } from '@jest/globals';
import axe, { type AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe-core finds wrong with the page as it stands, in light and in dark. There must be nothing.
 *
 * In dark the colours alone are judged again: nothing else depends on the scheme.
 */
export async function expectAccessible(page: Page, screen: string): Promise<void> {
  // Put in by the debugger, not as a script element: the page's policy takes no script from elsewhere.
  if (await page.evaluate<boolean>('typeof axe === "undefined"')) await page.evaluate(axe.source);
  const light = await violations(page, '{ preload: false }');
  await page.emulateMedia({ colorScheme: 'dark' });
  const dark = await violations(page, '{ preload: false, runOnly: ["color-contrast"] }');
  await page.emulateMedia({ colorScheme: 'light' });
  expect({ screen, light, dark }).toEqual({ screen, light: [], dark: [] });
}

async function violations(page: Page, options: string): Promise<readonly string[]> {
  const results = await page.evaluate<AxeResults>(`axe.run(document, ${options})`);
  return results.violations.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' | ')}`,
  );
}
