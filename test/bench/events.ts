import { randomUUID } from 'node:crypto';
import type { EventToAppend } from '#kernel';

/** An event and the stream of its own that it begins. */
export interface StreamedEvent {
  readonly stream: string;
  readonly event: EventToAppend;
}

/** Events of a usual size, about 650 bytes as JSON. */
export function makeEvents(count: number): StreamedEvent[] {
  return Array.from({ length: count }, () => ({ stream: `socialAccount-acc_${randomUUID()}`, event: makeEvent() }));
}

function makeEvent(): EventToAppend {
  const commandId = randomUUID();
  return {
    id: randomUUID(),
    type: 'AccountConnected',
    version: 1,
    data: {
      accountId: 'acc_01h455vb4pex5vsknk084sn02q',
      platform: 'instagram',
      method: 'direct',
      grantId: 'grt_01h455vb4pex5vsknk084sn02q',
      scopes: ['instagram_business_basic', 'instagram_business_content_publish'],
      expiresAt: '2030-01-01T00:00:00.000Z',
    },
    sealed: null,
    metadata: {
      occurredAt: '2029-01-01T00:00:00.000Z',
      workspaceId: 'ws_01h455vb4pex5vsknk084sn02q',
      actor: { type: 'user', id: '8e1f6d7a' },
      commandId,
      $correlationId: commandId,
      $causationId: commandId,
      subjects: ['acc_01h455vb4pex5vsknk084sn02q', 'grt_01h455vb4pex5vsknk084sn02q'],
    },
  };
}
