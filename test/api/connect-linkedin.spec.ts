import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { attempt, candidateOf, connect, createWorkspace, readAccount, selectIds } from '../support/service/steps.js';

const LINKEDIN = { platform: 'linkedin' };

describe('connecting LinkedIn', () => {
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

  it.each([
    ['ben', 'Ben Brooks'],
    ['cho', 'Cho Chen'],
  ] as const)('C4: %s has a profile alone, so the attempt completes by itself', async (identity, name) => {
    const connection = await attempt(paula, workspaceId, LINKEDIN, { identity });
    expect(connection).toMatchObject({ status: 'completed', method: 'direct' });
    const account = await readAccount(paula, workspaceId, connection.accountIds[0] ?? '');
    expect(account).toMatchObject({ platform: 'linkedin', type: 'profile', name });
  });

  it('C4: who administers an organisation is asked', async () => {
    const connection = await attempt(paula, workspaceId, LINKEDIN);
    expect(connection.status).toBe('authorized');
    expect(connection.candidates?.map(({ name, type }) => [name, type]).sort()).toEqual([
      ['Ada Adams', 'profile'],
      ['Ada Group', 'organization'],
    ]);
  });

  it.each([
    ['organization', 'Ada Group'],
    ['profile', 'Ada Adams'],
  ])('C4: accountType %s leaves that alone, and still asks', async (accountType, name) => {
    const connection = await attempt(paula, workspaceId, { ...LINKEDIN, accountType });
    expect([connection.status, connection.candidates?.map((one) => one.name)]).toEqual(['authorized', [name]]);
  });

  it('C4: a candidate that accountType has left out cannot be selected', async () => {
    const all = await attempt(paula, workspaceId, LINKEDIN);
    const some = await attempt(paula, workspaceId, { ...LINKEDIN, accountType: 'organization' });
    const answer = await selectIds(paula, workspaceId, some.id, [candidateOf(all, 'Ada Adams').candidateId]);
    expect([answer.status, answer.code]).toEqual([409, 'candidate-not-selectable']);
  });

  it('C8: where accountType leaves nothing there is nothing to connect', async () => {
    const connection = await attempt(
      paula,
      workspaceId,
      { ...LINKEDIN, accountType: 'organization' },
      { identity: 'ben' },
    );
    expect(connection).toMatchObject({ status: 'failed', failure: { code: 'nothing-to-connect' } });
  });

  it('C4: one grant serves the profile and the organisation', async () => {
    const [profile = '', organization = ''] = await connect(paula, workspaceId, LINKEDIN, {
      pick: ['Ada Adams', 'Ada Group'],
    });
    const [one, other] = [
      await readAccount(paula, workspaceId, profile),
      await readAccount(paula, workspaceId, organization),
    ];
    expect(one.grantId).toBe(other.grantId);
    expect([one.type, other.type]).toEqual(['profile', 'organization']);
  });
});
