import { expect, it } from '@jest/globals';
import { describeInChromium } from './support/chromium.js';
import { eventually } from './support/eventually.js';
import {
  closeDetails,
  createFirstWorkspace,
  decide,
  goToConsent,
  leaveOutcome,
  namesInList,
  openDetails,
  pick,
  rowOf,
  signIn,
} from './support/page-steps.js';
import { useStage } from './support/stage.js';

describeInChromium('connecting accounts on the page', () => {
  const stage = useStage();

  it('C2 C3 C5: a workspace, two of three Pages, and one Instagram profile reached in both ways', async () => {
    const ada = await stage().visit();
    await ada.open();
    await signIn(ada, 'Ada');
    await createFirstWorkspace(ada, 'Harbour Street');

    await goToConsent(ada, 'Facebook');
    await decide(ada, 'Allow');
    const picker = ada.page.getByRole('dialog', { name: 'Pick what to connect from Facebook' });
    await picker.waitFor();
    expect(await picker.getByRole('checkbox', { name: /^Ada/ }).count()).toBe(3);
    expect(await picker.getByRole('button', { name: 'Connect', exact: true }).isDisabled()).toBe(true);
    await pick(ada, ['Ada Bakery', 'Ada Travel']);
    const pages = await leaveOutcome(ada, 'Connected');
    expect(pages).toHaveLength(2);
    await eventually(async () => expect(await namesInList(ada)).toEqual(['Ada Bakery', 'Ada Travel']));

    await goToConsent(ada, 'Instagram', 'Log in with Instagram');
    await decide(ada, 'Allow');
    expect(await leaveOutcome(ada, 'Connected')).toHaveLength(1);
    await eventually(async () => expect(await namesInList(ada)).toHaveLength(3));
    const direct = await openDetails(ada, 'ada.bakery');
    const id = ada.parameter('account');
    expect(await direct.getByText('Direct login').count()).toBe(1);
    await closeDetails(direct);

    await goToConsent(ada, 'Instagram', 'Log in with Facebook');
    await decide(ada, 'Allow');
    const candidates = ada.page.getByRole('dialog', { name: 'Pick what to connect from Instagram' });
    await candidates.getByText('Connected already. Picking it again reconnects it.').waitFor();
    await pick(ada, ['ada.bakery']);
    const [again] = await leaveOutcome(ada, 'Connected');
    expect(again).toContain('Reconnected');
    const viaFacebook = await openDetails(ada, 'ada.bakery');
    expect(ada.parameter('account')).toBe(id);
    await viaFacebook.getByText('Via Facebook').waitFor();
    await closeDetails(viaFacebook);
    expect(await namesInList(ada)).toHaveLength(3);
  });

  it('C8: a denial is told in plain words, leaves nothing behind and can be tried again', async () => {
    const ben = await stage().visit();
    await ben.open();
    await signIn(ben, 'Ben');
    await createFirstWorkspace(ben, 'Bike shop');
    await goToConsent(ben, 'Facebook');
    await decide(ben, 'Deny', 'ben');

    const failed = ben.page.getByRole('dialog', { name: 'Facebook was not connected' });
    const words = await failed.getByRole('alert').innerText();
    expect(words).toContain('The request was declined');
    expect(words).toContain('Nobody allowed the connection');
    expect(words).not.toMatch(/undefined|null|error_reason|stack/);
    await failed.getByText('Nothing was changed.').waitFor();

    await failed.getByRole('button', { name: 'Try again' }).click();
    await ben.page.getByRole('button', { name: 'Continue to Facebook' }).click();
    await decide(ben, 'Allow', 'ben');
    await pick(ben, []);
    await leaveOutcome(ben, 'Connected');
    await rowOf(ben, 'Ben Bikes').waitFor();
    await eventually(async () => expect(await namesInList(ben)).toEqual(['Ben Bikes']));
  });
});
