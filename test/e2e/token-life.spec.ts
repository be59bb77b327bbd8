import { expect, it } from '@jest/globals';
import { connectOne } from '../support/service/steps.js';
import { describeInChromium } from './support/chromium.js';
import { eventually } from './support/eventually.js';
import {
  closeDetails,
  decide,
  detailsOf,
  goToConsent,
  leaveOutcome,
  moveClock,
  openDetails,
  pick,
  rowOf,
  rows,
  signIn,
} from './support/page-steps.js';
import { useStage } from './support/stage.js';
import type { Visit } from './support/visit.js';

const BAKERY = 'Ada Bakery';

describeInChromium('the life of a token on the page', () => {
  const stage = useStage();

  it('T1 T7 R1 R5: valid, expiring soon, expired, reconnected in place, removed, and connected as another', async () => {
    const { person, workspaceId } = await stage().owner('ada', 'Harbour Street');
    await connectOne(person, workspaceId, { platform: 'facebook' }, { pick: [BAKERY] });
    const ada = await stage().visit();
    await ada.open();
    await signIn(ada, 'Ada');
    await expectStatusInRow(ada, 'Valid');

    await moveClock(ada, 70);
    await expectStatusInRow(ada, 'Expiring soon');
    await expectTooltip(ada);
    await moveClock(ada, 31);
    await expectStatusInRow(ada, 'Expired');

    const expired = await openDetails(ada, BAKERY);
    const id = ada.parameter('account');
    await expired.getByText('Expired on', { exact: true }).waitFor();
    await expired.getByRole('button', { name: 'Reconnect' }).click();
    await ada.page.getByRole('button', { name: 'Continue to Facebook' }).click();
    await decide(ada, 'Allow');
    const [outcome] = await leaveOutcome(ada, 'Reconnected');
    expect(outcome).toContain(BAKERY);
    await expectStatusInRow(ada, 'Valid');
    const valid = await openDetails(ada, BAKERY);
    expect(ada.parameter('account')).toBe(id);
    await valid.getByText(id ?? '', { exact: true }).waitFor();
    await valid.getByText('90 days left').waitFor();

    await removeWithWarning(ada);
    await goToConsent(ada, 'Facebook');
    await decide(ada, 'Allow');
    await pick(ada, [BAKERY]);
    await leaveOutcome(ada, 'Connected');
    await closeDetails(await openDetails(ada, BAKERY));
    await ada.page.goBack();
    await detailsOf(ada, BAKERY);
    expect(ada.parameter('account')).toMatch(/^acc_/);
    expect(ada.parameter('account')).not.toBe(id);
  });
});

async function expectStatusInRow(visit: Visit, status: string): Promise<void> {
  await eventually(async () => {
    expect(await rowOf(visit, BAKERY).getByRole('button').innerText()).toBe(status);
  });
}

/** The sentence behind the status: in the list by keyboard, in the details by pointer. Escape closes it alone. */
async function expectTooltip(ada: Visit): Promise<void> {
  const inRow = rowOf(ada, BAKERY);
  await inRow.getByRole('button').focus();
  const sentence = await inRow.getByRole('tooltip').innerText();
  expect(sentence).toMatch(/20 days/);
  const panel = await openDetails(ada, BAKERY);
  await panel.getByRole('button', { name: 'Expiring soon' }).hover();
  expect(await panel.getByRole('tooltip').innerText()).toBe(sentence);
  await panel.getByRole('button', { name: 'Expiring soon' }).focus();
  await ada.page.keyboard.press('Escape');
  await panel.getByRole('tooltip').waitFor({ state: 'hidden' });
  expect(await panel.isVisible()).toBe(true);
  await closeDetails(panel);
}

/** The removal asks for the name, and is over only when it was typed exactly. */
async function removeWithWarning(ada: Visit): Promise<void> {
  await ada.page.getByRole('button', { name: 'Remove', exact: true }).click();
  const warning = ada.page.getByRole('dialog', { name: `Remove ${BAKERY}?` });
  await warning.getByText('This cannot be undone').waitFor();
  await warning.getByText(/The stored access/).waitFor();
  const confirm = warning.getByRole('button', { name: 'Remove for good' });
  await warning.getByRole('textbox').fill('ada bakery');
  expect(await confirm.isDisabled()).toBe(true);
  await warning.getByRole('textbox').fill(BAKERY);
  await confirm.click();
  await ada.page.getByText(`${BAKERY} was removed.`).waitFor();
  await ada.page.getByRole('heading', { name: 'Connect your first account' }).waitFor();
  expect(await rows(ada).count()).toBe(0);
}
