import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection, Problem } from '#contract';
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
  select,
  selectIds,
  startConnection,
} from '../support/service/steps.js';

const FACEBOOK = { platform: 'facebook' };

describe('connecting Facebook Pages', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
  });
  beforeEach(async () => {
    paula = await service.as('paula');
    workspaceId = await createWorkspace(paula);
  });
  afterEach(() => service.sandbox.reset());
  afterAll(() => service.stop());

  const namesOf = (connection: Connection): readonly string[] =>
    (connection.candidates ?? []).map(({ name }) => name).sort();

  it('C2: offers every Page that is reachable, those of further pages of the listing and of a portfolio too', async () => {
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    expect(connection).toMatchObject({ status: 'authorized', purpose: 'connect', accountIds: [] });
    expect(namesOf(connection)).toEqual(['Ada Bakery', 'Ada Books', 'Ada Travel']);
    for (const candidate of connection.candidates ?? []) {
      expect(candidate).toMatchObject({ type: 'page', selectable: true });
      expect(candidate).not.toHaveProperty('reason');
      expect(candidate).not.toHaveProperty('accountId');
    }
  });

  it('C2: asks even when there is one Page alone', async () => {
    const connection = await attempt(paula, workspaceId, FACEBOOK, { identity: 'ben' });
    expect([connection.status, namesOf(connection)]).toEqual(['authorized', ['Ben Bikes']]);
  });

  it('C2: connects what was picked and nothing else', async () => {
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    const picked = ['Ada Books', 'Ada Travel'].map((name) => candidateOf(connection, name).candidateId);
    const answer = await selectIds(paula, workspaceId, connection.id, picked);
    expect(answer.status).toBe(200);
    expect(answer.body.accounts.map(({ outcome }) => outcome)).toEqual(['connected', 'connected']);
    expect(answer.position).toBe(answer.body.position);
    const { items, counts } = await listAccounts(paula, workspaceId);
    expect(items.map(({ name }) => name)).toEqual(['Ada Books', 'Ada Travel']);
    expect(counts.all).toBe(2);
    const ended = await readConnection(paula, workspaceId, connection.id);
    expect(ended).toMatchObject({ status: 'completed', accountIds: answer.body.accounts.map(({ id }) => id) });
    expect(ended).not.toHaveProperty('candidates');
  });

  it('C2: shows a Page on which one may not post, with the reason, and does not take it', async () => {
    await service.sandbox.order({ do: 'page-tasks', name: 'Ada Books', tasks: ['ANALYZE'] });
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    const books = candidateOf(connection, 'Ada Books');
    expect(books).toMatchObject({ selectable: false, reason: 'not-allowed-to-post' });
    const refused = await selectIds(paula, workspaceId, connection.id, [books.candidateId]);
    expect([refused.status, refused.code]).toEqual([409, 'candidate-not-selectable']);
    const mixed = [books.candidateId, candidateOf(connection, 'Ada Bakery').candidateId];
    expect((await selectIds(paula, workspaceId, connection.id, mixed)).code).toBe('candidate-not-selectable');
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(0);
    expect((await readConnection(paula, workspaceId, connection.id)).status).toBe('authorized');
  });

  it('C2: shows a Page for which a permission is missing, with the reason', async () => {
    const started = await startConnection(paula, workspaceId, FACEBOOK);
    const url = `${started.authorizationUrl}&sandbox_posting_pages=${encodeURIComponent('Ada Bakery')}`;
    await callBack(paula.browser, await consent(url));
    const connection = await readConnection(paula, workspaceId, started.id);
    expect(candidateOf(connection, 'Ada Books')).toMatchObject({ selectable: false, reason: 'missing-permission' });
    expect(candidateOf(connection, 'Ada Bakery').selectable).toBe(true);
  });

  it('C2: offers only the Pages that the person ticked at the platform', async () => {
    const started = await startConnection(paula, workspaceId, FACEBOOK);
    const url = `${started.authorizationUrl}&sandbox_pages=${encodeURIComponent('Ada Books')}`;
    await callBack(paula.browser, await consent(url));
    const connection = await readConnection(paula, workspaceId, started.id);
    expect(connection.candidates?.filter(({ selectable }) => selectable).map(({ name }) => name)).toEqual([
      'Ada Books',
    ]);
  });

  it.each(['group', 'profile'])(
    'C2: a %s cannot be connected by API any more, and the answer says so',
    async (type) => {
      const answer = await paula.post<Problem>(`/v1/workspaces/${workspaceId}/connections`, {
        ...FACEBOOK,
        accountType: type,
      });
      expect([answer.status, answer.code]).toEqual([422, 'account-type-not-supported']);
      expect(answer.body.detail).toMatch(/any more/);
    },
  );

  it('C2: takes the one type that there is, and refuses one of another platform', async () => {
    const connection = await attempt(paula, workspaceId, { ...FACEBOOK, accountType: 'page' });
    expect(namesOf(connection)).toHaveLength(3);
    const path = `/v1/workspaces/${workspaceId}/connections`;
    const refused = await paula.post<Problem>(path, { ...FACEBOOK, accountType: 'organization' });
    expect([refused.status, refused.code, refused.body.errors?.[0]?.path]).toEqual([
      400,
      'validation-failed',
      'accountType',
    ]);
  });

  it('C2: says which candidates are connected already, and lets them be picked again', async () => {
    const accountId = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    expect(candidateOf(connection, 'Ada Bakery')).toMatchObject({ selectable: true, accountId });
    expect(candidateOf(connection, 'Ada Books')).not.toHaveProperty('accountId');
  });

  it('C5: picking what is connected already reconnects it and makes no second account', async () => {
    const [bakery] = await connect(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const before = await readAccount(paula, workspaceId, bakery ?? '');
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    const ids = ['Ada Bakery', 'Ada Books'].map((name) => candidateOf(connection, name).candidateId);
    const { body } = await selectIds(paula, workspaceId, connection.id, ids);
    expect(body.accounts[0]).toEqual({ id: bakery, outcome: 'reconnected' });
    expect(body.accounts[1]?.outcome).toBe('connected');
    const after = await readAccount(paula, workspaceId, bakery ?? '');
    expect(after).toMatchObject({ connectedAt: before.connectedAt, reconnectedBy: { type: 'user', id: 'paula' } });
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(2);
  });

  it('C5: two people who connect the same Page at once end with one account', async () => {
    await addMember(paula, workspaceId, 'otto', 'admin');
    const otto = await service.as('otto');
    const [first, second] = [await attempt(paula, workspaceId, FACEBOOK), await attempt(otto, workspaceId, FACEBOOK)];
    const ids = await Promise.all([
      select(paula, workspaceId, first, ['Ada Bakery']),
      select(otto, workspaceId, second, ['Ada Bakery']),
    ]);
    expect(ids[0]).toEqual(ids[1]);
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(1);
  });

  it('C5: the same Page in another workspace is an account of its own', async () => {
    const otherWorkspace = await createWorkspace(paula, 'Other Shop');
    const here = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    const there = await connectOne(paula, otherWorkspace, FACEBOOK, { pick: ['Ada Bakery'] });
    expect(there).not.toBe(here);
    const [one, other] = [await readAccount(paula, workspaceId, here), await readAccount(paula, otherWorkspace, there)];
    expect(one.grantId).not.toBe(other.grantId);
  });
});
