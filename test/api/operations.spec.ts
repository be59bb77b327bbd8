import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Person } from '../support/service/person.js';
import { spawnService, type SpawnedService } from '../support/service/spawned-service.js';
import { attempt, connect, createWorkspace, readAccount, reconnect, removeAccount } from '../support/service/steps.js';

interface LogLine {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly route?: string;
  readonly status?: number;
  readonly correlationId?: string;
  readonly principal?: string | null;
}

describe('running the service', () => {
  let service: SpawnedService;
  let olga: Person;
  let workspaceId: string;

  beforeAll(async () => {
    service = await spawnService({ LOG_LEVEL: 'debug' });
    olga = await service.as('olga', { name: 'Olga Canary-Name' });
    workspaceId = await createWorkspace(olga, 'Canary Workspace');
    const [id = ''] = await connect(olga, workspaceId, { platform: 'facebook' }, { pick: ['Ada Bakery', 'Ada Books'] });
    await attempt(olga, workspaceId, { platform: 'facebook' }, { decision: 'deny' });
    await service.sandbox.advance('P91D');
    await reconnect(olga, workspaceId, id);
    await removeAccount(olga, workspaceId, id);
    await service.sandbox.rest();
  });
  afterAll(() => service.stop());

  const lines = (): readonly LogLine[] =>
    service.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);

  it('says where it listens', () => {
    expect(service.output).toContain(`listens on ${service.url}`);
  });

  it('is alive, and ready once everything is there', async () => {
    const live = await service.newBrowser().call('/health/live');
    expect([live.status, live.body]).toEqual([200, { status: 'ok' }]);
    const ready = await service.newBrowser().call('/health/ready');
    const checks = {
      ...{ eventStore: 'ok', log: 'ok', readStore: 'ok', vault: 'ok', readModels: 'ok', process: 'ok' },
    };
    expect([ready.status, ready.body]).toEqual([200, { status: 'ok', checks }]);
  });

  it('shows its figures for Prometheus', async () => {
    const { text, headers } = await service.newBrowser().call('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain/);
    for (const name of ['http_requests_total', 'http_request_duration_seconds', 'command_duration_seconds']) {
      expect(text).toContain(`# HELP ${name}`);
    }
    expect(await service.metric('events_appended_total{type="WorkspaceCreated"}')).toBe(1);
    expect(await service.metric('events_appended_total{type="AccountConnected"}')).toBe(2);
    expect(await service.metric('events_appended_total{type="AccountRemoved"}')).toBe(1);
    expect(await service.metric('events_appended_total{type="TokenExpired"}')).toBe(1);
    expect(await service.metric('projection_at_head{name="accounts",partition="0"}')).toBe(1);
    expect(await service.metric('parked_todos{name="complete-connections",partition="0"}')).toBe(0);
    expect(text).not.toMatch(/(ws|acc|con|grt)_0/);
  });

  it('writes one line for each request, with its correlation id and who asked', async () => {
    await olga.get(`/v1/workspaces/${workspaceId}`, { 'x-correlation-id': 'find-me-again' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const found = lines().filter(({ correlationId }) => correlationId === 'find-me-again');
    expect(found).toEqual([
      expect.objectContaining({
        ...{ msg: 'request', route: '/v1/workspaces/:ws', method: 'GET', status: 200, principal: 'olga' },
      }),
    ]);
    for (const line of lines()) if (line.msg === 'request') expect(line.correlationId).toMatch(/^[\x21-\x7e]{1,128}$/);
  });

  it('logs no fault in all of this', () => {
    expect(lines().filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('logs no secret, no name and no path with an id', async () => {
    const started = await olga.post<{ authorizationUrl: string; startUrl: string }>(
      `/v1/workspaces/${workspaceId}/connections`,
      { platform: 'linkedin' },
    );
    await olga.browser.call(started.body.startUrl);
    const [, books = ''] = await connect(
      olga,
      workspaceId,
      { platform: 'facebook' },
      { pick: ['Ada Bakery', 'Ada Books'] },
    );
    const account = await readAccount(olga, workspaceId, books);
    const secrets = [
      ...olga.browser.cookieValues,
      new URL(started.body.authorizationUrl).searchParams.get('state') ?? '',
      started.body.startUrl.split('/').at(-1) ?? '',
      ...olga.token.split('.'),
      ...['sbx_', 'Canary', 'Ada Bakery', 'Ada Books', account.externalId, workspaceId],
    ];
    for (const secret of secrets) expect([secret, service.output.includes(secret)]).toEqual([secret, false]);
  });

  it('serves the description of its API, and a page that shows it', async () => {
    const { body } = await service.newBrowser().call<{ openapi: string }>('/openapi.json');
    expect(body.openapi).toMatch(/^3\.1/);
    expect((await service.newBrowser().call('/docs')).headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('ends when it is told to, with all that was acknowledged', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        olga.post<{ id: string }>('/v1/workspaces', { name: `W${index}`, timezone: 'UTC' }),
      ),
    );
    expect(await service.terminate()).toBe(0);
    await service.start();
    for (const { body } of answers) expect((await olga.get(`/v1/workspaces/${body.id}`)).status).toBe(200);
  });
});
