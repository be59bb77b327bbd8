import { newCommandId, type Automation, type Todo, type TodoOutcome } from '#kernel';
import type { ConnectionEvent } from '../domain/connection.js';
import type { CompleteConnection } from './complete-connection.js';

type Row = {
  readonly id: string;
  readonly workspaceId: string;
  readonly startedBy: { readonly type: 'user' | 'service' | 'system' | 'client'; readonly id: string };
  readonly selectedAt: string | null;
  /** Command and correlation of the selection: what follows is caused by it. */
  readonly cause: { readonly commandId: string; readonly correlationId: string };
};

/** Carries out what was selected: the grant, its accounts, ConnectionCompleted. Goes on after a crash. */
export function completeConnections(completion: CompleteConnection): Automation<Row> {
  return {
    name: 'complete-connections',
    version: 1,
    partitions: 1,
    fields: {},
    indexes: {},
    terms: [],
    follows: ['connection'],
    readsPersonalData: false,
    project(row, { event, recorded }) {
      const change = event as ConnectionEvent;
      const { commandId, $correlationId, workspaceId } = recorded.metadata;
      const cause = { commandId, correlationId: $correlationId };
      switch (change.type) {
        case 'ConnectionStarted':
          return {
            id: recorded.stream.slice('connection-'.length),
            workspaceId,
            startedBy: change.data.startedBy,
            selectedAt: null,
            cause,
          };
        case 'ConnectionSelected':
          return row && { ...row, selectedAt: change.data.selectedAt, cause };
        case 'ConnectionAuthorized':
          return row;
        case 'ConnectionCompleted':
        case 'ConnectionFailed':
        case 'ConnectionLapsed':
          return null;
      }
    },
    describe: (_key, row) => ({ fields: {}, dueAt: row.selectedAt }),
    carryOut: ({ body, now }: Todo<Row>): Promise<TodoOutcome> =>
      completion.run(body.id, body.workspaceId, () => ({
        commandId: newCommandId(),
        correlationId: body.cause.correlationId,
        causationId: body.cause.commandId,
        actor: body.startedBy,
        at: now,
      })),
  };
}
