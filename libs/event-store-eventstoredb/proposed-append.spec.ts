import { describe, expect, it } from '@jest/globals';
import type { EventToAppend } from '#kernel';
import { proposeAppend } from './proposed-append.js';
import { OWN_STREAM_PREFIXES } from './record.js';

const STREAM = 'post-1';

function anEvent(data: unknown): EventToAppend {
  return {
    id: '7f3e1c7a-59c5-4c22-9e8b-0d2f3a4b5c6d',
    type: 'PostDrafted',
    version: 1,
    data: data as EventToAppend['data'],
    sealed: null,
    metadata: {
      occurredAt: '2029-01-01T00:00:00.000Z',
      workspaceId: 'ws_1',
      actor: { type: 'user', id: 'u' },
      commandId: 'c',
      $correlationId: 'c',
      $causationId: 'c',
      subjects: [],
    },
  };
}

describe('an append on its way to the client', () => {
  it('is refused here when the client would fail on it where nobody can catch it', () => {
    const cycle: Record<string, unknown> = {};
    cycle['itself'] = cycle;
    for (const data of [cycle, { big: 1n }]) {
      expect(() => proposeAppend(STREAM, 'no-stream', [anEvent(data)], OWN_STREAM_PREFIXES)).toThrow(TypeError);
    }
    expect(() => proposeAppend(STREAM, 'no-stream', [{ ...anEvent({}), type: '' }], OWN_STREAM_PREFIXES)).toThrow(
      RangeError,
    );
  });

  it('is refused when no subscription would follow its stream', () => {
    for (const stream of ['others-1', '$settings', 'Post-1', 'post']) {
      expect(() => proposeAppend(stream, 'no-stream', [anEvent({})], OWN_STREAM_PREFIXES)).toThrow(RangeError);
    }
  });

  it('carries the envelope as data and custom metadata with version and sealed part, and is weighed so', () => {
    const event = {
      ...anEvent({ text: 'ü' }),
      sealed: { alg: 'A256GCM', key: 'k', hash: 'h', bytes: 'Yg==' } as const,
    };
    const { records, bytes } = proposeAppend(STREAM, 4, [event], OWN_STREAM_PREFIXES);
    const [record] = records;
    const metadata = Buffer.from(record?.metadata as Uint8Array).toString();
    expect(record?.data).toEqual({ text: 'ü' });
    expect(JSON.parse(metadata)).toEqual({ ...event.metadata, version: 1, sealed: event.sealed });
    expect(bytes).toBe(Buffer.byteLength('{"text":"ü"}') + Buffer.byteLength(metadata));
  });
});
