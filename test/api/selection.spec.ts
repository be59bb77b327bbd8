import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection, Problem } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import {
  addMember,
  attempt,
  candidateOf,
  createWorkspace,
  listAccounts,
  readConnection,
  selectIds,
  startConnection,
} from '../support/service/steps.js';

const FACEBOOK = { platform: 'facebook' };

describe('selecting candidates', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let connection: Connection;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(paula);
    connection = await attempt(paula, workspaceId, FACEBOOK);
  });
  afterAll(() => service.stop());

  const idOf = (name: string): string => candidateOf(connection, name).candidateId;
  const selecting = async (person: Person, ids: readonly string[]) =>
    selectIds(person, workspaceId, connection.id, ids);

  it.each([
    ['none', []],
    ['201', Array.from({ length: 201 }, (_, index) => `candidate-${index}`)],
  ])('C2: takes 1 to 200 candidates, so %s is refused', async (_, ids) => {
    const answer = await paula.post<Problem>(`/v1/workspaces/${workspaceId}/connections/${connection.id}/selection`, {
      candidateIds: ids,
    });
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
      400,
      'validation-failed',
      'candidateIds',
    ]);
  });

  it('C2: 200 candidates are not too many, and an unknown one among them is not selectable', async () => {
    const ids = [idOf('Ada Bakery'), ...Array.from({ length: 199 }, (_, index) => `candidate-${index}`)];
    const answer = await selecting(paula, ids);
    expect([answer.status, answer.code]).toEqual([409, 'candidate-not-selectable']);
    expect((await readConnection(paula, workspaceId, connection.id)).status).toBe('authorized');
  });

  it('C2: the same candidate twice is one choice', async () => {
    const answer = await selecting(paula, [idOf('Ada Bakery'), idOf('Ada Bakery')]);
    expect([answer.status, answer.body.accounts.length]).toEqual([200, 1]);
  });

  it('C7: the same selection again answers the same accounts as unchanged, in any order', async () => {
    const first = await selecting(paula, [idOf('Ada Bakery'), idOf('Ada Books')]);
    const again = await selecting(paula, [idOf('Ada Books'), idOf('Ada Bakery')]);
    expect(again.status).toBe(200);
    expect(again.body.position).toBe(first.body.position);
    expect(again.body.accounts).toEqual(first.body.accounts.map(({ id }) => ({ id, outcome: 'unchanged' })));
    expect((await listAccounts(paula, workspaceId)).items.every(({ reconnectedAt }) => reconnectedAt === null)).toBe(
      true,
    );
  });

  it.each([
    ['another one', ['Ada Books']],
    ['fewer', ['Ada Bakery']],
    ['more', ['Ada Bakery', 'Ada Travel', 'Ada Books']],
  ])('C7: %s later is already-decided', async (_, names) => {
    await selecting(paula, [idOf('Ada Bakery'), idOf('Ada Travel')]);
    const answer = await selecting(paula, names.map(idOf));
    expect([answer.status, answer.code]).toEqual([409, 'already-decided']);
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(2);
  });

  it('C7: of two different selections at once one is taken', async () => {
    const answers = await Promise.all([selecting(paula, [idOf('Ada Bakery')]), selecting(paula, [idOf('Ada Books')])]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(1);
  });

  it('C7: candidates are shown to whoever began the attempt, and others see only how it stands', async () => {
    await addMember(paula, workspaceId, 'otto', 'owner');
    const otto = await service.as('otto');
    const seen = await readConnection(otto, workspaceId, connection.id);
    expect(seen.status).toBe('authorized');
    expect(seen).not.toHaveProperty('candidates');
    const refused = await selecting(otto, [idOf('Ada Bakery')]);
    expect([refused.status, refused.code]).toEqual([403, 'permission-denied']);
  });

  it('C7: a service of the same name is not the person who began it', async () => {
    const service2 = await service.as('paula', { scope: 'commands' });
    expect(await readConnection(service2, workspaceId, connection.id)).not.toHaveProperty('candidates');
    expect((await selecting(service2, [idOf('Ada Bakery')])).code).toBe('permission-denied');
  });

  it('C7: there is nothing to select from before the consent', async () => {
    const started = await startConnection(paula, workspaceId, FACEBOOK);
    const answer = await selectIds(paula, workspaceId, started.id, [idOf('Ada Bakery')]);
    expect([answer.status, answer.code]).toEqual([409, 'candidate-not-selectable']);
  });

  it("C7: another attempt's candidates are unknown to this one", async () => {
    const other = await attempt(paula, workspaceId, FACEBOOK);
    const foreign = candidateOf(other, 'Ada Bakery').candidateId;
    expect(foreign).not.toBe(idOf('Ada Bakery'));
    expect((await selecting(paula, [foreign])).code).toBe('candidate-not-selectable');
  });

  it('C7: after 15 minutes a selection is connection-lapsed', async () => {
    await service.sandbox.advance('PT15M');
    const answer = await selecting(paula, [idOf('Ada Bakery')]);
    expect([answer.status, answer.code]).toEqual([410, 'connection-lapsed']);
    const lapsed = await readConnection(paula, workspaceId, connection.id);
    expect(lapsed).toMatchObject({ status: 'lapsed', accountIds: [] });
    expect(lapsed).not.toHaveProperty('candidates');
  });

  it('C7: a selection in time is carried out although the 15 minutes end behind it', async () => {
    await service.sandbox.advance('PT14M59S');
    const answer = await selecting(paula, [idOf('Ada Bakery')]);
    expect(answer.status).toBe(200);
    await service.sandbox.advance('PT1H');
    expect((await readConnection(paula, workspaceId, connection.id)).status).toBe('completed');
  });

  it('C8: a failed attempt takes no selection', async () => {
    const failed = await attempt(paula, workspaceId, FACEBOOK, { decision: 'deny' });
    const answer = await selectIds(paula, workspaceId, failed.id, [idOf('Ada Bakery')]);
    expect([answer.status, answer.code]).toEqual([409, 'already-decided']);
  });

  it('C8: who has lost accounts:connect meanwhile selects nothing any more', async () => {
    await addMember(paula, workspaceId, 'otto', 'publisher');
    const otto = await service.as('otto');
    connection = await attempt(otto, workspaceId, FACEBOOK);
    await paula.patch(`/v1/workspaces/${workspaceId}/members/otto`, { role: 'editor' });
    const answer = await selecting(otto, [idOf('Ada Bakery')]);
    expect([answer.status, answer.code]).toEqual([403, 'permission-denied']);
    expect((await listAccounts(paula, workspaceId)).counts.all).toBe(0);
  });
});
