import { expect, it } from '@jest/globals';
import { connectOne } from '../support/service/steps.js';
import { expectAccessible } from './support/accessibility.js';
import { describeInChromium } from './support/chromium.js';
import { eventually } from './support/eventually.js';
import { decide, moveClock, openDetails, signIn } from './support/page-steps.js';
import { useStage } from './support/stage.js';

describeInChromium('a link for another browser', () => {
  const stage = useStage();

  it('C7: names the workspace and who asks, is used there, and reconnects the account here', async () => {
    const { person, workspaceId } = await stage().owner('ada', 'Harbour & Sons <Media>');
    await connectOne(person, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
    const ada = await stage().visit();
    await ada.open();
    await signIn(ada, 'Ada');
    await moveClock(ada, 70);
    const panel = await openDetails(ada, 'Ada Bakery');
    await panel.getByText('Expiring soon').first().waitFor();
    await panel.getByRole('button', { name: 'Reconnect' }).click();
    await ada.page.getByRole('button', { name: 'Get a link for somebody else' }).click();
    const link = await ada.page.getByRole('textbox', { name: 'Link for another browser' }).inputValue();

    const client = await stage().visit();
    await client.open(link);
    const words = await client.page.getByRole('main').innerText();
    expect(words).toContain('Harbour & Sons <Media>');
    expect(words).toContain('Ada asks you');
    await expectAccessible(client.page, 'start link');
    await client.page.getByRole('button', { name: 'Continue to Facebook' }).click();
    await decide(client, 'Allow');
    await client.page.getByText('your part is done').waitFor();
    expect(new URL(client.page.url()).origin).toBe(client.origin);
    expect(await client.page.getByText('Harbour & Sons').count()).toBe(0);

    await ada.page.reload();
    const renewed = ada.page.getByRole('dialog', { name: 'Ada Bakery', exact: true });
    await eventually(async () =>
      expect(await renewed.getByRole('region', { name: 'Token status' }).innerText()).toContain('90 days left'),
    );
  });

  it('C7 C8: a denial behind the link ends on the page, and the link is spent', async () => {
    const { person, workspaceId } = await stage().owner('ben', 'Bike shop');
    const started = await person.post<{ startUrl: string }>(`/v1/workspaces/${workspaceId}/connections`, {
      platform: 'facebook',
    });
    const client = await stage().visit();
    await client.open(started.body.startUrl);
    await client.page.getByRole('button', { name: 'Continue to Facebook' }).click();
    await decide(client, 'Deny');
    await client.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(client.parameter('connection')).toMatch(/^con_/);
    expect((await fetch(started.body.startUrl)).status).toBe(404);
  });
});
