import { expect, it } from '@jest/globals';
import { connect } from '../support/service/steps.js';
import { expectAccessible } from './support/accessibility.js';
import { describeInChromium } from './support/chromium.js';
import {
  closeDetails,
  createFirstWorkspace,
  decide,
  goToConsent,
  moveClock,
  openDetails,
  pick,
  rows,
  signIn,
} from './support/page-steps.js';
import { useStage } from './support/stage.js';

const PHONE = { viewport: { width: 360, height: 740 } };

describeInChromium('accessibility, as axe-core judges it, in light and in dark', () => {
  const stage = useStage();

  it('finds nothing on the way to a connected account', async () => {
    const cho = await stage().visit();
    const { page } = cho;
    await cho.open();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expectAccessible(page, 'sign-in');
    await signIn(cho, 'Cho');
    await page.getByRole('heading', { name: 'Create your first workspace' }).waitFor();
    await expectAccessible(page, 'first workspace');
    await createFirstWorkspace(cho, 'Drawing room');
    await expectAccessible(page, 'no accounts');
    await page.getByRole('button', { name: 'Connect account' }).click();
    for (const platform of ['Facebook', 'Instagram', 'LinkedIn']) {
      await page.getByRole('dialog').getByRole('button', { name: platform }).waitFor();
      await expectAccessible(page, 'platforms');
      await page.getByRole('dialog').getByRole('button', { name: platform }).click();
      await page.getByRole('dialog', { name: `Connect ${platform}` }).waitFor();
      await expectAccessible(page, platform);
      await page.getByRole('button', { name: 'Back to platforms' }).click();
    }
    await page.getByRole('button', { name: 'Close' }).click();

    await goToConsent(cho, 'Facebook');
    await page.getByRole('button', { name: 'Allow' }).waitFor();
    await expectAccessible(page, "the sandbox's consent");
    await decide(cho, 'Deny', 'cho');
    await page.getByRole('dialog', { name: 'Facebook was not connected' }).waitFor();
    await expectAccessible(page, 'denied');
    await page.getByRole('button', { name: 'Not now' }).click();
    await goToConsent(cho, 'Facebook');
    await decide(cho, 'Allow');
    await page.getByRole('dialog', { name: 'Pick what to connect' }).waitFor();
    await expectAccessible(page, 'picking');
    await pick(cho, ['Ada Books']);
    await page.getByRole('list', { name: 'What was connected' }).waitFor();
    await expectAccessible(page, 'connected');
  });

  it('finds nothing among accounts of every status, wide and narrow', async () => {
    const { person, workspaceId } = await stage().owner('ada', 'Harbour Street');
    await connect(person, workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams', 'Ada Group'] });
    await stage().service.sandbox.advance('P10D');
    await connect(person, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Travel'] });
    await stage().service.sandbox.advance('P61D');
    await connect(person, workspaceId, { platform: 'instagram', method: 'direct' });

    for (const options of [{}, PHONE]) {
      const ada = await stage().visit(options);
      const { page } = ada;
      await ada.open();
      await signIn(ada, 'Ada');
      await rows(ada).first().waitFor();
      for (const status of ['Valid 1', 'Expiring soon 2', 'Expired 2']) {
        await page.getByRole('group', { name: 'Token status' }).getByRole('button', { name: status }).waitFor();
      }
      await expectAccessible(page, 'list');
      await rows(ada).first().getByRole('button').focus();
      await expectAccessible(page, 'tooltip');
      const panel = await openDetails(ada, 'Ada Adams');
      await expectAccessible(page, 'details');
      await panel.getByRole('button', { name: 'Reconnect' }).click();
      await page.getByRole('button', { name: 'Get a link for somebody else' }).click();
      await page.getByRole('textbox', { name: 'Link for another browser' }).waitFor();
      await expectAccessible(page, 'reconnect');
      await page.getByRole('dialog', { name: 'Reconnect Ada Adams' }).getByRole('button', { name: 'Done' }).click();
      await panel.getByRole('button', { name: 'Remove' }).click();
      await page.getByText(/The stored access/).waitFor();
      await expectAccessible(page, 'removal');
      await page.getByRole('button', { name: 'Keep it' }).click();
      await closeDetails(panel);
      await page.getByRole('searchbox').fill('nobody');
      await page.getByRole('heading', { name: 'No account matches' }).waitFor();
      await expectAccessible(page, 'nothing found');
      await page.getByRole('button', { name: 'New workspace' }).click();
      await page.getByRole('dialog', { name: 'New workspace' }).waitFor();
      await expectAccessible(page, 'new workspace');
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('link', { name: 'Members' }).click();
      await page.getByRole('region', { name: 'Members of this workspace' }).waitFor();
      await expectAccessible(page, 'members');
    }
  });

  it('finds nothing where the clock moves and where a link leads astray', async () => {
    const { person, workspaceId } = await stage().owner('ben', 'Bike shop');
    await connect(person, workspaceId, { platform: 'facebook' }, { identity: 'ben', pick: ['Ben Bikes'] });
    const ben = await stage().visit();
    const { page } = ben;
    await ben.open();
    await signIn(ben, 'Ben');
    await moveClock(ben, 1);
    await expectAccessible(page, 'the clock has moved');
    await ben.open('/?workspace=ws_elsewhere');
    await page.getByRole('heading', { name: 'This workspace is not yours to see' }).waitFor();
    await expectAccessible(page, 'another workspace');
    expect(await page.getByText('Ben Bikes').count()).toBe(0);
  });
});
