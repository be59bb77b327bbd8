import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer, Browser } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  callBack,
  consent,
  createWorkspace,
  expectStatus,
  listAccounts,
  readConnection,
  startConnection,
  type Started,
} from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

const LINKEDIN = { platform: 'linkedin' };
const COOKIE = 'social-accounts-flow';

describe('an attempt belongs to a browser, a person and a quarter of an hour', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let started: Started;
  let callbackUrl: string;

  beforeAll(async () => {
    service = await InProcessService.start({ RETURN_ORIGINS: 'https://app.example.com' });
  });
  beforeEach(async () => {
    paula = await service.as('paula');
    workspaceId = await createWorkspace(paula);
    started = await startConnection(paula, workspaceId, LINKEDIN);
    callbackUrl = await consent(started.authorizationUrl, { identity: 'ben' });
    await service.sandbox.reset();
  });
  afterAll(() => service.stop());

  const statusOf = async (id = started.id) => (await readConnection(paula, workspaceId, id)).status;
  const exchanges = async (): Promise<number> =>
    (await service.sandbox.calls()).filter(({ path }) => path.endsWith('/accessToken')).length;
  const withState = (change: (state: string) => string): string => {
    const url = new URL(callbackUrl);
    url.searchParams.set('state', change(url.searchParams.get('state') ?? ''));
    return url.href;
  };
  const refusal = ({ status, code }: Answer): readonly unknown[] => [status, code];

  it('C7: the callback leads home with the connection, once its outcome can be read', async () => {
    const answer = await callBack(paula.browser, callbackUrl);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/?connection=${started.id}`]);
    const path = `/v1/workspaces/${workspaceId}/connections/${started.id}`;
    const read = await service.newBrowser().call(path, { token: paula.token });
    expect(read.body).toMatchObject({ status: 'completed' });
    expect(Number(read.position)).toBeGreaterThanOrEqual(Number(answer.position));
  });

  it.each([
    ['/accounts?tab=2#list', (id: string) => `/accounts?tab=2&connection=${id}#list`],
    ['https://app.example.com/done', (id: string) => `https://app.example.com/done?connection=${id}`],
  ])('C7: it leads to the returnUrl %s', async (returnUrl, location) => {
    const other = await startConnection(paula, workspaceId, { ...LINKEDIN, returnUrl });
    const answer = await callBack(paula.browser, await consent(other.authorizationUrl, { identity: 'cho' }));
    expect(answer.headers.get('location')?.replace(service.url, '')).toBe(location(other.id));
  });

  it.each([
    'https://evil.example.com/',
    'https://app.example.com.evil.example/',
    'http://app.example.com/',
    '//evil.example.com/',
    'https://user@app.example.com/',
    'javascript:alert(1)',
    '\\\\evil.example.com',
  ])('C7: a returnUrl off the list is refused: %s', async (returnUrl) => {
    const answer = await paula.post(`/v1/workspaces/${workspaceId}/connections`, { ...LINKEDIN, returnUrl });
    expect(refusal(answer)).toEqual([400, 'validation-failed']);
  });

  it('C7: a replayed callback leads home again and changes nothing', async () => {
    const first = await callBack(paula.browser, callbackUrl);
    await service.sandbox.rest();
    const before = storedEvents(service.dataDir, null).length;
    const again = await callBack(paula.browser, callbackUrl);
    await service.sandbox.rest();
    expect([again.status, again.headers.get('location')]).toEqual([302, first.headers.get('location')]);
    expect(storedEvents(service.dataDir, null)).toHaveLength(before);
    expect(await exchanges()).toBe(1);
  });

  it('C7: a replay with another code exchanges nothing', async () => {
    await callBack(paula.browser, callbackUrl);
    const other = await consent(started.authorizationUrl, { identity: 'ada' });
    expect((await callBack(paula.browser, other)).status).toBe(302);
    expect(await exchanges()).toBe(1);
    const { items } = await listAccounts(paula, workspaceId);
    expect(items.map(({ name }) => name)).toEqual(['Ben Brooks']);
  });

  const otherBrowsers: readonly [string, () => Promise<Browser>][] = [
    ['no cookie', () => Promise.resolve(service.newBrowser())],
    [
      "another browser's cookie",
      async () => {
        const mallory = await service.as('mallory');
        await startConnection(mallory, await createWorkspace(mallory), LINKEDIN);
        return mallory.browser;
      },
    ],
    [
      'a cookie of its own making',
      () => {
        const browser = service.newBrowser();
        browser.setCookie(COOKIE, 'a.b');
        return Promise.resolve(browser);
      },
    ],
  ];
  it.each(otherBrowsers)('C7: with %s it is different-browser, and the code is not exchanged', async (_, open) => {
    const answer = await callBack(await open(), callbackUrl);
    expect(refusal(answer)).toEqual([403, 'different-browser']);
    expect(await exchanges()).toBe(0);
    expect(await statusOf()).toBe('started');
    // The right browser is not harmed by that.
    expect((await callBack(paula.browser, callbackUrl)).status).toBe(302);
    expect(await statusOf()).toBe('completed');
  });

  it.each([
    ['altered', () => withState((state) => `${state.slice(0, -1)}${state.endsWith('A') ? 'B' : 'A'}`)],
    ['shortened', () => withState((state) => state.slice(0, -1))],
    ['invented', () => withState(() => 'x'.repeat(43))],
    ['empty', () => withState(() => '')],
    ['missing', () => callbackUrl.replace(/[?&]state=[^&]*/, '')],
    ["another platform's", () => callbackUrl.replace('/oauth/linkedin/', '/oauth/facebook/')],
    ['on no platform', () => callbackUrl.replace('/oauth/linkedin/', '/oauth/nowhere/')],
  ])('C7: a state that is %s is state-invalid', async (_, url) => {
    expect(refusal(await callBack(paula.browser, url()))).toEqual([400, 'state-invalid']);
    expect(await exchanges()).toBe(0);
    expect(await statusOf()).toBe('started');
  });

  it('C7: after 15 minutes the attempt has lapsed, and its callback leads home without an exchange', async () => {
    await service.sandbox.advance('PT15M');
    expect(await statusOf()).toBe('lapsed');
    const answer = await callBack(paula.browser, callbackUrl);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, `/?connection=${started.id}`]);
    expect(await exchanges()).toBe(0);
    expect(await statusOf()).toBe('lapsed');
  });

  it('C7: a second before that it has not', async () => {
    const lapsesAt = Date.parse(started.lapsesAt);
    await service.sandbox.advance(new Date(lapsesAt - 5_000));
    expect(await statusOf()).toBe('started');
    const fresh = await consent(started.authorizationUrl, { identity: 'ben' });
    expect((await callBack(paula.browser, fresh)).status).toBe(302);
    expect(await statusOf()).toBe('completed');
  });

  it('C7: it lapses 15 minutes after it was started', async () => {
    const [event] = storedEvents(service.dataDir, workspaceId).filter(({ type }) => type === 'ConnectionStarted');
    const startedAt = Date.parse(String(event?.data['startedAt']));
    expect(Date.parse(started.lapsesAt) - startedAt).toBe(15 * 60_000);
  });

  it('C7: a day beyond its end the state is not known any more', async () => {
    await service.sandbox.advance('PT23H');
    expect((await callBack(paula.browser, callbackUrl)).status).toBe(302);
    await service.sandbox.advance('PT1H16M');
    expect(refusal(await callBack(paula.browser, callbackUrl))).toEqual([400, 'state-invalid']);
  });

  it('C7: the cookie belongs to the browser, so attempts run side by side', async () => {
    const cookie = paula.browser.cookies;
    const other = await startConnection(paula, workspaceId, LINKEDIN);
    expect(paula.browser.cookies).toBe(cookie);
    const otherCallback = await consent(other.authorizationUrl, { identity: 'cho' });
    await Promise.all([callBack(paula.browser, callbackUrl), callBack(paula.browser, otherCallback)]);
    expect([await statusOf(), await statusOf(other.id)]).toEqual(['completed', 'completed']);
  });

  it('C7: the cookie is for this origin alone, and no script reads it', async () => {
    const answer = await paula.inOtherBrowser().post(`/v1/workspaces/${workspaceId}/connections`, LINKEDIN);
    const [cookie = ''] = answer.headers.getSetCookie();
    const attributes = cookie.split('; ').slice(1).sort();
    expect(attributes).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax']);
  });

  it('C7: a cookie that is not ours is replaced', async () => {
    const browser = paula.inOtherBrowser();
    browser.browser.setCookie(COOKIE, 'forged.value');
    const other = expectStatus(
      await browser.post<Started>(`/v1/workspaces/${workspaceId}/connections`, LINKEDIN),
      201,
    ).body;
    expect(browser.browser.cookieValues[0]).not.toBe('forged.value');
    const answer = await callBack(browser.browser, await consent(other.authorizationUrl, { identity: 'ben' }));
    expect(answer.status).toBe(302);
  });
});
