import { expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { describeInChromium } from './support/chromium.js';
import { eventually } from './support/eventually.js';
import { namesInList } from './support/page-steps.js';
import { useStage } from './support/stage.js';

const TAB_LIMIT = 60;

describeInChromium('the page by keyboard alone', () => {
  const stage = useStage();

  it('signs in, connects, picks, opens and closes what there is, and gets the focus back each time', async () => {
    const ada = await stage().visit();
    const { page } = ada;
    await ada.open();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await pressOn(page, 'Sign in as Ada');
    await page.getByRole('heading', { name: 'Create your first workspace' }).waitFor();
    await expectFocusOn(page, 'Create your first workspace');
    await tabTo(page, 'Name');
    await page.keyboard.type('Harbour Street');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Connect your first account' }).waitFor();
    await expectFocusOn(page, 'Social accounts');

    await pressOn(page, 'Connect account');
    await page.getByRole('button', { name: 'Facebook' }).waitFor();
    await page.keyboard.press('Escape');
    await expectFocusOn(page, 'Connect account');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Facebook' }).waitFor();
    await pressOn(page, 'Facebook');
    await page.getByRole('dialog', { name: 'Connect Facebook' }).waitFor();
    await pressOn(page, 'Continue to Facebook');
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await pressOn(page, 'Allow');

    const picker = page.getByRole('dialog', { name: 'Pick what to connect from Facebook' });
    await picker.waitFor();
    const addressOfPicker = page.url();
    await page.keyboard.press('Escape');
    await picker.waitFor({ state: 'detached' });
    expect(ada.parameter('connection')).toBeNull();
    await ada.open(addressOfPicker);
    await picker.waitFor();
    for (const name of ['Ada Bakery', 'Ada Travel']) {
      await tabTo(page, name);
      await page.keyboard.press('Space');
    }
    await pressOn(page, 'Connect 2 accounts');
    await page.getByRole('dialog', { name: 'Connected' }).waitFor();
    await pressOn(page, 'Done');
    await expectFocusOn(page, 'Social accounts');
    await eventually(async () => expect(await namesInList(ada)).toEqual(['Ada Bakery', 'Ada Travel']));

    await pressOn(page, 'Ada Bakery');
    const panel = page.getByRole('dialog', { name: 'Ada Bakery' });
    await panel.getByRole('region', { name: 'Token status' }).waitFor();
    for (const opener of ['Reconnect', 'Remove']) {
      await pressOn(page, opener);
      await page.getByRole('dialog', { name: `${opener} Ada Bakery` }).waitFor();
      await page.keyboard.press('Escape');
      await expectFocusOn(page, opener);
    }
    await page.keyboard.press('Escape');
    await panel.waitFor({ state: 'detached' });
    await expectFocusOn(page, 'Ada Bakery');
  });

  it('shows where the focus is, and leads past nothing that can be pressed', async () => {
    const ben = await stage().visit();
    await ben.open();
    await ben.page.getByRole('button', { name: 'Move the clock 1 day forward' }).waitFor();
    await ben.page.getByText('Reading the clock').waitFor({ state: 'detached' });
    const order: string[] = [];
    for (let step = 0; step < 8; step += 1) {
      await ben.page.keyboard.press('Tab');
      const outline = await ben.page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
      order.push(`${outline}: ${(await focused(ben.page)).slice(0, 30)}`);
    }
    expect(order).toEqual([
      'solid: Move the clock 1 day forward',
      'solid: Move the clock 31 days forward',
      'solid: Move the clock 70 days forward',
      expect.stringMatching(/^solid: Sign in as Ada/),
      expect.stringMatching(/^solid: Sign in as Ben/),
      expect.stringMatching(/^solid: Sign in as Cho/),
      'solid: Somebody else',
      'solid: Sign in',
    ]);
  });
});

/** The name of what has the focus: by label, by reference, or by its text. */
function focused(page: Page): Promise<string> {
  return page.evaluate<string>(`(() => {
    const element = document.activeElement;
    if (element === document.body) return 'nothing';
    const spoken = (one) => {
      const copy = one.cloneNode(true);
      copy.querySelectorAll('[aria-hidden]').forEach((hidden) => hidden.remove());
      return copy.textContent.trim();
    };
    const reference = document.getElementById(element.getAttribute('aria-labelledby'));
    return element.getAttribute('aria-label') ?? spoken(reference ?? element.labels?.[0] ?? element);
  })()`);
}

/** Goes on with the tabulator until something with this name has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = [];
  for (let step = 0; step < TAB_LIMIT; step += 1) {
    await page.keyboard.press('Tab');
    const current = await focused(page);
    if (current.startsWith(name)) return;
    passed.push(current);
  }
  throw new Error(`${name} is not reached by keyboard, only ${passed.join(', ')}.`);
}

async function pressOn(page: Page, name: string): Promise<void> {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
}

async function expectFocusOn(page: Page, name: string): Promise<void> {
  await eventually(async () => expect(await focused(page)).toBe(name));
}
