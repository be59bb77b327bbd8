import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Page, Workspace } from '#contract';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { addMember, attempt, connectOne, createWorkspace, startConnection } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';
import { nameOf, pathOf, readDescription, type ApiDescription, type Operation } from './open-api.js';
import { sampleBody } from './sample-bodies.js';

/** What one workspace has, by the names of the path's parts. */
interface Tenant {
  readonly person: Person;
  readonly parts: Readonly<Record<string, string>>;
}

/** Well-formed, and of nobody. */
const NOTHING: Readonly<Record<string, string>> = {
  ...{ ws: 'ws_01hf3m7z8kfw2r5x9d4c6b1n0a', acc: 'acc_01hf3m7z8kfw2r5x9d4c6b1n0a' },
  ...{ con: 'con_01hf3m7z8kfw2r5x9d4c6b1n0a', userId: 'nobody-at-all' },
};

describe('T18, T20: what is in another workspace', () => {
  let service: InProcessService;
  let description: ApiDescription;
  let victim: Tenant;
  let attacker: Tenant;

  const settle = async (userId: string): Promise<Tenant> => {
    const person = await service.as(userId);
    const ws = await createWorkspace(person, `${userId}'s`);
    await addMember(person, ws, `${userId}-friend`, 'viewer');
    const acc = await connectOne(person, ws, { platform: 'linkedin' }, { identity: 'ben' });
    const { id: con } = await attempt(person, ws, { platform: 'facebook' });
    return { person, parts: { ws, acc, con, userId: `${userId}-friend` } };
  };

  beforeAll(async () => {
    service = await InProcessService.start();
    description = await readDescription(service.newBrowser());
    [victim, attacker] = [await settle('victim'), await settle('attacker')];
  });
  afterAll(() => service.stop());

  const inWorkspace = (): readonly Operation[] =>
    description.operations.filter(({ isPublic, pathParameters }) => !isPublic && pathParameters.includes('ws'));
  const ask = (who: Person, operation: Operation, parts: Readonly<Record<string, string>>, body?: unknown) =>
    who.send<object>(pathOf(operation, parts), {
      method: operation.method,
      body: body ?? sampleBody(operation.body, description),
      headers: { 'x-correlation-id': 'the-same' },
    });
  const outsiders = async (): Promise<readonly Person[]> => [
    attacker.person,
    await service.as('somebody-without-a-workspace'),
    await service.as('victim', { workspaces: [attacker.parts['ws'] ?? ''] }),
    await service.as('sync', { scope: 'commands', workspaces: [attacker.parts['ws'] ?? ''] }),
    await service.as('sync', { scope: 'commands', workspaces: [] }),
  ];

  it('is 404 on every route, and the answer is that of what does not exist', async () => {
    expect(inWorkspace().length).toBeGreaterThan(12);
    const before = storedEvents(service.dataDir, victim.parts['ws'] ?? '').length;
    for (const operation of inWorkspace()) {
      for (const person of await outsiders()) {
        const theirs = await ask(person, operation, victim.parts);
        expect([nameOf(operation), theirs.status, theirs.code]).toEqual([nameOf(operation), 404, 'not-found']);
        const nothing = await ask(person, operation, NOTHING);
        expect([nameOf(operation), theirs.text]).toEqual([nameOf(operation), nothing.text]);
      }
    }
    expect(storedEvents(service.dataDir, victim.parts['ws'] ?? '')).toHaveLength(before);
  });

  it('is 404 by its own id below a workspace that one has', async () => {
    const below = inWorkspace().filter(({ pathParameters }) => pathParameters.length > 1);
    expect(below.length).toBeGreaterThan(4);
    const before = storedEvents(service.dataDir, victim.parts['ws'] ?? '').length;
    for (const operation of below) {
      for (const name of operation.pathParameters.filter((part) => part !== 'ws')) {
        const mixed = (parts: Tenant['parts']) => ({ ...attacker.parts, [name]: parts[name] ?? '' });
        const theirs = await ask(attacker.person, operation, mixed(victim.parts));
        const nothing = await ask(attacker.person, operation, mixed(NOTHING));
        expect([nameOf(operation), name, theirs.status]).toEqual([nameOf(operation), name, 404]);
        expect(theirs.text).toBe(nothing.text);
      }
    }
    expect(storedEvents(service.dataDir, victim.parts['ws'] ?? '')).toHaveLength(before);
  });

  it('is 404 by an id in a body', async () => {
    const path = `/v1/workspaces/${attacker.parts['ws'] ?? ''}/connections`;
    const reconnect = (accountId: string | undefined) =>
      attacker.person.post(
        path,
        { platform: 'linkedin', reconnectAccountId: accountId },
        { 'x-correlation-id': 'same' },
      );
    const theirs = await reconnect(victim.parts['acc']);
    expect([theirs.status, theirs.text]).toEqual([404, (await reconnect(NOTHING['acc'])).text]);
  });

  it('is in no list, count or search of another', async () => {
    const { body } = await attacker.person.get<Page<Workspace>>('/v1/workspaces');
    expect(body.items.map(({ id }) => id)).toEqual([attacker.parts['ws']]);
    for (const operation of inWorkspace().filter(({ method }) => method === 'GET')) {
      const { text } = await ask(attacker.person, operation, attacker.parts);
      for (const id of Object.values(victim.parts))
        expect([nameOf(operation), text.includes(id)]).toEqual([nameOf(operation), false]);
    }
  });

  it("is not reached by a cursor of another's list", async () => {
    await connectOne(victim.person, victim.parts['ws'] ?? '', { platform: 'linkedin' }, { identity: 'cho' });
    const list = (tenant: Tenant, query: string) =>
      tenant.person.get<Page<{ workspaceId: string }>>(`/v1/workspaces/${tenant.parts['ws'] ?? ''}/accounts?${query}`);
    const { nextCursor } = (await list(victim, 'limit=1')).body;
    expect(nextCursor).not.toBeNull();
    const page = await list(attacker, `cursor=${nextCursor ?? ''}`);
    for (const item of page.body.items) expect(item.workspaceId).toBe(attacker.parts['ws']);
  });

  it('is 404 for a malformed id, an id of another kind, and an id in capitals', async () => {
    const { ws = '', acc = '', con = '' } = attacker.parts;
    for (const operation of inWorkspace()) {
      for (const name of operation.pathParameters.filter((part) => part !== 'userId')) {
        const own = attacker.parts[name] ?? '';
        for (const wrong of [
          name === 'ws' ? acc : ws,
          own.toUpperCase(),
          `${own}0`,
          own.slice(0, -1),
          con.replace('con', 'x'),
        ]) {
          const answer = await ask(attacker.person, operation, { ...attacker.parts, [name]: wrong });
          expect([nameOf(operation), name, wrong, answer.status]).toEqual([nameOf(operation), name, wrong, 404]);
        }
      }
    }
  });

  it('T19: no body sets a field that is not described', async () => {
    for (const operation of inWorkspace().filter(({ body }) => body !== null)) {
      const body = { ...(sampleBody(operation.body, description) as object), workspaceId: victim.parts['ws'] };
      const answer = await ask(attacker.person, operation, attacker.parts, body);
      expect([nameOf(operation), answer.status, answer.code]).toEqual([nameOf(operation), 400, 'validation-failed']);
    }
  });

  it("a connection's start page leads nobody into another workspace", async () => {
    const started = await startConnection(victim.person, victim.parts['ws'] ?? '', { platform: 'linkedin' });
    const page = await service.newBrowser().call(started.startUrl);
    expect(page.text).toContain('victim&#39;s');
  });
});
