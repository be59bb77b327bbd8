import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { CommandAnswer } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  addMember,
  attempt,
  candidateOf,
  connect,
  connectOne,
  createWorkspace,
  listAccounts,
  readAccount,
  removeAccount,
  select,
  selectIds,
} from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

const FACEBOOK = { platform: 'facebook' };

describe('removing an account', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let id: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(paula);
    id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
  });
  afterAll(() => service.stop());

  const pathOf = (accountId = id): string => `/v1/workspaces/${workspaceId}/accounts/${accountId}`;

  it('R4: is 202, and the account is gone from details, lists and counts', async () => {
    const answer = await paula.delete<CommandAnswer>(pathOf());
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id, revision: expect.any(Number), position: answer.position });
    const gone = await paula.get(pathOf());
    expect([gone.status, gone.code]).toEqual([404, 'not-found']);
    expect(await listAccounts(paula, workspaceId)).toMatchObject({
      ...{ items: [], counts: { all: 0, valid: 0, expiring: 0, expired: 0 }, platforms: {} },
    });
    expect((await listAccounts(paula, workspaceId, 'q=bakery')).items).toEqual([]);
  });

  it('R4: again it is the same answer, and nothing is written', async () => {
    const first = await paula.delete(pathOf());
    await service.sandbox.rest();
    const before = storedEvents(service.dataDir, workspaceId).length;
    const again = await paula.delete(pathOf());
    expect([again.status, again.body]).toEqual([202, first.body]);
    expect((await paula.delete(pathOf(), { 'if-match': '"0"' })).body).toEqual(first.body);
    await service.sandbox.rest();
    expect(storedEvents(service.dataDir, workspaceId)).toHaveLength(before);
  });

  it('R4: of 10 removals at once one is written', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => paula.delete(pathOf())));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(storedEvents(service.dataDir, workspaceId).filter(({ type }) => type === 'AccountRemoved')).toHaveLength(1);
  });

  it('R4: every other command on it is account-removed', async () => {
    await removeAccount(paula, workspaceId, id);
    const commands = [
      await paula.post(`${pathOf()}/reconnect`, {}),
      await paula.post(`/v1/workspaces/${workspaceId}/connections`, { ...FACEBOOK, reconnectAccountId: id }),
    ];
    await service.sandbox.rest();
    commands.push(await paula.post(`${pathOf()}/reconnect`, {}));
    for (const answer of commands) expect([answer.status, answer.code]).toEqual([410, 'account-removed']);
  });

  it('R4: one in between is not brought back by a selection that was under way', async () => {
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    const candidate = candidateOf(connection, 'Ada Bakery');
    expect(candidate.accountId).toBe(id);
    await removeAccount(paula, workspaceId, id);
    const answer = await selectIds(paula, workspaceId, connection.id, [candidate.candidateId]);
    expect(answer.body.accounts).toEqual([{ id: expect.stringMatching(/^acc_/), outcome: 'connected' }]);
    expect(answer.body.accounts[0]?.id).not.toBe(id);
    expect((await paula.get(pathOf())).status).toBe(404);
  });

  it('R4: only members who may remove can, and the answer names the permission', async () => {
    await addMember(paula, workspaceId, 'otto', 'publisher');
    const answer = await (await service.as('otto')).delete<{ detail: string }>(pathOf());
    expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
    expect(answer.body.detail).toContain('accounts:remove');
  });

  it('R5: the same account again is a new one, without a history', async () => {
    const before = await readAccount(paula, workspaceId, id);
    await removeAccount(paula, workspaceId, id);
    await service.sandbox.advance('P1D');
    const connection = await attempt(paula, workspaceId, FACEBOOK);
    expect(candidateOf(connection, 'Ada Bakery')).not.toHaveProperty('accountId');
    const [again = ''] = await select(paula, workspaceId, connection, ['Ada Bakery']);
    expect(again).not.toBe(id);
    const after = await readAccount(paula, workspaceId, again);
    expect(after).toMatchObject({
      ...{ externalId: before.externalId, reconnectedAt: null, reconnectedBy: null, revision: 0 },
      counts: { scheduledPosts: 0, drafts: 0, failedPosts: 0, automations: 0 },
      queue: { paused: false, queued: 0 },
    });
    expect(after.token.lastRenewedAt).toBeNull();
    expect(Date.parse(after.connectedAt)).toBeGreaterThan(Date.parse(before.connectedAt));
    expect((await paula.get(pathOf())).status).toBe(404);
  });

  it('R5: also at once, before the purge has come to rest, and time after time', async () => {
    const ids = new Set([id]);
    for (let time = 0; time < 4; time += 1) {
      await removeAccount(paula, workspaceId, id);
      id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
      ids.add(id);
    }
    await service.sandbox.rest();
    expect(ids.size).toBe(5);
    expect((await listAccounts(paula, workspaceId)).items.map((account) => account.id)).toEqual([id]);
    expect((await readAccount(paula, workspaceId, id)).token.status).toBe('valid');
  });

  it('R5: what the login has beside it stays as it was', async () => {
    const [, books = ''] = await connect(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery', 'Ada Books'] });
    const before = await readAccount(paula, workspaceId, books);
    await removeAccount(paula, workspaceId, id);
    await service.sandbox.rest();
    expect(await readAccount(paula, workspaceId, books)).toEqual(before);
    id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    expect((await readAccount(paula, workspaceId, id)).grantId).toBe(before.grantId);
  });

  it('R5: after the last account of a login the next one has a grant of its own', async () => {
    const { grantId } = await readAccount(paula, workspaceId, id);
    await removeAccount(paula, workspaceId, id);
    await service.sandbox.rest();
    id = await connectOne(paula, workspaceId, FACEBOOK, { pick: ['Ada Bakery'] });
    expect((await readAccount(paula, workspaceId, id)).grantId).not.toBe(grantId);
  });
});
