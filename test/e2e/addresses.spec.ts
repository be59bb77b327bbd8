import { expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { connect } from '../support/service/steps.js';
import { describeInChromium } from './support/chromium.js';
import { eventually } from './support/eventually.js';
import { detailsOf, namesInList, openDetails, rows, signIn } from './support/page-steps.js';
import { useStage } from './support/stage.js';
import type { Visit } from './support/visit.js';

describeInChromium('filters and addresses', () => {
  const stage = useStage();

  it('T2: status, platform and search work together, and each count is what the filter would show', async () => {
    const ada = await withAccountsOfEveryStatus();
    const { page } = ada;
    const status = page.getByRole('group', { name: 'Token status' });
    const platform = page.getByRole('group', { name: 'Platform' });
    await expectCounts(status, ['All 5', 'Valid 1', 'Expiring soon 2', 'Expired 2']);
    await expectCounts(platform, ['All platforms 5', 'Facebook 2', 'Instagram 1', 'LinkedIn 2']);

    await status.getByRole('button', { name: 'Expired' }).click();
    await expectList(ada, ['Ada Adams', 'Ada Group']);
    await expectCounts(platform, ['All platforms 2', 'LinkedIn 2']);
    await status.getByRole('button', { name: 'All' }).click();
    await platform.getByRole('button', { name: 'Facebook' }).click();
    await expectList(ada, ['Ada Bakery', 'Ada Travel']);
    await expectCounts(status, ['All 2', 'Valid 0', 'Expiring soon 2', 'Expired 0']);
    await page.getByRole('searchbox', { name: 'Search accounts' }).fill('trav');
    await expectList(ada, ['Ada Travel']);
    await expectCounts(status, ['All 1', 'Valid 0', 'Expiring soon 1', 'Expired 0']);
    await platform.getByRole('button', { name: 'All platforms' }).click();
    await page.getByRole('searchbox', { name: 'Search accounts' }).fill('ada.bakery');
    await expectList(ada, ['Ada Bakery', 'ada.bakery']);
    await page.getByRole('searchbox', { name: 'Search accounts' }).fill('nobody');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await eventually(async () => expect(await rows(ada).count()).toBe(5));
    expect(await page.evaluate<string>('document.activeElement.textContent')).toBe('Social accounts');
    await page.getByRole('combobox', { name: 'Sort by' }).selectOption('Expiring first');
    await eventually(async () => expect((await namesInList(ada)).at(-1)).toBe('ada.bakery'));
  });

  it('a shared link shows the same to a colleague, and Back leads back step by step', async () => {
    const ada = await withAccountsOfEveryStatus();
    const { page } = ada;
    await page.getByRole('group', { name: 'Token status' }).getByRole('button', { name: 'Expiring soon' }).click();
    await page.getByRole('group', { name: 'Platform' }).getByRole('button', { name: 'Facebook' }).click();
    await page.getByRole('searchbox', { name: 'Search accounts' }).fill('travel');
    await expectList(ada, ['Ada Travel']);
    await eventually(() => expect(ada.parameter('q')).toBe('travel'));
    await openDetails(ada, 'Ada Travel');
    const shared = page.url();

    const colleague = await stage().visit();
    await colleague.open(shared);
    await signIn(colleague, 'Ada');
    await detailsOf(colleague, 'Ada Travel');
    expect(await colleague.page.getByRole('searchbox', { includeHidden: true }).inputValue()).toBe('travel');
    expect(await namesInList(colleague)).toEqual(['Ada Travel']);

    await page.goBack();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(ada.parameter('q')).toBe('travel');
    await page.goBack();
    await expectList(ada, ['Ada Bakery', 'Ada Travel']);
    await expectPressed(ada, 'Platform', 'All platforms 2 accounts');
    await page.goBack();
    await eventually(async () => expect(await rows(ada).count()).toBe(5));
    await expectPressed(ada, 'Token status', 'All 5 accounts');
    await page.goForward();
    await expectPressed(ada, 'Token status', 'Expiring soon 2 accounts');
  });

  async function withAccountsOfEveryStatus(): Promise<Visit> {
    const { person, workspaceId } = await stage().owner('ada', `Harbour Street ${Math.random()}`);
    await connect(person, workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams', 'Ada Group'] });
    await stage().service.sandbox.advance('P10D');
    await connect(person, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Travel'] });
    await stage().service.sandbox.advance('P61D');
    await connect(person, workspaceId, { platform: 'instagram', method: 'direct' });
    const visit = await stage().visit();
    await visit.open(`/?workspace=${workspaceId}`);
    await signIn(visit, 'Ada');
    await rows(visit).first().waitFor();
    return visit;
  }
});

async function expectList(visit: Visit, names: readonly string[]): Promise<void> {
  await eventually(async () => expect(await namesInList(visit)).toEqual(names));
}

async function expectCounts(group: Locator, counts: readonly string[]): Promise<void> {
  await eventually(async () => {
    const texts = await group.getByRole('button').allInnerTexts();
    expect(texts.map((text) => text.replace(/\s+/g, ' ').replace(/ accounts?$/, ''))).toEqual(counts);
  });
}

async function expectPressed({ page }: Visit, group: string, name: string): Promise<void> {
  await page.getByRole('group', { name: group }).getByRole('button', { name, pressed: true }).waitFor();
}
