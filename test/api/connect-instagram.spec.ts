import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Problem } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  attempt,
  candidateOf,
  connect,
  connectOne,
  createWorkspace,
  listAccounts,
  readAccount,
} from '../support/service/steps.js';
import { countTypes, storedEvents } from '../support/service/stored-events.js';

const DIRECT = { platform: 'instagram', method: 'direct' };
const VIA_FACEBOOK = { platform: 'instagram', method: 'via-facebook' };

describe('connecting Instagram', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(paula);
  });
  afterAll(() => service.stop());

  it('C3: has two methods, so one must be named', async () => {
    const answer = await paula.post<Problem>(`/v1/workspaces/${workspaceId}/connections`, { platform: 'instagram' });
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([400, 'validation-failed', 'method']);
  });

  it.each([
    ['a method of another platform', { platform: 'instagram', method: 'app-password' }],
    ['via-facebook for Facebook itself', { platform: 'facebook', method: 'via-facebook' }],
  ])('C3: refuses %s', async (_, request) => {
    const answer = await paula.post<Problem>(`/v1/workspaces/${workspaceId}/connections`, request);
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([400, 'validation-failed', 'method']);
  });

  it('C3: the direct login completes by itself with its one account', async () => {
    const connection = await attempt(paula, workspaceId, DIRECT, { identity: 'cho' });
    expect(connection).toMatchObject({ status: 'completed', platform: 'instagram', method: 'direct' });
    const account = await readAccount(paula, workspaceId, connection.accountIds[0] ?? '');
    expect(account).toMatchObject({ name: 'cho.draws', type: 'professional', method: 'direct' });
    expect(account.token.renewal).toBe('automatic');
  });

  it('C3: via Facebook one picks among the accounts that are linked to Pages', async () => {
    const connection = await attempt(paula, workspaceId, VIA_FACEBOOK);
    expect(connection.status).toBe('authorized');
    expect(connection.candidates?.map(({ name, type }) => [name, type]).sort()).toEqual([
      ['ada.bakery', 'professional'],
      ['ada.books', 'professional'],
    ]);
  });

  it('C3: via Facebook asks for one alone, too', async () => {
    const connection = await attempt(paula, workspaceId, VIA_FACEBOOK, { identity: 'ben' });
    expect([connection.status, connection.candidates?.length]).toEqual(['authorized', 1]);
  });

  it('C3: reached both ways it is one account, which follows the newest consent', async () => {
    const [id = ''] = await connect(paula, workspaceId, DIRECT);
    const direct = await readAccount(paula, workspaceId, id);
    const connection = await attempt(paula, workspaceId, VIA_FACEBOOK);
    expect(candidateOf(connection, 'ada.bakery').accountId).toBe(id);
    expect(await connect(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.bakery'] })).toEqual([id]);
    const via = await readAccount(paula, workspaceId, id);
    expect(via).toMatchObject({ method: 'via-facebook', externalId: direct.externalId });
    expect(via.grantId).not.toBe(direct.grantId);
    expect(via.token.renewal).toBe('reconnect');
    await service.sandbox.rest();
    const detached = storedEvents(service.dataDir, workspaceId).filter(({ type }) => type === 'GrantDetached');
    expect(detached.map(({ stream, data }) => [stream, data['accountId']])).toEqual([[`grant-${direct.grantId}`, id]]);
  });

  it('C3: and back by the direct login it is still the same', async () => {
    const id = await connectOne(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.bakery'] });
    const connection = await attempt(paula, workspaceId, DIRECT);
    expect(connection).toMatchObject({ status: 'completed', accountIds: [id] });
    expect(await readAccount(paula, workspaceId, id)).toMatchObject({ method: 'direct' });
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(1);
  });

  it('C3: via Facebook is a Facebook grant, shared with the Pages of that login', async () => {
    const page = await connectOne(paula, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery'] });
    const instagram = await connectOne(paula, workspaceId, VIA_FACEBOOK, { pick: ['ada.bakery'] });
    const [one, other] = [
      await readAccount(paula, workspaceId, page),
      await readAccount(paula, workspaceId, instagram),
    ];
    expect(other.grantId).toBe(one.grantId);
    expect(other.token.expiresAt).toBe(one.token.expiresAt);
    const events = storedEvents(service.dataDir, workspaceId);
    expect(countTypes(events, 'GrantObtained', 'GrantRenewed', 'GrantAttached')).toEqual([1, 1, 2]);
  });
});
