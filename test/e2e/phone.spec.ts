import { expect, it } from '@jest/globals';
import { connect } from '../support/service/steps.js';
import { describeInChromium } from './support/chromium.js';
import { closeDetails, openDetails, rowOf, rows, signIn } from './support/page-steps.js';
import { useStage } from './support/stage.js';
import type { Visit } from './support/visit.js';

const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
/** WCAG 2.2, 2.5.8: what is tapped is at least this wide and high. */
const TARGET_MINIMUM_PIXELS = 24;

describeInChromium('the page on a phone', () => {
  const stage = useStage();

  it('never scrolls sideways, shows cards, and has targets that a finger can hit', async () => {
    const { person, workspaceId } = await stage().owner('ada', 'Harbour Street Media and Communications');
    await stage().service.sandbox.order({
      do: 'rename',
      platform: 'facebook',
      name: 'Ada Books',
      to: 'Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrik',
    });
    await connect(person, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Travel'] });
    await connect(person, workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams', 'Ada Group'] });
    const ada = await stage().visit(PHONE);
    const { page } = ada;
    await ada.open();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expectToFit(ada, 'sign-in');
    await signIn(ada, 'Ada');
    await rows(ada).first().waitFor();
    await expectToFit(ada, 'list');
    const [first, second] = await Promise.all([0, 1].map((index) => rows(ada).nth(index).boundingBox()));
    expect(first?.width).toBeGreaterThan(300);
    expect(second?.y).toBeGreaterThan((first?.y ?? 0) + (first?.height ?? 0));
    await rowOf(ada, 'Ada Bakery').getByRole('button').tap();
    await expectToFit(ada, 'tooltip');

    const panel = await openDetails(ada, 'Ada Bakery');
    await expectToFit(ada, 'details');
    await panel.getByRole('button', { name: 'Reconnect' }).tap();
    await page.getByRole('button', { name: 'Get a link for somebody else' }).tap();
    await page.getByRole('textbox', { name: 'Link for another browser' }).waitFor();
    await expectToFit(ada, 'start link');
    await page.getByRole('dialog', { name: 'Reconnect Ada Bakery' }).getByRole('button', { name: 'Done' }).tap();
    await panel.getByRole('button', { name: 'Remove' }).tap();
    await page.getByRole('dialog', { name: 'Remove Ada Bakery?' }).waitFor();
    await expectToFit(ada, 'removal');
    await page.getByRole('button', { name: 'Keep it' }).tap();
    await closeDetails(panel);

    await page.getByRole('button', { name: 'Connect account' }).tap();
    const facebook = page.getByRole('dialog').getByRole('button', { name: 'Facebook' });
    await facebook.waitFor();
    await expectToFit(ada, 'platforms');
    await facebook.tap();
    await expectToFit(ada, 'Facebook');
    await page.getByRole('button', { name: 'Continue to Facebook' }).tap();
    await page.getByRole('button', { name: 'Allow' }).tap();
    await page.getByRole('checkbox', { name: 'Donau' }).waitFor();
    await expectToFit(ada, 'picking');
    await page.getByRole('button', { name: 'Not now' }).tap();
    await page.getByRole('link', { name: 'Members' }).tap();
    await page.getByRole('region', { name: 'Members of this workspace' }).waitFor();
    await expectToFit(ada, 'members');
  });
});

async function expectToFit({ page }: Visit, screen: string): Promise<void> {
  const width = await page.evaluate<number>(
    'Math.max(document.documentElement.scrollWidth, ...[...document.querySelectorAll("dialog")].map((one) => one.scrollWidth))',
  );
  const small = await page.evaluate<string[]>(`[...document.querySelectorAll('button, select, .input')]
    .filter((one) => one.checkVisibility())
    .map((one) => [one.textContent || one.ariaLabel, one.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < ${TARGET_MINIMUM_PIXELS})
    .map(([name, { width, height }]) => name + ' ' + width + ' by ' + height)`);
  expect({ screen, width, small }).toEqual({ screen, width: PHONE.viewport.width, small: [] });
}
