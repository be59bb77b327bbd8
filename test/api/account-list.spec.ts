import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Account, AccountPage, PlatformId, Problem, StatusFilter, TokenStatus } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { connect, connectOne, createWorkspace, listAccounts, removeAccount } from '../support/service/steps.js';

const STATUSES: readonly TokenStatus[] = ['valid', 'expiring', 'expired'];
const PLATFORMS: readonly PlatformId[] = ['facebook', 'instagram', 'linkedin'];

describe('lists of accounts', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let all: readonly Account[];

  const list = (query = ''): Promise<AccountPage> => listAccounts(paula, workspaceId, query);
  const namesOf = (page: AccountPage): readonly string[] => page.items.map(({ name }) => name);
  const refusedField = async (query: string): Promise<readonly unknown[]> => {
    const answer = await paula.get<Problem>(`/v1/workspaces/${workspaceId}/accounts?${query}`);
    return [answer.status, answer.code, answer.body.errors?.[0]?.path];
  };

  /** 12 accounts: LinkedIn (60 days) two months before Facebook (90), and Instagram direct (60) in between. */
  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
    workspaceId = await createWorkspace(paula);
    await connect(paula, workspaceId, { platform: 'linkedin' }, { pick: ['Ada Adams', 'Ada Group'] });
    await connect(paula, workspaceId, { platform: 'linkedin' }, { identity: 'ben' });
    await connect(paula, workspaceId, { platform: 'linkedin' }, { identity: 'cho' });
    await service.sandbox.advance('P35D');
    await connect(paula, workspaceId, { platform: 'instagram', method: 'direct' }, { identity: 'cho' });
    await service.sandbox.advance('P26D');
    const pick = ['Ada Bakery', 'Ada Books', 'Ada Travel'];
    await connect(paula, workspaceId, { platform: 'facebook' }, { pick });
    await connect(paula, workspaceId, { platform: 'facebook' }, { identity: 'ben', pick: ['Ben Bikes'] });
    const via = { platform: 'instagram', method: 'via-facebook' };
    await connect(paula, workspaceId, via, { pick: ['ada.bakery', 'ada.books'] });
    await connect(paula, workspaceId, via, { identity: 'ben', pick: ['ben.bikes'] });
    await service.sandbox.advance('P5D');
    all = (await list('limit=200')).items;
  });
  afterAll(() => service.stop());

  const matching = (platform: string | null, status: StatusFilter): readonly Account[] =>
    all.filter(
      (one) => (platform === null || one.platform === platform) && (status === 'all' || one.token.status === status),
    );

  it('T1: every account has one of three statuses, and the counts add up to All', async () => {
    const { counts, items } = await list();
    expect(items).toHaveLength(12);
    expect(counts).toEqual({ all: 12, valid: 7, expiring: 1, expired: 4 });
    for (const status of STATUSES) expect((await list(`status=${status}`)).items).toHaveLength(counts[status]);
    const ids = await Promise.all(STATUSES.map(async (status) => (await list(`status=${status}`)).items));
    expect(new Set(ids.flat().map(({ id }) => id)).size).toBe(12);
  });

  it.each(
    [null, ...PLATFORMS].flatMap((platform) =>
      (['all', ...STATUSES] as const).map((status) => [platform, status] as const),
    ),
  )('T2: platform %s and status %s together, with the counts of every other value', async (platform, status) => {
    const page = await list(`status=${status}${platform ? `&platform=${platform}` : ''}`);
    expect(page.items.map(({ id }) => id).sort()).toEqual(
      matching(platform, status)
        .map(({ id }) => id)
        .sort(),
    );
    const countOf = (one: StatusFilter): number => matching(platform, one).length;
    expect(page.counts).toEqual({
      ...{ all: countOf('all'), valid: countOf('valid'), expiring: countOf('expiring'), expired: countOf('expired') },
    });
    const counted = PLATFORMS.map((one) => [one, matching(one, status).length] as const);
    expect(page.platforms).toEqual(Object.fromEntries(counted.filter(([, count]) => count > 0)));
  });

  it('T2: a search with filters counts under the other filters, too', async () => {
    const page = await list('q=ada&platform=facebook&status=valid');
    expect(namesOf(page)).toEqual(['Ada Bakery', 'Ada Books', 'Ada Travel']);
    expect(page.counts).toEqual({ all: 3, valid: 3, expiring: 0, expired: 0 });
    expect(page.platforms).toEqual({ facebook: 3, instagram: 2 });
    expect((await list('q=ada&status=expired')).platforms).toEqual({ linkedin: 2 });
  });

  it.each([
    ['boo', ['Ada Books', 'ada.books']],
    ['BIKES', ['Ben Bikes', 'ben.bikes']],
    ['Bén', ['Ben Bikes', 'ben.bikes', 'Ben Brooks']],
    ['ada group', ['Ada Group']],
    ['group ada', ['Ada Group']],
    ['a b', ['Ada Bakery', 'ada.bakery', 'Ada Books', 'ada.books']],
    ['ada.b', ['Ada Bakery', 'ada.bakery', 'Ada Books', 'ada.books']],
    ['ooks', []],
    ['nobody', []],
    ['%', []],
    ["a' OR 1=1 --", []],
  ])('T2: the search for "%s" finds words by their beginning, in any case', async (q, names) => {
    const page = await list(`q=${encodeURIComponent(q)}`);
    expect([...namesOf(page)].sort()).toEqual([...names].sort());
    expect(page.counts.all).toBe(names.length);
  });

  it('T2: an empty filter is none', async () => {
    expect((await list('q=&platform=&status=&health=&sort=&limit=')).counts.all).toBe(12);
    expect((await list('q=%20%20')).counts.all).toBe(12);
  });

  it.each([
    ['ok', 7],
    ['expiring', 1],
    ['lapsed', 4],
    ['rejected', 0],
    ['access-lost', 0],
    ['missing-permissions', 0],
  ])('T2: by health %s', async (health, count) => {
    const page = await list(`health=${health}`);
    expect([page.items.length, page.counts.all]).toEqual([count, count]);
    expect(page.items.every(({ token }) => token.health === health)).toBe(true);
  });

  it('T2: sorted by name, in any case; by the newest connection; by the nearest end', async () => {
    const sorted = (query: string) => list(`sort=${query}&limit=200`);
    const names = namesOf(await sorted('name')).map((name) => name.toLowerCase());
    expect(names).toEqual([...names].sort());
    const connected = (await sorted('-connectedAt')).items.map(({ connectedAt }) => connectedAt);
    expect(connected).toEqual([...connected].sort().reverse());
    const ends = (await sorted('tokenExpiresAt')).items.map(({ token }) => token.expiresAt ?? '');
    expect(ends).toEqual([...ends].sort());
  });

  it.each(['name', '-connectedAt', 'tokenExpiresAt'])('T2: pages by %s show everything once', async (sort) => {
    for (const filter of ['', '&platform=facebook', '&status=valid', '&q=a', '&health=ok']) {
      const whole = namesOf(await list(`sort=${sort}&limit=200${filter}`));
      const paged: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: AccountPage = await list(`sort=${sort}&limit=2${filter}${cursor && `&cursor=${cursor}`}`);
        expect(page.items.length).toBeLessThanOrEqual(2);
        paged.push(...namesOf(page));
        cursor = page.nextCursor;
      }
      expect(paged).toEqual(whole);
    }
  });

  it.each([
    ['status', 'status=gone'],
    ['platform', 'platform=myspace'],
    ['health', 'health=fine'],
    ['sort', 'sort=-name'],
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=ten'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=-1'],
    ['status', 'status=valid&status=expired'],
    ['cursor', 'cursor=nonsense'],
    ['cursor', `cursor=${Buffer.from('["name",1,2]').toString('base64url')}`],
    ['page', 'page=2'],
    ['__proto__', '__proto__=1'],
  ])('T2: refuses a %s that is none: %s', async (path, query) => {
    expect(await refusedField(query)).toEqual([400, 'validation-failed', path]);
  });

  it('T2: a cursor holds for its sort alone', async () => {
    const { nextCursor } = await list('limit=2&sort=name');
    expect(await refusedField(`limit=2&sort=tokenExpiresAt&cursor=${nextCursor ?? ''}`)).toEqual([
      ...[400, 'validation-failed', 'cursor'],
    ]);
  });

  it('T2: takes 1 to 200 on a page, 50 unless asked', async () => {
    expect((await list('limit=1')).items).toHaveLength(1);
    expect((await list('limit=200')).items).toHaveLength(12);
    expect((await list()).nextCursor).toBeNull();
  });

  it('T2: pages stay in their places while rows before and behind them change', async () => {
    const shop = await createWorkspace(paula, 'Changing');
    const pick = ['Ada Books', 'Ada Travel'];
    const [books = ''] = await connect(paula, shop, { platform: 'facebook' }, { pick });
    await connect(paula, shop, { platform: 'facebook' }, { identity: 'ben', pick: ['Ben Bikes'] });
    await connect(paula, shop, { platform: 'linkedin' }, { identity: 'cho' });
    const first = await listAccounts(paula, shop, 'limit=2');
    expect(namesOf(first)).toEqual(['Ada Books', 'Ada Travel']);
    await removeAccount(paula, shop, books);
    await connectOne(paula, shop, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
    await connectOne(paula, shop, { platform: 'instagram', method: 'direct' }, { identity: 'ben' });
    const second = await listAccounts(paula, shop, `limit=2&cursor=${first.nextCursor ?? ''}`);
    const third = await listAccounts(paula, shop, `limit=2&cursor=${second.nextCursor ?? ''}`);
    expect([...namesOf(second), ...namesOf(third)]).toEqual(['Ben Bikes', 'ben.bikes', 'Cho Chen']);
    expect(third.nextCursor).toBeNull();
  });

  it('T2: an empty workspace has a list of its own', async () => {
    const empty = await listAccounts(paula, await createWorkspace(paula));
    expect(empty).toEqual({
      ...{ items: [], nextCursor: null, platforms: {} },
      counts: { all: 0, valid: 0, expiring: 0, expired: 0 },
    });
  });
});
