import { describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import { PlatformHttp, TimeBudget } from '#platform-http';
import { failed, servePlatform, SPEC_LIMITS, succeeded } from '../platform-http/spec-support.js';
import { inspectedTokenAnswer } from './answers.js';
import { candidatesOfPage, GrantedAccess } from './candidates.js';
import { FacebookGraph } from './graph.js';
import { listPages } from './listing.js';
import { FACEBOOK_SCOPES } from './methods.js';

const BUDGET_MS = 20_000;

function accessTo(
  scopes: readonly string[],
  granular: Readonly<Record<string, readonly string[]>> = {},
): GrantedAccess {
  const targets = Object.entries(granular).map(([scope, ids]) => ({ scope, target_ids: ids }));
  const data = { app_id: '1', user_id: '2', is_valid: true, scopes, granular_scopes: targets };
  return new GrantedAccess(inspectedTokenAnswer.parse({ data }).data);
}

/** Lists what a Graph of this spec holds: edges by path, each in pages of the given length. */
async function list(
  edges: Readonly<Record<string, readonly object[] | { readonly error: number }>>,
  options: { readonly access?: GrantedAccess; readonly pageLength?: number; readonly budgetMs?: number } = {},
) {
  const { access = accessTo(FACEBOOK_SCOPES), pageLength = 100, budgetMs = BUDGET_MS } = options;
  const asked: string[] = [];
  const platform = await servePlatform((url) => {
    const path = url.pathname.replace('/v23.0/', '');
    asked.push(path);
    const items = edges[path] ?? [];
    if ('error' in items) return { status: 400, body: { error: { code: items.error, message: 'sbx_echo' } } };
    const start = Number(url.searchParams.get('after') ?? 0);
    const end = start + pageLength;
    const next = end < items.length ? 'https://elsewhere.example/?access_token=sbx_x' : undefined;
    return { body: { data: items.slice(start, end), paging: { cursors: { after: String(end) }, next } } };
  });
  const app = { clientId: 'app', clientSecret: new Secret('sbx_app') };
  const graph = new FacebookGraph(new PlatformHttp('Facebook', SPEC_LIMITS), platform.url, app);
  const listed = await listPages(graph, new Secret('sbx_token'), access, new TimeBudget(budgetMs));
  await platform.stop();
  return { listed, asked };
}

const pages = (from: number, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, index) => ({
    id: String(from + index),
    name: `Page ${String(from + index)}`,
    ...more,
  }));

describe('the listing of Pages', () => {
  it('follows every listing to its end, by cursor and never to another host', async () => {
    const { listed, asked } = await list(
      {
        'me/accounts': pages(1, 5),
        'me/businesses': [{ id: '900' }, { id: '901' }],
        '900/owned_pages': pages(5, 3),
        '901/client_pages': pages(100, 1),
      },
      { pageLength: 2 },
    );
    expect(succeeded(listed)).toMatchObject({ complete: true });
    expect(succeeded(listed).items.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6', '7', '100']);
    expect(asked.filter((path) => path === 'me/accounts')).toHaveLength(3);
  });

  it('knows a Page that comes twice by what the person’s own listing says', async () => {
    const { listed } = await list({
      'me/accounts': pages(1, 1, { tasks: ['CREATE_CONTENT'] }),
      'me/businesses': [{ id: '900' }],
      '900/owned_pages': pages(1, 1),
    });
    expect(succeeded(listed).items).toEqual([expect.objectContaining({ id: '1', tasks: ['CREATE_CONTENT'] })]);
  });

  it('is cut at a thousand Pages, and says so', async () => {
    const { listed } = await list({ 'me/accounts': pages(1, 1_200), 'me/businesses': [{ id: '900' }] });
    expect(succeeded(listed).complete).toBe(false);
    expect(succeeded(listed).items.length).toBeGreaterThanOrEqual(1_000);
  });

  it('ends with the calls that one listing may take, and with the time that is left', async () => {
    const endless = await list({ 'me/accounts': pages(1, 100) }, { pageLength: 1 });
    expect(succeeded(endless.listed)).toMatchObject({ complete: false });
    expect(endless.asked.filter((path) => path === 'me/accounts')).toHaveLength(30);
    const late = await list({ 'me/accounts': pages(1, 1) }, { budgetMs: 0 });
    expect(succeeded(late.listed)).toEqual({ items: [], complete: false });
  });

  it('is incomplete where Facebook refuses a part, and fails where it fails', async () => {
    const refused = await list({
      'me/accounts': pages(1, 1),
      'me/businesses': [{ id: '900' }],
      '900/owned_pages': { error: 200 },
      '900/client_pages': pages(2, 1),
    });
    expect(succeeded(refused.listed)).toMatchObject({ complete: false, items: [{ id: '1' }, { id: '2' }] });
    const failing = await list({ 'me/accounts': pages(1, 1), 'me/businesses': { error: 2 } });
    expect(failed(failing.listed)).toMatchObject({ code: 'platform-unavailable' });
  });

  it('asks for no Instagram account without the permission to see it', async () => {
    const { listed, asked } = await list(
      { 'me/accounts': pages(1, 1) },
      { access: accessTo(['pages_show_list', 'pages_read_engagement', 'pages_manage_posts']) },
    );
    expect(succeeded(listed).complete).toBe(false);
    expect(asked).toEqual(['me/accounts']);
  });
});

describe('a Page as a candidate', () => {
  const instagram = { id: '17', username: 'ada.bakery' };
  const candidates = async (page: object, access = accessTo(FACEBOOK_SCOPES)) => {
    const { listed } = await list({ 'me/accounts': [{ id: '1', name: 'Ada', ...page }] }, { access });
    const [only] = succeeded(listed).items;
    if (only === undefined) throw new Error('There is a Page.');
    return candidatesOfPage(only, access, false).map(({ externalId, notSelectable }) => [externalId, notSelectable]);
  };

  it('may be posted to by a task of either kind of Page, or by having a token of its own', async () => {
    expect(await candidates({ tasks: ['CREATE_CONTENT'] })).toEqual([['1', null]]);
    expect(await candidates({ tasks: ['PROFILE_PLUS_CREATE_CONTENT'] })).toEqual([['1', null]]);
    expect(await candidates({ access_token: 'sbx_page' })).toEqual([['1', null]]);
    expect(await candidates({ tasks: [], access_token: 'sbx_page' })).toEqual([['1', 'not-allowed-to-post']]);
    expect(await candidates({})).toEqual([['1', 'not-allowed-to-post']]);
  });

  it('lacks a permission when any scope that it needs leaves it out, and its Instagram account by its own scopes', async () => {
    const page = { tasks: ['CREATE_CONTENT'], instagram_business_account: instagram };
    const of = (granular: Readonly<Record<string, readonly string[]>>) =>
      candidates(page, accessTo(FACEBOOK_SCOPES, granular));
    expect(await of({ pages_manage_posts: ['2'] })).toEqual([
      ['1', 'missing-permission'],
      ['17', null],
    ]);
    expect(await of({ instagram_content_publish: ['18'] })).toEqual([
      ['1', null],
      ['17', 'missing-permission'],
    ]);
    expect(
      await of({ instagram_content_publish: ['17'], pages_show_list: ['1', '2'], pages_manage_posts: ['1'] }),
    ).toEqual([
      ['1', null],
      ['17', null],
    ]);
  });
});
