import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, Browser } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  callBack,
  consent,
  createWorkspace,
  readConnection,
  startConnection,
  type Started,
} from '../support/service/steps.js';

const LINKEDIN = { platform: 'linkedin' };
const WORKSPACE_NAME = `<script>alert("x")</script> & Sons`;
const STARTER_NAME = `Paula "P" <b>Park</b>`;

describe('the page behind a start link', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let started: Started;
  let client: Browser;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula', { name: STARTER_NAME });
    workspaceId = await createWorkspace(paula, WORKSPACE_NAME);
  });
  beforeEach(async () => {
    started = await startConnection(paula, workspaceId, LINKEDIN);
    client = service.newBrowser();
  });
  afterAll(() => service.stop());

  const open = (): Promise<Answer> => client.call(started.startUrl);
  const press = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    client.call(started.startUrl, { method: 'POST', headers });

  it('C7: names the workspace and who asked, escaped, and runs nothing', async () => {
    const page = await open();
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    expect(page.text).toContain('&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62; &#38; Sons');
    expect(page.text).toContain('Paula &#34;P&#34; &#60;b&#62;Park&#60;/b&#62;');
    expect(page.text).not.toMatch(/<script|<b>/);
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(page.headers.get('cache-control')).toBe('no-store');
  });

  it('C7: names the id of somebody whose token has no name', async () => {
    const otto = await service.as('otto-17');
    started = await startConnection(otto, await createWorkspace(otto), LINKEDIN);
    expect((await open()).text).toContain('otto-17');
  });

  it('C7: opening it spends nothing and sets no cookie', async () => {
    for (let time = 0; time < 20; time += 1) {
      const page = await open();
      expect([page.status, page.headers.getSetCookie()]).toEqual([200, []]);
    }
    expect((await press()).status).toBe(303);
  });

  it("C7: its button sets the cookie and goes on to the platform, and the consent is then that browser's", async () => {
    const answer = await press();
    expect([answer.status, answer.headers.get('location')]).toEqual([303, started.authorizationUrl]);
    expect(client.cookies).not.toBe('');
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    const starter = await callBack(paula.browser, callbackUrl);
    expect([starter.status, starter.code]).toEqual([403, 'different-browser']);
    expect((await callBack(client, callbackUrl)).status).toBe(302);
    expect((await readConnection(paula, workspaceId, started.id)).status).toBe('completed');
  });

  it('C7: the button works once', async () => {
    await press();
    const again = await press();
    expect([again.status, again.code]).toEqual([404, 'not-found']);
    expect((await open()).status).toBe(404);
  });

  it('C7: of 8 presses at once one goes on', async () => {
    const presses = await Promise.all(
      Array.from({ length: 8 }, () => service.newBrowser().call(started.startUrl, { method: 'POST' })),
    );
    expect(presses.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(new Set(presses.map(({ status }) => status))).toEqual(new Set([303, 404]));
  });

  it('C7: another site cannot press it', async () => {
    const answer = await press({ 'sec-fetch-site': 'cross-site' });
    expect([answer.status, answer.code]).toEqual([403, 'different-browser']);
    expect((await press({ 'sec-fetch-site': 'same-origin' })).status).toBe(303);
  });

  it('C7: a browser sends its form without a body type that the service would refuse', async () => {
    const answer = await press({ 'content-type': 'application/x-www-form-urlencoded' });
    expect(answer.status).toBe(303);
  });

  it.each(['', 'A', 'x'.repeat(43), '%00', 'a'.repeat(5_000)])(
    'C7: an unknown link is the one answer of what does not exist: %p',
    async (secret) => {
      const answer = await client.call(`/v1/oauth/start/${secret}`);
      expect([answer.status, answer.code]).toEqual([404, 'not-found']);
    },
  );

  it('C7: a person who comes too late, or with another browser, reads a page, with the status that a program gets', async () => {
    const asPerson = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } };
    const first = await press();
    expect(first.status).toBe(303);
    const callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    const pages = [
      [404, 'not-found', await client.call(started.startUrl, asPerson)],
      [404, 'not-found', await client.call(started.startUrl, { ...asPerson, method: 'POST' })],
      [403, 'different-browser', await paula.browser.call(callbackUrl, asPerson)],
      [400, 'state-invalid', await client.call('/v1/oauth/linkedin/callback?state=<b>x</b>&code=y', asPerson)],
    ] as const;
    for (const [status, code, page] of pages) {
      expect([page.status, page.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
      expect(page.text).toContain(`<small>${code} · `);
      expect(page.text).toMatch(/<h1>.+<\/h1>\n<p>.+<\/p>/);
      expect(page.text).not.toMatch(/<script|<b>/);
    }
    expect((await callBack(client, callbackUrl)).status).toBe(302);
  });

  it('C7: after 15 minutes the link has lapsed', async () => {
    await service.sandbox.advance('PT15M');
    for (const answer of [await open(), await press()]) {
      expect([
        [410, 'connection-lapsed'],
        [404, 'not-found'],
      ]).toContainEqual([answer.status, answer.code]);
    }
    expect(client.cookies).toBe('');
  });
});
