import type { Locator } from 'playwright-core';
import type { Identity } from '../../support/service/sandbox-control.js';
import type { Visit } from './visit.js';

/** What people do on the page, by the roles and names that they, and a screen reader, know things by. */

export async function signIn({ page }: Visit, name: 'Ada' | 'Ben' | 'Cho'): Promise<void> {
  await page.getByRole('button', { name: `Sign in as ${name}` }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

/** Opens the page and signs in as somebody without a button of their own. */
export async function signInAsSomebody(visit: Visit, userId: string, path = '/'): Promise<void> {
  await visit.open(path);
  await visit.page.getByRole('textbox', { name: 'Somebody else' }).fill(userId);
  await visit.page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await visit.page.getByRole('button', { name: 'Sign out' }).waitFor();
}

export async function createFirstWorkspace({ page }: Visit, name: string): Promise<void> {
  await page.getByRole('heading', { name: 'Create your first workspace' }).waitFor();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('button', { name: 'Create workspace' }).click();
  await page.getByRole('heading', { name: 'Connect your first account' }).waitFor();
}

/** Chooses a platform, and a way where there are several, and goes on to the platform's own consent page. */
export async function goToConsent({ page }: Visit, platform: string, way: string | null = null): Promise<void> {
  await page.getByRole('button', { name: 'Connect account', exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: platform }).click();
  if (way !== null) await page.getByRole('radio', { name: way }).check();
  await page.getByRole('button', { name: 'Continue to' }).click();
}

/** Decides on the platform's consent page, as a person does. */
export async function decide({ page }: Visit, decision: 'Allow' | 'Deny', identity: Identity = 'ada'): Promise<void> {
  await page.getByRole('radio', { name: `(${identity})` }).check();
  await page.getByRole('button', { name: decision, exact: true }).click();
}

/** Picks what a login reaches, by name, and sees it through to the end. */
export async function pick({ page }: Visit, names: readonly string[]): Promise<void> {
  const picker = page.getByRole('dialog', { name: 'Pick what to connect' });
  await picker.waitFor();
  for (const name of names) await picker.getByRole('checkbox', { name, exact: true }).check();
  await picker.getByRole('button', { name: /^Connect \d/ }).click();
}

/** Waits for a good end, leaves it, and answers what it said about each account. */
export async function leaveOutcome({ page }: Visit, title: 'Connected' | 'Reconnected'): Promise<readonly string[]> {
  const dialog = page.getByRole('dialog', { name: title, exact: true });
  const items = dialog.getByRole('list', { name: 'What was connected' }).getByRole('listitem');
  await items.first().waitFor();
  const texts = await items.allInnerTexts();
  await dialog.getByRole('button', { name: 'Done' }).click();
  await dialog.waitFor({ state: 'detached' });
  return texts;
}

export const rows = ({ page }: Visit): Locator =>
  page
    .getByRole('table', { name: 'Accounts' })
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader') });

/** The row of an account by its exact name. */
export const rowOf = (visit: Visit, name: string): Locator =>
  rows(visit).filter({ has: visit.page.getByRole('link', { name, exact: true }) });

/** The names in the list, in their order. */
export async function namesInList(visit: Visit): Promise<readonly string[]> {
  return rows(visit).getByRole('link').allInnerTexts();
}

/** Opens an account's details and answers the panel. */
export async function openDetails(visit: Visit, name: string): Promise<Locator> {
  await visit.page.getByRole('link', { name, exact: true }).click();
  return detailsOf(visit, name);
}

export async function detailsOf({ page }: Visit, name: string): Promise<Locator> {
  const panel = page.getByRole('dialog', { name, exact: true });
  await panel.getByRole('region', { name: 'Token status' }).waitFor();
  return panel;
}

export async function closeDetails(panel: Locator): Promise<void> {
  await panel.getByRole('button', { name: 'Close' }).click();
  await panel.waitFor({ state: 'detached' });
}

/** Moves the sandbox's clock with the banner's button, and waits until all that fell due is done. */
export async function moveClock({ page }: Visit, days: 1 | 31 | 70): Promise<void> {
  const banner = page.getByRole('region', { name: 'Sandbox' });
  const moved = page.waitForResponse(
    (response) => response.request().method() === 'POST' && response.url().endsWith('/v1/sandbox/clock'),
  );
  await banner.getByRole('button', { name: `Move the clock ${days} day` }).click();
  await moved;
  await banner.getByText(`The clock moved ${days} day`).waitFor();
}
