import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandAnswer, Page, Problem, Workspace } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { addMember, createWorkspace } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

describe('workspaces', () => {
  let service: InProcessService;
  let olga: Person;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
  });
  afterAll(() => service.stop());

  const read = async (id: string) => (await olga.get<Workspace>(`/v1/workspaces/${id}`)).body;

  it('are made with the settings that everybody begins with', async () => {
    const made = await olga.post<CommandAnswer>('/v1/workspaces', {
      name: '  Ölga & Söhne  ',
      timezone: 'Asia/Kolkata',
    });
    expect(made.status).toBe(201);
    expect(made.body).toEqual({ id: expect.stringMatching(/^ws_/), revision: 1, position: made.position });
    expect(await read(made.body.id)).toEqual({
      ...{ id: made.body.id, name: 'Ölga & Söhne', timezone: 'Asia/Kolkata', expiringWindow: 'P30D' },
      noticeSteps: ['P30D', 'P7D', 'P1D'],
      createdAt: expect.stringMatching(/Z$/),
      revision: 1,
    });
  });

  it('are changed field by field, and what is so already writes nothing', async () => {
    const id = await createWorkspace(olga);
    const change = { name: 'New', timezone: 'UTC', expiringWindow: 'P14D', noticeSteps: ['P1D', 'P14D'] };
    const first = await olga.patch<CommandAnswer>(`/v1/workspaces/${id}`, change);
    const again = await olga.patch<CommandAnswer>(`/v1/workspaces/${id}`, change);
    const empty = await olga.patch<CommandAnswer>(`/v1/workspaces/${id}`, {});
    expect([again.body, empty.body]).toEqual([first.body, first.body]);
    expect(await read(id)).toMatchObject({ ...change, noticeSteps: ['P14D', 'P1D'], revision: first.body.revision });
    await olga.patch(`/v1/workspaces/${id}`, { name: 'Newer' });
    expect(await read(id)).toMatchObject({ name: 'Newer', timezone: 'UTC', expiringWindow: 'P14D' });
  });

  it.each([
    ['name', { timezone: 'UTC' }],
    ['name', { name: '   ', timezone: 'UTC' }],
    ['name', { name: 'x'.repeat(201), timezone: 'UTC' }],
    ['name', { name: 'a\u0000b', timezone: 'UTC' }],
    ['name', { name: 'a\nb', timezone: 'UTC' }],
    ['name', { name: ['a'], timezone: 'UTC' }],
    ['timezone', { name: 'a', timezone: 'Europe/Nowhere' }],
    ['timezone', { name: 'a', timezone: '+02:00' }],
    ['timezone', { name: 'a' }],
    ['expiringWindow', { name: 'a', timezone: 'UTC', expiringWindow: 'P7D' }],
  ])('refuses a %s that is none: %j', async (field, body) => {
    const answer = await olga.post<Problem>('/v1/workspaces', body);
    expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([400, 'validation-failed', field]);
  });

  it('names every field that is wrong', async () => {
    const { body } = await olga.post<Problem>('/v1/workspaces', { name: '', timezone: 'x', owner: 'me' });
    expect(body.errors?.map(({ path }) => path).sort()).toEqual(['name', 'owner', 'timezone']);
  });

  it("are listed for their members alone, also somebody else's that one was added to", async () => {
    const eva = await service.as('eva');
    const own = await createWorkspace(eva, 'Own');
    const shared = await createWorkspace(olga, 'Shared');
    await createWorkspace(olga, 'Private');
    await addMember(olga, shared, 'eva', 'viewer');
    const mine = async () => (await eva.get<Page<Workspace>>('/v1/workspaces')).body.items.map(({ id }) => id);
    expect([...(await mine())].sort()).toEqual([own, shared].sort());
    await olga.delete(`/v1/workspaces/${shared}/members/eva`);
    expect(await mine()).toEqual([own]);
  });

  it('64 changes at once are a serial history in which at least half succeed, and the others may be tried again', async () => {
    const id = await createWorkspace(olga);
    const names = Array.from({ length: 64 }, (_, index) => `Name ${index}`);
    const answers = await Promise.all(names.map((name) => olga.patch<CommandAnswer>(`/v1/workspaces/${id}`, { name })));
    const done = answers.filter(({ status }) => status === 200);
    expect(done.length).toBeGreaterThanOrEqual(32);
    for (const answer of answers) {
      if (answer.status !== 200) expect([answer.status, answer.code]).toEqual([409, 'revision-conflict']);
    }
    const events = storedEvents(service.dataDir, id);
    expect(events.map(({ revision }) => revision)).toEqual(events.map((_, index) => index));
    expect(events.filter(({ type }) => type === 'WorkspaceRenamed')).toHaveLength(done.length);
    const revisions = done.map(({ body }) => body.revision).sort((a, b) => a - b);
    expect(revisions).toEqual(done.map((_, index) => index + 2));
    const last = answers.findIndex(({ body }) => body.revision === revisions.at(-1));
    expect(await read(id)).toMatchObject({ name: names[last], revision: revisions.at(-1) });
  });
});
