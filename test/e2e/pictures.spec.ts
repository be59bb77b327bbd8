import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { BrowserContextOptions } from 'playwright-core';
import { connect } from '../support/service/steps.js';
import { describeInChromium } from './support/chromium.js';
import { decide, goToConsent, openDetails, rows, signIn } from './support/page-steps.js';
import { useStage } from './support/stage.js';
import type { Visit } from './support/visit.js';

/** `TAKE_PICTURES=1` renews the pictures of the documentation; without it they are taken and thrown away. */
const isForKeeps = process.env['TAKE_PICTURES'] === '1';
const PICTURES = join(import.meta.dirname, '../../docs/pictures');
const SIZE_LIMIT_BYTES = 300_000;
/** Less than this shows nothing but an empty page. */
const SIZE_MINIMUM_BYTES = 15_000;
const SHARP = { deviceScaleFactor: 1.5 };
const PHONE = { viewport: { width: 360, height: 780 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

describeInChromium('pictures of the page', () => {
  const stage = useStage();
  let folder = '';
  let workspaceId = '';

  beforeAll(async () => {
    folder = isForKeeps ? PICTURES : mkdtempSync(join(tmpdir(), 'pictures-'));
    mkdirSync(folder, { recursive: true });
    workspaceId = await connectOverTime();
  });
  afterAll(() => {
    if (!isForKeeps) rmSync(folder, { recursive: true, force: true });
  });

  it('the list, with accounts of every status', async () => {
    const ada = await signedIn({ ...SHARP, viewport: { width: 1280, height: 1000 } });
    await take(ada, 'accounts');
  });

  it('the details of an account that is expiring', async () => {
    const ada = await signedIn({ ...SHARP, viewport: { width: 1280, height: 900 } });
    await openDetails(ada, 'Ben Bikes');
    await take(ada, 'details');
  });

  it('picking what a login reaches', async () => {
    await stage().service.sandbox.order({ do: 'page-tasks', name: 'Ada Books', tasks: ['ANALYZE'] });
    const ada = await signedIn({ ...SHARP, viewport: { width: 1280, height: 760 } });
    await goToConsent(ada, 'Facebook');
    await decide(ada, 'Allow');
    await ada.page.getByRole('checkbox', { name: 'Ada Travel' }).check();
    await ada.page.getByText('This login may not post here.').waitFor();
    await take(ada, 'connect');
  });

  it('the list on a phone, in the dark', async () => {
    const ada = await signedIn({ ...PHONE, colorScheme: 'dark' });
    await take(ada, 'phone');
  });

  async function signedIn(options: BrowserContextOptions): Promise<Visit> {
    const visit = await stage().visit(options);
    await visit.open(`/?workspace=${workspaceId}&sort=tokenExpiresAt`);
    await signIn(visit, 'Ada');
    await rows(visit).first().waitFor();
    return visit;
  }

  /** A team's accounts as they come to be: some long ago, some lately. */
  async function connectOverTime(): Promise<string> {
    const { person, workspaceId: id } = await stage().owner('ada', 'Harbour Street Media');
    const { sandbox } = stage().service;
    await connect(person, id, { platform: 'linkedin' }, { pick: ['Ada Adams', 'Ada Group'] });
    await sandbox.advance('P3D');
    await connect(person, id, { platform: 'facebook' }, { identity: 'ben', pick: ['Ben Bikes'] });
    await connect(
      person,
      id,
      { platform: 'instagram', method: 'via-facebook' },
      { identity: 'ben', pick: ['ben.bikes'] },
    );
    await sandbox.advance('P38D');
    await connect(person, id, { platform: 'instagram', method: 'direct' }, { identity: 'cho' });
    await sandbox.advance('P21D');
    await connect(person, id, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
    await connect(person, id, { platform: 'instagram', method: 'via-facebook' }, { pick: ['ada.bakery', 'ada.books'] });
    await sandbox.advance('P5D');
    await connect(person, id, { platform: 'linkedin' }, { identity: 'ben' });
    return id;
  }

  async function take({ page }: Visit, name: string): Promise<void> {
    const path = join(folder, `${name}.png`);
    // Nothing has the focus or the pointer, and every picture inside the page has come.
    await page.mouse.move(0, 0);
    await page.evaluate('document.activeElement.blur()');
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path });
    expect(statSync(path).size).toBeLessThan(SIZE_LIMIT_BYTES);
    expect(statSync(path).size).toBeGreaterThan(SIZE_MINIMUM_BYTES);
  }
});
