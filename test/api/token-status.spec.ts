import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Problem, Workspace } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { connect, connectOne, createWorkspace, listAccounts, readAccount } from '../support/service/steps.js';

const DAY_MS = 86_400_000;
const LINKEDIN = { platform: 'linkedin' };

describe('the status of a token', () => {
  let service: InProcessService;
  let paula: Person;
  let workspaceId: string;
  let id: string;
  let expiresAt: number;

  beforeAll(async () => {
    service = await InProcessService.start();
    paula = await service.as('paula');
  });
  beforeEach(async () => {
    workspaceId = await createWorkspace(paula);
    id = await connectOne(paula, workspaceId, LINKEDIN, { identity: 'ben' });
    expiresAt = Date.parse((await readAccount(paula, workspaceId, id)).token.expiresAt ?? '');
  });
  afterAll(() => service.stop());

  const token = async () => (await readAccount(paula, workspaceId, id)).token;
  const counts = async () => (await listAccounts(paula, workspaceId)).counts;
  const setWindow = (expiringWindow: string) =>
    paula.patch<Problem>(`/v1/workspaces/${workspaceId}`, { expiringWindow });

  it('T1: exactly 30 days before the end it is expiring, and a moment before that valid', async () => {
    await service.sandbox.advance(new Date(expiresAt - 30 * DAY_MS - 20_000));
    expect(await token()).toMatchObject({ status: 'valid', health: 'ok', daysLeft: 31 });
    expect(await counts()).toEqual({ all: 1, valid: 1, expiring: 0, expired: 0 });
    await service.sandbox.advance(new Date(expiresAt - 30 * DAY_MS));
    expect(await token()).toMatchObject({ status: 'expiring', health: 'expiring', daysLeft: 30 });
    expect(await counts()).toEqual({ all: 1, valid: 0, expiring: 1, expired: 0 });
  });

  it('T1: at its end it is expired, in the very next answer', async () => {
    await service.sandbox.advance(new Date(expiresAt - 20_000));
    expect(await token()).toMatchObject({ status: 'expiring', daysLeft: 1 });
    await service.sandbox.advance(new Date(expiresAt));
    expect(await token()).toMatchObject({ status: 'expired', health: 'lapsed', daysLeft: 0 });
    expect((await listAccounts(paula, workspaceId, 'status=expired')).items).toHaveLength(1);
    expect(await counts()).toEqual({ all: 1, valid: 0, expiring: 0, expired: 1 });
  });

  it('T1: the window is the workspace’s own', async () => {
    const other = await createWorkspace(paula, 'Other');
    await connect(paula, other, LINKEDIN, { identity: 'cho' });
    await service.sandbox.advance('P35D');
    expect((await token()).status).toBe('expiring');
    expect((await setWindow('P7D')).status).toBe(200);
    expect((await token()).status).toBe('valid');
    expect(await counts()).toMatchObject({ valid: 1, expiring: 0 });
    expect((await listAccounts(paula, other)).counts).toMatchObject({ valid: 0, expiring: 1 });
    await setWindow('P60D');
    expect((await listAccounts(paula, workspaceId, 'status=expiring')).items).toHaveLength(1);
  });

  it('T1: a longer window counts from its own day on', async () => {
    await setWindow('P45D');
    await service.sandbox.advance(new Date(expiresAt - 45 * DAY_MS));
    expect((await token()).status).toBe('expiring');
    expect(await counts()).toMatchObject({ expiring: 1 });
  });

  it.each(['P0D', 'P366D', 'P1M', '30', 'P-1D', '', 7, null])('T1: refuses the window %p', async (expiringWindow) => {
    const answer = await paula.patch<Problem>(`/v1/workspaces/${workspaceId}`, { expiringWindow });
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
      ...[400, 'validation-failed', 'expiringWindow'],
    ]);
    expect((await paula.get<Workspace>(`/v1/workspaces/${workspaceId}`)).body.expiringWindow).toBe('P30D');
  });

  it('T2: the status filters follow the time without any request in between', async () => {
    await connect(paula, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Books'] });
    const seen = [];
    for (const by of ['PT0S', 'P31D', 'P30D', 'P30D']) {
      await service.sandbox.advance(by);
      const { valid, expiring, expired } = await counts();
      seen.push([valid, expiring, expired]);
    }
    expect(seen).toEqual([
      [3, 0, 0],
      [2, 1, 0],
      [0, 2, 1],
      [0, 0, 3],
    ]);
  });
});
