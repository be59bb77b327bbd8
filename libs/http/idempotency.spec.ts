import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, Refusal, StoreUnavailable, type VaultStore } from '#kernel';
import { SqliteVaultStore } from '#vault-sqlite';
import { Answered, sweepIdempotency } from './index.js';
import { type Called, type SampleApplication, startSample, WORKSPACE } from './testing/sample-application.js';

const NOTES = `/v1/workspaces/${WORKSPACE}/notes`;
const HOUR_MS = 60 * 60 * 1000;
const SHOWN_ONCE = 'shown-once-41c9';

/** The store as a process sees it that can be made to lose it for good, as if it had died. */
function mortalStore(store: VaultStore): { readonly mortal: VaultStore; readonly die: () => void } {
  let isDead = false;
  const mortal = new Proxy(store, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) =>
        isDead
          ? Promise.reject(new StoreUnavailable('dead'))
          : (member as (...all: unknown[]) => unknown).apply(target, parameters);
    },
  });
  return { mortal, die: () => (isDead = true) };
}

describe('requests under a key', () => {
  let directory: string;
  let store: SqliteVaultStore;
  let sample: SampleApplication;
  let key: string;
  let keys = 0;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'http-idempotency-'));
    store = await SqliteVaultStore.open({ dataDir: directory });
    sample = await startSample({ vaultStore: store });
  });
  beforeEach(() => {
    key = `key-${(keys += 1)}`;
    sample.sample.calls.length = 0;
    sample.sample.work = ({ command }) =>
      Promise.resolve(
        new Answered(
          { id: command?.commandId, revision: 0, position: '42', secret: SHOWN_ONCE },
          { setCookies: ['flow=1; Path=/', 'visit=2; Path=/'], headers: { ETag: '"0"' } },
        ),
      );
    sample.sealer.isKeyLost = false;
  });
  afterAll(async () => {
    await sample.close();
    await store.close();
    await rm(directory, { recursive: true });
  });

  const post = (
    text = 'x',
    more: { path?: string; as?: string; headers?: Record<string, string> } = {},
  ): Promise<Called> =>
    sample.call('POST', more.path ?? NOTES, {
      as: more.as ?? 'maria',
      body: { text },
      headers: { 'Idempotency-Key': key, ...more.headers },
    });
  const calls = (): number => sample.sample.calls.length;
  const commandIds = (): readonly unknown[] => sample.sample.calls.map(({ context }) => context.command?.commandId);

  it('gives the same answer again, whole, and does nothing', async () => {
    const first = await post();
    const second = await post();
    expect(first.status).toBe(201);
    expect(calls()).toBe(1);
    expect([second.status, second.text]).toEqual([first.status, first.text]);
    for (const name of ['position', 'etag', 'content-type'])
      expect(second.headers.get(name)).toBe(first.headers.get(name));
    expect(second.headers.getSetCookie()).toEqual(['flow=1; Path=/', 'visit=2; Path=/']);
    expect(second.headers.get('x-correlation-id')).not.toBe(first.headers.get('x-correlation-id'));
  });

  it('keeps what it answers sealed', async () => {
    await post();
    for (const file of ['vault.sqlite', 'vault.sqlite-wal']) {
      const bytes = await readFile(join(directory, file)).catch(() => Buffer.alloc(0));
      expect(bytes.includes(SHOWN_ONCE)).toBe(false);
      expect(bytes.includes('flow=1')).toBe(false);
    }
  });

  it('is still there for another process after a restart', async () => {
    const first = await post();
    const other = await startSample({ vaultStore: store });
    const again = await other.call('POST', NOTES, { body: { text: 'x' }, headers: { 'Idempotency-Key': key } });
    await other.close();
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(other.sample.calls).toEqual([]);
  });

  it('lets one of many at once do it, and gives all of them its answer', async () => {
    sample.sample.work = async ({ command }) => {
      await pause(150);
      return { id: command?.commandId, revision: 0, position: '1' };
    };
    const answers = await Promise.all(Array.from({ length: 12 }, () => post()));
    expect(calls()).toBe(1);
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(201);
  });

  it('turns down a second request when the first takes too long, and keeps the first one’s answer', async () => {
    let finish = (): void => undefined;
    sample.sample.work = ({ command }) =>
      new Promise((resolve) => (finish = () => resolve({ id: command?.commandId, revision: 0, position: '1' })));
    const first = post();
    await pause(50);
    const startedAt = performance.now();
    const second = await post();
    expect(second).toMatchObject({ status: 409, body: { code: 'request-in-progress' } });
    expect(second.headers.get('retry-after')).toBe('1');
    expect(performance.now() - startedAt).toBeGreaterThan(4_900);
    finish();
    expect((await first).status).toBe(201);
    expect((await post()).text).toBe((await first).text);
    expect(calls()).toBe(1);
  });

  it('refuses another body under the same key, but not another order of its fields', async () => {
    const send = (body: string): Promise<Called> =>
      sample.call('POST', NOTES, { body, headers: { 'Idempotency-Key': key } });
    await send('{"text":"a","tags":["1","2"]}');
    expect((await send('{ "tags": ["1", "2"], "text": "a" }')).status).toBe(201);
    for (const other of ['{"text":"b","tags":["1","2"]}', '{"text":"a","tags":["2","1"]}', '{"text":"a"}'])
      expect(await send(other)).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
    expect(calls()).toBe(1);
  });

  it('belongs to principal, method and path', async () => {
    const elsewhere = `${NOTES}/${newId('acc')}/publish`;
    const headers = { 'Idempotency-Key': key };
    await post();
    expect((await sample.call('POST', elsewhere, { headers })).status).toBe(202);
    expect((await sample.call('DELETE', elsewhere.replace('/publish', ''), { headers })).status).toBe(200);
    await sample.call('POST', NOTES, { as: 'maria', claims: { scope: 'commands' }, body: { text: 'x' }, headers });
    expect(new Set(commandIds()).size).toBe(4);
  });

  it('writes nothing for a request that is not valid, and takes the key when it is', async () => {
    expect((await post('')).status).toBe(400);
    expect((await post('fixed')).status).toBe(201);
  });

  it.each(['', 'a b', 'x'.repeat(129), 'ü'])('refuses the key "%s"', async (value) => {
    key = value;
    expect(await post()).toMatchObject({ status: 400, body: { errors: [{ path: 'Idempotency-Key' }] } });
    expect(calls()).toBe(0);
  });

  it('keeps a refusal of the decider', async () => {
    sample.sample.work = () => Promise.resolve(new Refusal('queue-full', 'Full.'));
    const first = await post();
    sample.sample.work = () => Promise.resolve({});
    expect((await post()).text).toBe(first.text);
    expect(first.status).toBe(409);
    expect(calls()).toBe(1);
  });

  it.each([
    ['403', () => Promise.resolve(new Refusal('wrong-password', ''))],
    ['409 revision-conflict', () => Promise.resolve(new Refusal('revision-conflict', ''))],
    ['412', () => Promise.resolve(new Refusal('revision-conflict', '', { precondition: true }))],
    ['429', () => Promise.resolve(new Refusal('link-locked', ''))],
    ['503', () => Promise.reject(new StoreUnavailable('away'))],
    ['500', () => Promise.reject(new Error('bug'))],
  ])('leaves the key open after %s, with the same command for the next try', async (_, fail) => {
    const usual = sample.sample.work;
    sample.sample.work = fail;
    expect((await post()).status).toBeGreaterThanOrEqual(400);
    sample.clock.advance(1000);
    sample.sample.work = usual;
    expect((await post()).status).toBe(201);
    const [before, after] = sample.sample.calls.map(({ context }) => context.command);
    expect(before?.mayBeDone).toBeUndefined();
    expect(after).toEqual({ ...before, mayBeDone: true });
  });

  it('carries on after a crash, with the command of the one that died', async () => {
    const { mortal, die } = mortalStore(store);
    const dying = await startSample({ vaultStore: mortal });
    let finish = (): void => undefined;
    dying.sample.work = () => new Promise((resolve) => (finish = () => resolve({})));
    const lost = dying.call('POST', NOTES, { body: { text: 'x' }, headers: { 'Idempotency-Key': key } });
    while (dying.sample.calls.length === 0) await pause(10);
    await pause(1_500);
    die();
    const answer = await post();
    const died = dying.sample.calls[0]?.context.command;
    expect(answer).toMatchObject({ status: 201, body: { id: died?.commandId } });
    expect(sample.sample.calls[0]?.context.command).toEqual({ ...died, mayBeDone: true });
    expect((await post()).text).toBe(answer.text);
    expect(calls()).toBe(1);
    finish();
    await lost;
    await dying.close();
  }, 20_000);

  it('asks the command again when its stored answer can no longer be opened', async () => {
    await post();
    sample.sealer.isKeyLost = true;
    await post();
    expect(commandIds()).toHaveLength(2);
    expect(new Set(commandIds()).size).toBe(1);
    expect(sample.sample.calls[1]?.context.command?.mayBeDone).toBe(true);
  }, 15_000);

  it('is a new command after 24 h, and its row goes', async () => {
    await post('a');
    sample.clock.advance(24 * HOUR_MS - 1);
    await post('a');
    expect(calls()).toBe(1);
    sample.clock.advance(1);
    expect((await post('b')).status).toBe(201);
    expect(new Set(commandIds()).size).toBe(2);
    expect(sample.sample.calls[1]?.context.command).toMatchObject({ at: sample.clock.now() });
    expect(sample.sample.calls[1]?.context.command?.mayBeDone).toBeUndefined();
    sample.clock.advance(24 * HOUR_MS);
    const before = (await store.list('idempotency', '', 1000)).length;
    expect(before).toBeGreaterThan(0);
    let removed = 0;
    for (let last = 1; last > 0; removed += last) last = await sweepIdempotency(store, sample.clock.now(), 10);
    expect(removed).toBe(before);
    expect(await store.list('idempotency', '', 1000)).toEqual([]);
  }, 15_000);

  it('takes no key on a route that hands out tokens, nor on a public one', async () => {
    const headers = { 'Idempotency-Key': key };
    const claims = { scope: 'tokens:issue' };
    const path = `/v1/internal/accounts/${newId('acc')}/access-token`;
    for (let time = 0; time < 2; time += 1) {
      expect((await sample.call('POST', path, { as: 'robot', claims, headers })).status).toBe(200);
      expect((await sample.call('POST', '/v1/visits', { as: null, body: { text: 'x' }, headers })).status).toBe(200);
    }
    expect(new Set(commandIds()).size).toBe(4);
  });
});
