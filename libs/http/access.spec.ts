import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { newId } from '#kernel';
import { CommandRoute, QueryRoute, Reading } from './index.js';
import { noVaultStore } from './testing/no-vault-store.js';
import { type SampleApplication, startSample, WORKSPACE } from './testing/sample-application.js';

const NOTES = `/v1/workspaces/${WORKSPACE}/notes`;
const NOTE = { body: { text: 'hello' } };

describe('who may do what', () => {
  let sample: SampleApplication;

  beforeAll(async () => {
    sample = await startSample({ vaultStore: noVaultStore });
  });
  beforeEach(() => {
    sample.sample.calls.length = 0;
  });
  afterAll(() => sample.close());

  it('turns down whoever brings no good token, before looking at anything else', async () => {
    const good = await sample.token('maria');
    const forged = `${good.slice(0, -4)}AAAA`;
    for (const value of [
      undefined,
      '',
      'Bearer',
      'Bearer x',
      `Basic ${good}`,
      `Bearer ${forged}`,
      `Bearer ${good} x`,
    ]) {
      const headers = value === undefined ? {} : { Authorization: value };
      const answer = await sample.call('POST', NOTES, { as: null, headers, body: '{ not JSON' });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.body).toMatchObject({ code: 'unauthenticated', status: 401 });
    }
    expect(sample.sample.calls).toEqual([]);
  });

  it('gives one answer for every workspace that is not the caller’s (T18, T20)', async () => {
    const other = newId('ws');
    const answers = await Promise.all([
      sample.call('GET', `/v1/workspaces/${other}/notes`),
      sample.call('GET', '/v1/workspaces/ws_nonsense/notes'),
      sample.call('GET', `/v1/workspaces/${newId('acc')}/notes`),
      sample.call('GET', NOTES, { as: 'stranger' }),
      sample.call('POST', `/v1/workspaces/${other}/notes`, NOTE),
      sample.call('GET', NOTES, { claims: { workspaces: [other] } }),
      sample.call('GET', NOTES, { as: 'robot', claims: { scope: 'commands', workspaces: [] } }),
      sample.call('GET', `/v1/workspaces/${other}/notes`, { as: 'robot', claims: { scope: 'commands' } }),
      sample.call('GET', `${NOTES}/acc_nonsense`),
      sample.call('GET', `${NOTES}/${newId('con')}`),
      sample.call('GET', '/v1/unknown'),
    ]);
    for (const { status, body } of answers) {
      expect(status).toBe(404);
      expect({ ...body, correlationId: '' }).toEqual({ ...answers[0]?.body, correlationId: '' });
    }
  });

  it('names the permission that is missing', async () => {
    const answer = await sample.call('POST', NOTES, { as: 'victor', ...NOTE });
    expect(answer).toMatchObject({ status: 403, body: { code: 'permission-denied' } });
    expect(answer.body['detail']).toContain('posts:draft');
    expect((await sample.call('GET', NOTES, { as: 'victor' })).status).toBe(200);
  });

  it('tells the handler who calls and what they may do', async () => {
    await sample.call('POST', NOTES, { ...NOTE, claims: { name: 'Maria', scope: 'openid email' } });
    const context = sample.sample.calls[0]?.context;
    expect(context?.principal).toEqual({ kind: 'user', id: 'maria', name: 'Maria', scopes: [], workspaces: null });
    expect(context?.workspaceId).toBe(WORKSPACE);
    expect(context?.membership).toMatchObject({ role: 'owner', accountAccess: 'all' });
    expect(context?.command).toMatchObject({ actor: { type: 'user', id: 'maria' } });
  });

  it('gives a service what its scopes amount to', async () => {
    const as = 'robot';
    const commands = { as, claims: { scope: 'openid commands' } };
    expect((await sample.call('POST', NOTES, { ...commands, ...NOTE })).status).toBe(201);
    const context = sample.sample.calls[0]?.context;
    expect(context?.command?.actor).toEqual({ type: 'service', id: 'robot' });
    expect(context?.membership).toMatchObject({ role: null, accountAccess: 'all' });
    expect(context?.membership?.permissions.has('members:manage')).toBe(false);
    expect((await sample.call('POST', NOTES, { as, claims: { scope: 'ops' }, ...NOTE })).status).toBe(403);
    expect((await sample.call('GET', '/v1/ops/state', { as, claims: { scope: 'ops' } })).status).toBe(200);
    expect((await sample.call('GET', '/v1/ops/state', commands)).status).toBe(403);
    expect((await sample.call('GET', '/v1/ops/state')).status).toBe(403);
    expect((await sample.call('POST', '/v1/workspaces', commands)).status).toBe(403);
    expect((await sample.call('POST', '/v1/workspaces')).status).toBe(201);
  });

  it('takes a permission or a scope where either will do', async () => {
    const path = `${NOTES}/${newId('acc')}`;
    expect((await sample.call('DELETE', path)).status).toBe(200);
    expect((await sample.call('DELETE', path, { as: 'robot', claims: { scope: 'devices:write' } })).status).toBe(200);
    expect((await sample.call('DELETE', path, { as: 'robot', claims: { scope: 'ops' } })).status).toBe(403);
    expect((await sample.call('DELETE', path, { as: 'victor' })).status).toBe(403);
  });

  it('lets anybody use a public route, whatever token they bring', async () => {
    expect((await sample.call('POST', '/v1/visits', { as: null, ...NOTE })).status).toBe(200);
    const headers = { Authorization: 'Bearer nonsense' };
    expect((await sample.call('POST', '/v1/visits', { as: null, headers, ...NOTE })).status).toBe(200);
    expect(sample.sample.calls[0]?.context).toMatchObject({ principal: null, address: '127.0.0.1' });
  });

  it('says 503, not 404, when membership cannot be read', async () => {
    const answer = await sample.call('GET', NOTES, { as: 'store-away' });
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(answer.headers.get('retry-after')).toBe('2');
  });

  it('says 404 of what is erased while it is asked for', async () => {
    const answer = await sample.call('GET', NOTES, { as: 'erased' });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('serves a handler that answers by itself', async () => {
    expect(await sample.call('GET', '/v1/ready', { as: null })).toMatchObject({ status: 200, text: 'ready' });
  });

  it('has routes of the sandbox only in the sandbox', async () => {
    expect((await sample.call('GET', '/v1/sandbox/clock', { as: null })).status).toBe(200);
    const live = await startSample({ vaultStore: noVaultStore, sandbox: false });
    const [absent, unknown] = [
      await live.call('GET', '/v1/sandbox/clock', { as: null }),
      await live.call('GET', '/v1/sandbox/nothing', { as: null }),
    ];
    await live.close();
    expect(absent.status).toBe(404);
    expect({ ...absent.body, correlationId: '' }).toEqual({ ...unknown.body, correlationId: '' });
  });
});

describe('an application that would serve what nobody has thought about (T28)', () => {
  it.each([
    [
      'without a declaration',
      () => {
        @Controller('v1')
        class Careless {
          @Get('secrets')
          secrets(): string {
            return 'all of them';
          }
        }
        return Careless;
      },
      'Careless.secrets has neither CommandRoute nor QueryRoute.',
    ],
    [
      'with a permission outside of a workspace',
      () => {
        @Controller('v1')
        class Homeless {
          @Get('accounts')
          @QueryRoute({ summary: '', requires: 'accounts:read', answer: null })
          list(): Reading<null> {
            return new Reading(null, null);
          }
        }
        return Homeless;
      },
      'Homeless.list requires accounts:read, which one has in a workspace only, but its path has no :ws.',
    ],
    [
      'with a command declared as a query',
      () => {
        @Controller('v1')
        class Confused {
          @Post('accounts')
          @QueryRoute({ summary: '', requires: 'authenticated', answer: null })
          list(): Reading<null> {
            return new Reading(null, null);
          }
          @Get('other')
          @CommandRoute({ summary: '', requires: 'authenticated', answer: null, refusals: [] })
          change(): null {
            return null;
          }
        }
        return Confused;
      },
      'Confused.change is declared as a command, but its method is GET.',
    ],
  ])('does not start %s', async (_, controller, sentence) => {
    const start = startSample({ vaultStore: noVaultStore, controllers: [controller()] });
    await expect(start).rejects.toThrow(sentence);
  });
});
