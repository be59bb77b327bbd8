import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CommandAnswer, Page, Problem, Workspace } from '#contract';
import type { Answer } from '../support/service/browser.js';
import { InProcessService } from '../support/service/in-process-service.js';
import type { Person } from '../support/service/person.js';
import { addMember, connectOne, createWorkspace, expectStatus } from '../support/service/steps.js';
import { storedEvents } from '../support/service/stored-events.js';

describe('rules for every route', () => {
  let service: InProcessService;
  let olga: Person;
  let workspaceId: string;
  let accountId: string;

  beforeAll(async () => {
    service = await InProcessService.start();
    olga = await service.as('olga');
    workspaceId = await createWorkspace(olga);
    accountId = await connectOne(olga, workspaceId, { platform: 'linkedin' }, { identity: 'ben' });
  });
  afterAll(() => service.stop());

  const path = (rest = ''): string => `/v1/workspaces/${workspaceId}${rest}`;
  const rename = (name: string, headers: Readonly<Record<string, string>> = {}) =>
    olga.patch<CommandAnswer & Problem>(path(), { name }, headers);
  const queries = (): readonly string[] => [
    ...['/v1/workspaces', path(), path('/members'), path('/accounts'), path(`/accounts/${accountId}`)],
  ];

  describe('If-Match', () => {
    it('lets a command through at the revision that was read', async () => {
      const read = await olga.get<Workspace>(path());
      const etag = read.headers.get('etag') ?? '';
      expect(etag).toBe(`"${read.body.revision}"`);
      const changed = await rename('Renamed once', { 'if-match': etag });
      expect([changed.status, changed.body.revision]).toEqual([200, read.body.revision + 1]);
      const stale = await rename('Renamed twice', { 'if-match': etag });
      expect([stale.status, stale.code, stale.body.status]).toEqual([412, 'revision-conflict', 412]);
      expect((await olga.get<Workspace>(path())).body.name).toBe('Renamed once');
    });

    it('counts also for what would change nothing', async () => {
      const { body } = await olga.get<Workspace>(path());
      expect((await rename(body.name, { 'if-match': `"${body.revision - 1}"` })).status).toBe(412);
      expect((await rename(body.name, { 'if-match': `"${body.revision}"` })).status).toBe(200);
    });

    it('holds for a removal', async () => {
      const account = path(
        `/accounts/${await connectOne(olga, workspaceId, { platform: 'linkedin' }, { identity: 'cho' })}`,
      );
      expect((await olga.delete(account, { 'if-match': '"7"' })).status).toBe(412);
      const { headers } = await olga.get(account);
      expect((await olga.delete(account, { 'if-match': headers.get('etag') ?? '' })).status).toBe(202);
    });

    it.each(['1', '*', 'W/"1"', '"1", "2"', '"01"', '"-1"', '"x"', ''])(
      'takes one revision in quotes, not %s',
      async (tag) => {
        const answer = await rename('Never', { 'if-match': tag });
        expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
          ...[400, 'validation-failed', 'If-Match'],
        ]);
      },
    );
  });

  describe('positions', () => {
    it('stand in the header and the body of a command, and in the header of every query', async () => {
      const changed = await rename(`Renamed ${Date.now()}`);
      expect([changed.position, changed.headers.get('etag')]).toEqual([changed.body.position, null]);
      for (const query of queries()) {
        const answer = await olga.get(query);
        expect([query, answer.status, Number(answer.position) >= Number(changed.position)]).toEqual([query, 200, true]);
      }
    });

    it('Read-After includes what a command was told, each time at once', async () => {
      const browser = service.newBrowser();
      for (let time = 0; time < 30; time += 1) {
        const { position } = await rename(`Name ${time}`);
        const headers = { 'read-after': position ?? '' };
        const read = await browser.call<Workspace>(path(), { token: olga.token, headers });
        expect([read.status, read.body.name]).toEqual([200, `Name ${time}`]);
      }
    });

    it('a position that does not come is read-behind after two seconds', async () => {
      const started = performance.now();
      const ahead = String(Number((await olga.get(path())).position) + 1_000);
      const answer = await olga.get(path(), { 'read-after': ahead });
      expect([answer.status, answer.code]).toEqual([503, 'read-behind']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(performance.now() - started).toBeGreaterThan(1_900);
      expect(performance.now() - started).toBeLessThan(6_000);
    });

    it.each(['two words', 'x'.repeat(129), ''])('a Read-After of another form is refused: %j', async (position) => {
      const answer = await olga.get<Problem>(path(), { 'read-after': position });
      expect([answer.status, answer.code, answer.body.errors?.[0]?.path]).toEqual([
        ...[400, 'validation-failed', 'Read-After'],
      ]);
    });
  });

  describe('correlation ids', () => {
    it('are taken over into the answer and the events', async () => {
      const id = `corr-${Date.now()}`;
      const answer = await rename(`Correlated ${id}`, { 'x-correlation-id': id });
      expect(answer.headers.get('x-correlation-id')).toBe(id);
      const last = storedEvents(service.dataDir, workspaceId).at(-1);
      expect([last?.type, last?.metadata['$correlationId']]).toEqual(['WorkspaceRenamed', id]);
    });

    it('run through everything that a command sets going', async () => {
      const started = await olga.post<CommandAnswer>(path('/connections'), { platform: 'facebook' });
      expect(started.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
      const events = storedEvents(service.dataDir, workspaceId);
      for (const { metadata } of events) {
        expect(metadata['$correlationId']).toEqual(expect.stringMatching(/^[\x21-\x7e]{1,128}$/));
        expect(metadata['$causationId']).toEqual(expect.any(String));
      }
    });

    it('are in refusals of every kind, and one that no log could hold is replaced', async () => {
      const given = { 'x-correlation-id': 'seen-by-me' };
      const refusals = [
        await olga.get<Problem>(path('/accounts/acc_1'), given),
        await olga.get<Problem>('/nowhere', given),
        await service.newBrowser().call<Problem>('/v1/workspaces', { headers: given }),
        await olga.post<Problem>('/v1/workspaces', '{', given),
        await olga.get<Problem>('/v1/%zz', given),
      ];
      for (const answer of refusals) {
        expect([answer.headers.get('x-correlation-id'), answer.body.correlationId]).toEqual(
          Array(2).fill('seen-by-me'),
        );
      }
      for (const bad of ['two words', 'x'.repeat(129)]) {
        const answer = await olga.get(path(), { 'x-correlation-id': bad });
        expect(answer.headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
      }
    });
  });

  describe('problems', () => {
    const expectProblem = (answer: Answer<Problem>, status: number, code: string): void => {
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json(; charset=utf-8)?$/);
      const { errors, ...problem } = answer.body;
      expect(problem).toEqual({
        ...{ type: `urn:social-accounts:problem:${code}`, status, code, correlationId: expect.any(String) },
        ...{ title: expect.stringMatching(/\w/), detail: expect.stringMatching(/\.$/) },
      });
      expect(answer.status).toBe(status);
      for (const entry of errors ?? []) expect(Object.keys(entry).sort()).toEqual(['code', 'message', 'path']);
      expect(answer.text).not.toMatch(/node_modules|\.[jt]s:\d/);
    };

    it('have the form of RFC 9457, whoever says them', async () => {
      const nobody = service.newBrowser();
      expectProblem(await nobody.call<Problem>('/v1/workspaces'), 401, 'unauthenticated');
      expectProblem(await olga.get<Problem>('/v1/nowhere'), 404, 'not-found');
      expectProblem(await olga.get<Problem>('/v1/%'), 404, 'not-found');
      expectProblem(await olga.send<Problem>(path(), { method: 'PUT', body: {} }), 404, 'not-found');
      expectProblem(await olga.post<Problem>('/v1/workspaces', {}), 400, 'validation-failed');
      expectProblem(await olga.post<Problem>('/v1/workspaces', 'no JSON'), 400, 'malformed-body');
      expectProblem(await olga.delete<Problem>(path('/members/olga')), 409, 'last-owner');
    });

    it('401 says how to authenticate', async () => {
      for (const headers of [{}, { authorization: 'Bearer x.y.z' }, { authorization: 'Basic b2xnYTo=' }]) {
        const answer = await service.newBrowser().call('/v1/workspaces', { headers });
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      }
    });

    it('every answer of the API may be kept by nobody, and is what it says it is', async () => {
      for (const answer of [await olga.get(path()), await olga.get('/v1/nowhere'), await rename('No store')]) {
        expect(answer.headers.get('cache-control')).toBe('no-store');
        expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      }
    });
  });

  describe('bodies', () => {
    const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
      olga.post<Problem>('/v1/workspaces', body, headers);

    it.each(['{', '{"name":}', 'undefined', '\u0000', '{"a":1}}', "{'name':'x'}"])('malformed: %j', async (body) => {
      const answer = await post(body);
      expect([answer.status, answer.code]).toEqual([400, 'malformed-body']);
    });

    it.each(['[]', '"text"', '7', 'null', 'true', '[{"name":"a"}]'])('JSON but no object: %j', async (body) => {
      const answer = await post(body);
      expect([answer.status, answer.code]).toEqual([400, 'validation-failed']);
    });

    it.each([
      '{"__proto__":{"name":"x"},"name":"a","timezone":"UTC"}',
      '{"constructor":{"prototype":{}},"name":"a","timezone":"UTC"}',
      `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`,
    ])('what would need care behind is not taken: %s', async (body) => {
      expect((await post(body)).status).toBe(400);
    });

    it('over 1 MiB is body-too-large', async () => {
      const answer = await post(JSON.stringify({ name: 'x'.repeat(1024 * 1024), timezone: 'UTC' }));
      expect([answer.status, answer.code]).toEqual([413, 'body-too-large']);
      const below = await post(JSON.stringify({ name: 'x'.repeat(1024 * 1024 - 100), timezone: 'UTC' }));
      expect(below.code).toBe('validation-failed');
    });

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x'])(
      'of the type %s is unsupported-media-type',
      async (type) => {
        const answer = await post('name=a', { 'content-type': type });
        expect([answer.status, answer.code]).toEqual([415, 'unsupported-media-type']);
      },
    );

    it('with a charset is taken', async () => {
      const body = '{"name":"Charset","timezone":"UTC"}';
      expect((await post(body, { 'content-type': 'application/json; charset=utf-8' })).status).toBe(201);
    });

    it.each([
      ['POST', '/v1/workspaces', { name: 'a', timezone: 'UTC', ownerId: 'me' }, 'ownerId'],
      ['PATCH', '', { revision: 7 }, 'revision'],
      ['POST', '/members', { userId: 'a', role: 'viewer', accountAccess: 'all', addedAt: 'now' }, 'addedAt'],
      ['PATCH', '/members/olga', { userId: 'eva' }, 'userId'],
      ['POST', '/connections', { platform: 'facebook', startedBy: 'eva' }, 'startedBy'],
    ])('unknown fields are refused: %s %s', async (method, rest, body, field) => {
      const target = rest.startsWith('/v1') ? rest : path(rest);
      const answer = await olga.send<Problem>(target, { method, body });
      expect([answer.status, answer.code]).toEqual([400, 'validation-failed']);
      expect(answer.body.errors?.map((error) => error.path)).toContain(field);
    });

    it('unknown query parameters are refused, on commands and queries', async () => {
      const answers = [
        await olga.get<Problem>(`${path()}?verbose=1`),
        await olga.post<Problem>('/v1/workspaces?dry=1', { name: 'a', timezone: 'UTC' }),
        await olga.delete<Problem>(`${path('/members/olga')}?force=1`),
      ];
      for (const answer of answers) expect([answer.status, answer.code]).toEqual([400, 'validation-failed']);
    });

    it('a body where none is taken is refused', async () => {
      const answer = await olga.send<Problem>(path('/members/olga'), { method: 'DELETE', body: { force: true } });
      expect([answer.status, answer.code]).toEqual([400, 'validation-failed']);
    });
  });

  describe('lists', () => {
    it('of workspaces and members are paged, and stay in place', async () => {
      const person = await service.as('collector');
      const ids = [];
      for (let index = 0; index < 5; index += 1) ids.push(await createWorkspace(person, `W${index}`));
      const shop = ids[0] ?? '';
      for (let index = 0; index < 4; index += 1) await addMember(person, shop, `m${index}`, 'viewer');
      const all = async (list: string): Promise<readonly unknown[]> => {
        const found: unknown[] = [];
        for (let cursor: string | null = ''; cursor !== null;) {
          const query: string = `${list}?limit=2${cursor && `&cursor=${cursor}`}`;
          const page: Page<unknown> = expectStatus(await person.get<Page<unknown>>(query), 200).body;
          found.push(...page.items);
          cursor = page.nextCursor;
        }
        return found;
      };
      expect(await all('/v1/workspaces')).toHaveLength(5);
      expect(await all(`/v1/workspaces/${shop}/members`)).toHaveLength(5);
    });

    it.each(['/v1/workspaces', '/members', '/accounts'])(
      'refuse a limit and a cursor that are none: %s',
      async (list) => {
        const target = list.startsWith('/v1') ? list : path(list);
        for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=none', `cursor=${'x'.repeat(2_001)}`]) {
          const answer = await olga.get<Problem>(`${target}?${query}`);
          expect([query, answer.status, answer.code]).toEqual([query, 400, 'validation-failed']);
        }
      },
    );
  });
});
