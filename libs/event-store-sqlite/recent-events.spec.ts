import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#kernel';
import { RECENT_EVENTS_LIMIT, RECENT_EVENTS_LIMIT_BYTES, RecentEvents } from './recent-events.js';

function event(position: number): RecordedEvent {
  return {
    id: `00000000-0000-0000-0000-${String(position).padStart(12, '0')}`,
    type: 'AccountConnected',
    version: 1,
    data: {},
    sealed: null,
    metadata: {
      occurredAt: '2029-01-01T00:00:00.000Z',
      workspaceId: 'ws_1',
      actor: { type: 'system', id: 'test' },
      commandId: 'command',
      $correlationId: 'command',
      $causationId: 'command',
      subjects: [],
    },
    stream: 'socialAccount-acc_1',
    revision: position - 1,
    position: String(position),
  };
}

function filled(from: number, to: number, bytes: number): RecentEvents {
  const recent = new RecentEvents(from);
  for (let position = from + 1; position <= to; position += 1) recent.add(event(position), bytes);
  return recent;
}

const positions = (events: readonly RecordedEvent[] | null): string[] | undefined =>
  events?.map(({ position }) => position);

describe('RecentEvents', () => {
  it('knows nothing of what was there before it, and has nothing behind the head', () => {
    const recent = new RecentEvents(7);
    expect(recent.head).toBe(7);
    expect(recent.behind(6, 10)).toBeNull();
    expect(recent.behind(7, 10)).toEqual([]);
  });

  it('gives what stands behind a position, at most so many', () => {
    const recent = filled(7, 12, 100);
    expect(positions(recent.behind(7, 10))).toEqual(['8', '9', '10', '11', '12']);
    expect(positions(recent.behind(9, 2))).toEqual(['10', '11']);
  });

  it('keeps a bounded number of events: the newest', () => {
    const last = 3 * RECENT_EVENTS_LIMIT + 5;
    const recent = filled(0, last, 1);
    const first = last - RECENT_EVENTS_LIMIT + 1;
    expect(recent.behind(first - 2, 1)).toBeNull();
    const all = positions(recent.behind(first - 1, last));
    expect(all).toHaveLength(RECENT_EVENTS_LIMIT);
    expect([all?.[0], all?.at(-1)]).toEqual([String(first), String(last)]);
  });

  it('keeps a bounded number of bytes', () => {
    const recent = filled(0, 10, RECENT_EVENTS_LIMIT_BYTES / 4);
    expect(recent.behind(5, 10)).toBeNull();
    expect(positions(recent.behind(6, 10))).toEqual(['7', '8', '9', '10']);
  });

  it('forgets its events and not its head', () => {
    const recent = filled(0, 5, 100);
    recent.clear();
    expect(recent.head).toBe(5);
    expect(recent.behind(4, 10)).toBeNull();
    recent.add(event(6), 100);
    expect(positions(recent.behind(5, 10))).toEqual(['6']);
  });

  it('wakes who waits for a new event, and who has stopped waiting', async () => {
    const recent = new RecentEvents(3);
    const stop = new AbortController();
    await recent.waitBeyond(2, stop.signal);
    const woken: string[] = [];
    const waits = [
      recent.waitBeyond(3, stop.signal).then(() => woken.push('stopped')),
      recent.waitBeyond(3, new AbortController().signal).then(() => woken.push('by the event')),
    ];
    stop.abort();
    await waits[0];
    expect(woken).toEqual(['stopped']);
    recent.add(event(4), 100);
    recent.wake();
    await Promise.all(waits);
    expect(woken).toEqual(['stopped', 'by the event']);
    await recent.waitBeyond(4, stop.signal);
  });
});
