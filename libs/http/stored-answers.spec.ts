import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { StoredVaultRecord } from '#kernel';
import { SqliteVaultStore } from '#vault-sqlite';
import { Answered, isStoredAnswer, keepSameAnswer, translateStoredAnswer } from './index.js';
import { type Called, type SampleApplication, startSample, WORKSPACE } from './testing/sample-application.js';

let directory: string;
let store: SqliteVaultStore;
let sample: SampleApplication;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'stored-answers-'));
  store = await SqliteVaultStore.open({ dataDir: directory });
  sample = await startSample({ vaultStore: store });
});
afterAll(async () => {
  await sample.close();
  await store.close();
  rmSync(directory, { recursive: true });
});

const post = (key: string): Promise<Called> =>
  sample.call('POST', `/v1/workspaces/${WORKSPACE}/notes`, {
    as: 'maria',
    body: { text: 'x' },
    headers: { 'Idempotency-Key': key },
  });

async function rowOf(commandId: unknown): Promise<StoredVaultRecord> {
  const row = (await store.list('idempotency', '', 100)).find(({ value }) => value['commandId'] === commandId);
  if (!row) throw new Error('There is no row.');
  return row;
}

const translate = (position: string): Promise<string> => Promise.resolve(`${position}00/${position}00`);

it('gives the same answer again, with its positions in the words of another log', async () => {
  sample.sample.work = ({ command }) =>
    Promise.resolve(
      new Answered(
        { id: command?.commandId, revision: 0, position: '42', items: [{ position: '42' }] },
        { setCookies: ['flow=1; Path=/'], headers: { ETag: '"0"' } },
      ),
    );
  const first = await post('moved');
  const row = await rowOf((first.body as { id: string }).id);
  expect(isStoredAnswer(row)).toBe(true);
  const moved = await translateStoredAnswer(row, sample.sealer, translate);
  expect(await store.replace(moved, row.version)).toBe('written');
  const again = await post('moved');
  expect(again.status).toBe(first.status);
  // What has another meaning is left: only a command's own position stands at the top.
  expect(again.body).toEqual({ ...(first.body as object), position: '4200/4200' });
  expect(again.headers.get('position')).toBe('4200/4200');
  expect(again.headers.get('etag')).toBe('"0"');
  expect(again.headers.getSetCookie()).toEqual(['flow=1; Path=/']);
});

it('leaves alone what names no position, and what cannot be opened any more', async () => {
  sample.sample.work = ({ command }) => Promise.resolve({ id: command?.commandId });
  const first = await post('without');
  const row = await rowOf((first.body as { id: string }).id);
  await store.replace(await translateStoredAnswer(row, sample.sealer, translate), row.version);
  expect((await post('without')).text).toBe(first.text);
  sample.sealer.isKeyLost = true;
  const lost = await rowOf((first.body as { id: string }).id);
  expect(await translateStoredAnswer(lost, sample.sealer, translate)).toEqual(lost);
  sample.sealer.isKeyLost = false;
});

it('knows the same answer under another ciphertext, and another answer', async () => {
  const [one, other] = (await store.list('idempotency', '', 100)).filter(isStoredAnswer);
  if (!one?.sealed || !other) throw new Error('There are no rows.');
  const text = await sample.sealer.open(one.id, one.sealed);
  const again = { ...one, sealed: await sample.sealer.seal(one.id, text ?? '') };
  const changed = { ...one, sealed: await sample.sealer.seal(one.id, `${text} `) };
  expect(await keepSameAnswer(one, again, sample.sealer)).toBe(true);
  expect(await keepSameAnswer(one, changed, sample.sealer)).toBe(false);
  expect(await keepSameAnswer(one, { ...one, sealed: null }, sample.sealer)).toBe(false);
});
