import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { addMember, connectOne } from '../support/service/steps.js';
import { describeInChromium } from './support/chromium.js';
import {
  closeDetails,
  createFirstWorkspace,
  decide,
  goToConsent,
  leaveOutcome,
  openDetails,
  pick,
  rowOf,
  signIn,
  signInAsSomebody,
} from './support/page-steps.js';
import { useStage } from './support/stage.js';

const PAGE = join(import.meta.dirname, '../../dist/web');

describeInChromium('what a role and a page may have', () => {
  const stage = useStage();

  it('M1 M2: a viewer sees everything, and can neither connect nor reconnect nor remove', async () => {
    const { person, workspaceId } = await stage().owner('ada', 'Harbour Street');
    await connectOne(person, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
    await addMember(person, workspaceId, 'vic', 'viewer');
    const viewer = await stage().visit();
    await signInAsSomebody(viewer, 'vic');
    await rowOf(viewer, 'Ada Bakery').waitFor();
    await viewer.page.getByText('Your role (viewer) does not include the permission accounts:connect.').waitFor();
    expect(await viewer.page.getByRole('button', { name: 'Connect account' }).isDisabled()).toBe(true);
    const panel = await openDetails(viewer, 'Ada Bakery');
    for (const name of ['Reconnect', 'Remove']) {
      expect(await panel.getByRole('button', { name, exact: true }).isDisabled()).toBe(true);
    }
    await panel.getByText('Your role (viewer) does not include the permission accounts:remove.').waitFor();
    await closeDetails(panel);
  });

  it('the token is in no address, no storage but the tab, and no source; secrets of the platform never come here', async () => {
    const cho = await stage().visit();
    const answers: string[] = [];
    cho.page.on('response', (response) => {
      if (response.url().startsWith(`${cho.origin}/v1/`))
        void response.text().then(
          (text) => answers.push(text),
          () => undefined,
        );
    });
    await cho.open();
    await signIn(cho, 'Cho');
    const token = await cho.page.evaluate<string>('sessionStorage.getItem("social-accounts.token")');
    expect(token).toMatch(/^ey/);
    await createFirstWorkspace(cho, 'Another street');
    await goToConsent(cho, 'Facebook');
    await decide(cho, 'Allow');
    await pick(cho, ['Ada Books']);
    await leaveOutcome(cho, 'Connected');
    await openDetails(cho, 'Ada Books');

    const signature = token.split('.')[2] ?? '';
    expect(cho.requestedUrls.filter((url) => url.includes(signature))).toEqual([]);
    expect(await cho.page.evaluate<number>('localStorage.length')).toBe(0);
    expect(await cho.page.evaluate<string>('document.cookie')).toBe('');
    const cookies = await cho.context.cookies();
    expect(cookies.map(({ name, httpOnly }) => [name, httpOnly])).toEqual([['social-accounts-flow', true]]);
    const source = await cho.page.content();
    const stored = await cho.page.evaluate<string>('JSON.stringify(sessionStorage)');
    expect(source).not.toContain(signature);
    expect([source, stored, ...answers.slice(1)].filter((text) => text.includes('sbx_'))).toEqual([]);
    expect(answers.length).toBeGreaterThan(10);

    await cho.page.keyboard.press('Escape');
    await cho.page.getByRole('button', { name: 'Sign out' }).click();
    await cho.page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await cho.page.evaluate<string | null>('sessionStorage.getItem("social-accounts.token")')).toBeNull();
  });

  it('the built page holds no token, no password and nothing inline that its policy would refuse', () => {
    const files = ['index.html', ...readdirSync(join(PAGE, 'assets')).map((name) => `assets/${name}`)];
    const text = files.map((name) => readFileSync(join(PAGE, name), 'utf8')).join('\n');
    expect(text).not.toMatch(/sbx_|eyJ[A-Za-z0-9_-]{20}|client_secret/);
    expect(readFileSync(join(PAGE, 'index.html'), 'utf8')).not.toMatch(/<style|style=|<script(?![^>]* src=)/);
  });
});
