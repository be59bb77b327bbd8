import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection, Me } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  addMember,
  attempt,
  callBack,
  candidateOf,
  connect,
  connectOne,
  consent,
  createWorkspace,
  listAccounts,
  readAccount,
  readConnection,
  reconnect,
  selectIds,
  startConnection,
} from '../support/service/steps.js';

const FACEBOOK = { platform: 'facebook' };

describe('members who are limited to some accounts', () => {
  let service: InProcessService;
  let olga: Person;
  let workspaceId: string;
  let bakery: string;
  let books: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(olga);
    const pick = ['Ada Bakery', 'Ada Books'];
    [bakery = '', books = ''] = await connect(olga, workspaceId, FACEBOOK, { pick });
    await connect(olga, workspaceId, { platform: 'linkedin' }, { identity: 'ben' });
  });
  afterAll(() => service.stop());

  const limited = async (role: 'viewer' | 'publisher' | 'admin', accounts: readonly string[]): Promise<Person> => {
    await addMember(olga, workspaceId, 'lena', role, accounts);
    return service.as('lena');
  };
  const path = (rest: string): string => `/v1/workspaces/${workspaceId}${rest}`;
  const accessOf = async (person: Person) => (await person.get<Me>(path('/me'))).body.accountAccess;

  it('M1: see theirs in lists, counts, platforms and searches, and no other', async () => {
    const lena = await limited('viewer', [books]);
    const page = await listAccounts(lena, workspaceId);
    expect(page.items.map(({ id }) => id)).toEqual([books]);
    expect(page.counts).toEqual({ all: 1, valid: 1, expiring: 0, expired: 0 });
    expect(page.platforms).toEqual({ facebook: 1 });
    expect((await listAccounts(lena, workspaceId, 'q=ada')).counts.all).toBe(1);
    expect((await listAccounts(lena, workspaceId, 'q=bakery')).counts.all).toBe(0);
    expect((await listAccounts(lena, workspaceId, 'platform=linkedin')).items).toEqual([]);
    expect((await listAccounts(lena, workspaceId, 'status=expired')).counts.all).toBe(1);
  });

  it('M1: with an empty list they see nothing', async () => {
    const lena = await limited('viewer', []);
    expect(await listAccounts(lena, workspaceId)).toMatchObject({ items: [], counts: { all: 0 }, platforms: {} });
  });

  it('M1: every other account is 404, as if it did not exist', async () => {
    const lena = await limited('admin', [books]);
    expect((await lena.get(path(`/accounts/${books}`))).status).toBe(200);
    const answers = [
      await lena.get(path(`/accounts/${bakery}`)),
      await lena.post(path(`/accounts/${bakery}/reconnect`), {}),
      await lena.post(path('/connections'), { ...FACEBOOK, reconnectAccountId: bakery }),
      await lena.delete(path(`/accounts/${bakery}`)),
    ];
    for (const answer of answers) expect([answer.status, answer.code]).toEqual([404, 'not-found']);
    expect((await readAccount(olga, workspaceId, bakery)).token.status).toBe('valid');
  });

  it('M1: get access to what they connect, and to nothing more', async () => {
    const lena = await limited('publisher', [books]);
    const bikes = await connectOne(lena, workspaceId, FACEBOOK, { identity: 'ben', pick: ['Ben Bikes'] });
    expect([...((await accessOf(lena)) as readonly string[])].sort()).toEqual([books, bikes].sort());
    expect((await readAccount(lena, workspaceId, bikes)).name).toBe('Ben Bikes');
    expect((await listAccounts(lena, workspaceId)).counts.all).toBe(2);
    const chen = await connectOne(lena, workspaceId, { platform: 'linkedin' }, { identity: 'cho' });
    expect((await listAccounts(lena, workspaceId)).items.map(({ id }) => id)).toContain(chen);
  });

  it('M1: a candidate outside their access cannot be picked, and its account is not told', async () => {
    const lena = await limited('publisher', [books]);
    const connection = await attempt(lena, workspaceId, FACEBOOK);
    const outside = candidateOf(connection, 'Ada Bakery');
    expect(outside).toMatchObject({ selectable: false, reason: 'no-access' });
    expect(outside).not.toHaveProperty('accountId');
    expect(candidateOf(connection, 'Ada Books')).toMatchObject({ selectable: true, accountId: books });
    const refused = await selectIds(lena, workspaceId, connection.id, [outside.candidateId]);
    expect([refused.status, refused.code]).toEqual([409, 'candidate-not-selectable']);
  });

  it('M1: access that was taken away before the selection counts', async () => {
    const lena = await limited('publisher', [books]);
    const connection = await attempt(lena, workspaceId, FACEBOOK);
    await olga.patch(path('/members/lena'), { accountAccess: [] });
    const chosen = candidateOf(connection, 'Ada Books').candidateId;
    expect((await selectIds(lena, workspaceId, connection.id, [chosen])).code).toBe('candidate-not-selectable');
    expect((await readAccount(olga, workspaceId, books)).reconnectedAt).toBeNull();
  });

  it('M1: access that was taken away before the callback ends a reconnect', async () => {
    const lena = await limited('publisher', [books]);
    const started = await startConnection(lena, workspaceId, { ...FACEBOOK, reconnectAccountId: books });
    await olga.patch(path('/members/lena'), { accountAccess: [bakery] });
    await callBack(lena.browser, await consent(started.authorizationUrl));
    const connection = await readConnection(olga, workspaceId, started.id);
    expect(connection).toMatchObject({ status: 'failed', failure: { code: 'permission-denied' } });
  });

  it('M1: their reconnect heals the accounts of the login that they cannot see, without showing them', async () => {
    const lena = await limited('publisher', [books]);
    await service.sandbox.advance('P91D');
    const connection = await reconnect(lena, workspaceId, books);
    expect(connection).toMatchObject({ status: 'completed', accountIds: [books] });
    expect((await readAccount(olga, workspaceId, bakery)).token.status).toBe('valid');
    expect(await accessOf(lena)).toEqual([books]);
  });

  it("M1: of others' attempts they see the accounts that are theirs", async () => {
    const connection = await attempt(olga, workspaceId, FACEBOOK);
    const ids = ['Ada Bakery', 'Ada Books'].map((name) => candidateOf(connection, name).candidateId);
    await selectIds(olga, workspaceId, connection.id, ids);
    const lena = await limited('publisher', [books]);
    const seen: Connection = await readConnection(lena, workspaceId, connection.id);
    expect([seen.status, seen.accountIds]).toEqual(['completed', [books]]);
  });

  it('M1: what changes about their access counts in the next request', async () => {
    const lena = await limited('viewer', [books]);
    await olga.patch(path('/members/lena'), { accountAccess: [bakery] });
    expect((await listAccounts(lena, workspaceId)).items.map(({ id }) => id)).toEqual([bakery]);
    expect((await lena.get(path(`/accounts/${books}`))).status).toBe(404);
    await olga.patch(path('/members/lena'), { accountAccess: 'all' });
    expect((await listAccounts(lena, workspaceId)).counts.all).toBe(3);
  });

  it('M1: pages of a limited list show everything once', async () => {
    const lena = await limited('viewer', [books, bakery]);
    const first = await listAccounts(lena, workspaceId, 'limit=1');
    const second = await listAccounts(lena, workspaceId, `limit=1&cursor=${first.nextCursor ?? ''}`);
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual([bakery, books]);
    expect(second.nextCursor).toBeNull();
  });

  it('M1: a removed account leaves nothing to see in their list', async () => {
    const lena = await limited('viewer', [books]);
    await olga.delete(path(`/accounts/${books}`));
    expect(await listAccounts(lena, workspaceId)).toMatchObject({ items: [], counts: { all: 0 } });
    expect((await lena.get(path(`/accounts/${books}`))).status).toBe(404);
  });
});
