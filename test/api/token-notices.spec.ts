import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Problem } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { connect, connectOne, createWorkspace, reconnect, removeAccount } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

const DAY_S = 86_400;
const LINKEDIN = { platform: 'linkedin' };

describe('notices about the end of a token', () => {
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
  afterEach(() => service.sandbox.reset());
  afterAll(() => service.stop());

  /** The notices so far: the days left that each step was announced with, or `expired`. */
  const notices = (): readonly (string | number)[] =>
    storedEvents(service.dataDir, workspaceId)
      .filter(({ type }) => type === 'TokenExpiringSoon' || type === 'TokenExpired')
      .map(({ type, data }) => (type === 'TokenExpired' ? 'expired' : Number(data['daysLeft'])));
  const setSteps = (noticeSteps: unknown) => paula.patch<Problem>(`/v1/workspaces/${workspaceId}`, { noticeSteps });
  const ben = () => connectOne(paula, workspaceId, LINKEDIN, { identity: 'ben' });

  it('T6: come 30, 7 and 1 days before the end, once each, and once at the end', async () => {
    await ben();
    const seen = [];
    for (const by of ['P29D', 'P1D', 'P1D', 'P22D', 'P1D', 'P5D', 'P1D', 'P10D', 'P100D']) {
      await service.sandbox.advance(by);
      seen.push([...notices()]);
    }
    expect(seen).toEqual([
      ...[[], [30], [30], [30, 7], [30, 7], [30, 7, 1], [30, 7, 1, 'expired']],
      ...[
        [30, 7, 1, 'expired'],
        [30, 7, 1, 'expired'],
      ],
    ]);
  });

  it('T6: one long step of the clock passes every one of them', async () => {
    const soon = 'events_appended_total{type="TokenExpiringSoon"}';
    const ended = 'events_appended_total{type="TokenExpired"}';
    const before = [await service.metric(soon), await service.metric(ended)] as const;
    await ben();
    await service.sandbox.advance('P400D');
    expect(notices()).toEqual([30, 7, 1, 'expired']);
    expect([(await service.metric(soon)) - before[0], (await service.metric(ended)) - before[1]]).toEqual([3, 1]);
  });

  it('T6: are about the grant, and name every account that it feeds', async () => {
    const ids = await connect(paula, workspaceId, LINKEDIN, { pick: ['Ada Adams', 'Ada Group'] });
    await service.sandbox.advance('P61D');
    expect(notices()).toEqual([30, 7, 1, 'expired']);
    const events = storedEvents(service.dataDir, workspaceId).filter(({ type }) => type.startsWith('TokenExp'));
    for (const { data } of events) {
      expect(data['count']).toBe(2);
      expect([...(data['accountIds'] as readonly string[])].sort()).toEqual([...ids].sort());
    }
  });

  it.each([
    [20, [20, 7, 1, 'expired']],
    [5, [5, 1, 'expired']],
    [1, [1, 'expired']],
  ])('T6: of a token that lives %s days only the smallest due step is announced', async (days, expected) => {
    await service.sandbox.order({ do: 'lifetimes', platform: 'linkedin', accessSeconds: days * DAY_S });
    await ben();
    await service.sandbox.advance('P25D');
    expect(notices()).toEqual(expected);
  });

  it('T6: a reconnect begins them anew', async () => {
    const id = await ben();
    await service.sandbox.advance('P54D');
    expect(notices()).toEqual([30, 7]);
    await reconnect(paula, workspaceId, id, { identity: 'ben' });
    await service.sandbox.advance('P29D');
    expect(notices()).toEqual([30, 7]);
    await service.sandbox.advance('P32D');
    expect(notices()).toEqual([30, 7, 30, 7, 1, 'expired']);
    await reconnect(paula, workspaceId, id, { identity: 'ben' });
    await service.sandbox.advance('P61D');
    expect(notices()).toHaveLength(10);
  });

  it('T6: the steps are the workspace’s own', async () => {
    expect((await setSteps(['P2D', 'P10D'])).status).toBe(200);
    await ben();
    await service.sandbox.advance('P61D');
    expect(notices()).toEqual([10, 2, 'expired']);
  });

  it('T6: a step that is past when it is set is not announced', async () => {
    await ben();
    await service.sandbox.advance('P20D');
    await setSteps(['P50D', 'P45D', 'P3D']);
    await service.sandbox.advance('P10D');
    expect(notices()).toEqual([]);
    await service.sandbox.advance('P31D');
    expect(notices()).toEqual([3, 'expired']);
  });

  it.each([
    [[]],
    [['P30D', 'P30D']],
    [['P1W']],
    [['P0D']],
    ['P30D'],
    [Array.from({ length: 11 }, (_, i) => `P${i + 1}D`)],
  ])('T6: refuses the steps %j', async (steps) => {
    const answer = await setSteps(steps);
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
      ...[400, 'validation-failed', 'noticeSteps'],
    ]);
  });

  it('T6: nobody is told about a login that feeds no account any more', async () => {
    await removeAccount(paula, workspaceId, await ben());
    await service.sandbox.advance('P100D');
    expect(notices()).toEqual([]);
  });
});
