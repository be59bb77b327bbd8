import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DataKey, decodeEvent, ERASED, eventId, newId, openPersonal, type RecordedEvent } from './index.js';
import { counter } from './spec-counter.js';
import { openSpecStores, specContext, type SpecStores } from './spec-stores.js';
import { encodeEvent, parseStreamName } from './stream.js';

const STREAM = 'counter-acc_1';
const context = specContext();
const envelope = {
  id: eventId(context.commandId, STREAM, 0),
  metadata: {
    occurredAt: context.at.toISOString(),
    workspaceId: 'ws_1',
    actor: context.actor,
    commandId: context.commandId,
    $correlationId: context.correlationId,
    $causationId: context.causationId,
  },
};
const dataKey = new DataKey('acc_1', randomBytes(32));

const encode = (event: { type: string; data: object; personal?: object }, key: DataKey | null = dataKey) =>
  encodeEvent(counter, STREAM, event, envelope, key);
const counted = (note: string, key: DataKey | null = dataKey) =>
  encode({ type: 'Counted', data: { before: 0, subjects: [] }, personal: { note } }, key);
const record = (event: ReturnType<typeof encode>, stream = STREAM): RecordedEvent => ({
  ...event,
  stream,
  revision: 0,
  position: '1',
});

describe('encoding an event', () => {
  it('refuses what does not fit its schema, in clear or sealed', () => {
    const wrong = [
      { type: 'Unknown', data: {} },
      { type: 'Counted', data: { before: 0 } },
      { type: 'Counted', data: { before: 0.5, subjects: [] } },
      { type: 'Counted', data: { before: 0, subjects: [], token: 'secret' } },
      { type: 'Counted', data: { before: 0, subjects: [] }, personal: { note: 1 } },
      { type: 'Counted', data: { before: 0, subjects: [] }, personal: { note: 'x', email: 'a@example.com' } },
      { type: 'Closed', data: {}, personal: { note: 'has no sealed part' } },
    ];
    for (const event of wrong) expect(() => encode(event)).toThrow();
    expect(() => counted('no key', null)).toThrow();
  });

  it('keeps the schema version and the metadata, and leaves personal data out of both', () => {
    const event = counted('Nordwind');
    expect(event).toMatchObject({ id: envelope.id, type: 'Counted', version: 2, data: { before: 0, subjects: [] } });
    expect(event.metadata).toMatchObject(envelope.metadata);
    expect(JSON.stringify(event)).not.toContain('Nordwind');
    expect(encode({ type: 'Closed', data: {} }).sealed).toBeNull();
  });

  it('collects every id of ours in the data as a subject, once, with the stream itself', () => {
    const [account, grant] = [newId('acc'), newId('grt')];
    const data = { before: 0, subjects: [account, grant, account, 'acc_not-an-id', `x${account}`] };
    expect(encode({ type: 'Counted', data }).metadata.subjects).toEqual(['acc_1', account, grant]);
  });

  it('pads the sealed part to 256 bytes, so that its length tells little', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 1_000, unit: 'binary' }), (note) => {
        const length = Buffer.from(counted(note).sealed?.bytes ?? '', 'base64').length - 12 - 16;
        expect(length % 256).toBe(0);
        expect(length - Buffer.byteLength(JSON.stringify({ note }))).toBeLessThan(256);
      }),
      { numRuns: 60 },
    );
    const lengths = ['', 'a', 'a'.repeat(240)].map((note) => counted(note).sealed?.bytes.length);
    expect(new Set(lengths).size).toBe(1);
  });
});

describe('decoding an event', () => {
  it('gives today’s shape, lifting what an older version left out', () => {
    const event = record(counted('x'));
    expect(decodeEvent(counter, event)).toEqual({ type: 'Counted', data: { before: 0, subjects: [] } });
    expect(decodeEvent(counter, { ...event, version: 1, data: { before: 7 } })).toEqual({
      type: 'Counted',
      data: { before: 7, subjects: [] },
    });
    expect(() => decodeEvent(counter, { ...event, type: 'Unknown' })).toThrow('unknown event type');
  });

  it('splits a stream name at its first dash', () => {
    expect(parseStreamName('counter-acc-with-dashes')).toEqual({ category: 'counter', id: 'acc-with-dashes' });
  });
});

describe('opening the sealed part', () => {
  let stores: SpecStores;
  let event: RecordedEvent;
  beforeAll(async () => {
    stores = await openSpecStores();
    const key = await stores.vault.keyFor('acc_1');
    if (key !== 'destroyed') event = record(counted('Nordwind', key));
    await stores.vault.keyFor('acc_2');
  });
  afterAll(() => stores.dispose());

  it('gives the personal data back in its own place', async () => {
    expect(await openPersonal(stores.vault, event)).toEqual({ note: 'Nordwind' });
    expect(await openPersonal(stores.vault, { ...event, sealed: null })).toBeNull();
  });

  it('opens nowhere else', async () => {
    const { sealed } = event;
    if (!sealed) throw new Error('Nothing is sealed.');
    const moved: Partial<RecordedEvent>[] = [
      { id: eventId(context.commandId, STREAM, 1) },
      { stream: 'other-acc_1' },
      { stream: 'counter-acc_2' },
      { type: 'Closed' },
      { version: 1 },
      { metadata: { ...event.metadata, workspaceId: 'ws_2' } },
      { sealed: { ...sealed, key: 'another' } },
    ];
    for (const change of moved) await expect(openPersonal(stores.vault, { ...event, ...change })).rejects.toThrow();
  });

  it('is erased, not an error, once the key or the ciphertext is gone', async () => {
    const { sealed } = event;
    if (!sealed) throw new Error('Nothing is sealed.');
    expect(await openPersonal(stores.vault, { ...event, sealed: { ...sealed, bytes: '' } })).toBe(ERASED);
    expect(await openPersonal(stores.vault, { ...event, stream: 'counter-acc_never' })).toBe(ERASED);
    await stores.vault.destroy('acc_1');
    expect(await openPersonal(stores.vault, event)).toBe(ERASED);
    expect(decodeEvent(counter, event).data).toEqual({ before: 0, subjects: [] });
  });
});
