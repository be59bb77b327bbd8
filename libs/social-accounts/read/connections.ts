import type { ReadModel } from '#kernel';
import type { ConnectionEvent, ConnectionStatus } from '../domain/connection.js';
import type { AccountType, MethodId, PlatformId } from '../platform.js';

/** An attempt as it is read. Its candidates wait in the vault, for whoever began it. */
export type ConnectionRow = {
  readonly id: string;
  readonly workspaceId: string;
  readonly status: ConnectionStatus;
  readonly platform: PlatformId;
  readonly method: MethodId;
  readonly login: PlatformId;
  readonly accountType: AccountType | null;
  readonly purpose: 'connect' | 'reconnect';
  readonly startedBy: { readonly type: string; readonly id: string };
  readonly accountIds: readonly string[];
  readonly failure: string | null;
  readonly revision: number;
};

export const connectionsReadModel: ReadModel<ConnectionRow> = {
  name: 'connections',
  version: 1,
  partitions: 1,
  fields: {},
  indexes: {},
  terms: [],
  follows: ['connection'],
  readsPersonalData: false,
  project(row, { event, recorded }) {
    const next = fold(row, event as ConnectionEvent, recorded.stream.slice('connection-'.length));
    return next && { ...next, revision: recorded.revision };
  },
  describe: () => ({ fields: {}, dueAt: null }),
};

function fold(row: ConnectionRow | null, event: ConnectionEvent, id: string): ConnectionRow | null {
  if (event.type === 'ConnectionStarted') {
    const { workspaceId, platform, method, login, accountType, purpose, startedBy } = event.data;
    const facts = { workspaceId, platform, method, login, accountType, purpose, startedBy };
    return { id, ...facts, status: 'started', accountIds: [], failure: null, revision: 0 };
  }
  if (row === null) return null;
  switch (event.type) {
    case 'ConnectionAuthorized':
      return { ...row, status: 'authorized' };
    case 'ConnectionSelected':
      return { ...row, status: 'selected', accountIds: event.data.choices.map(({ accountId }) => accountId) };
    case 'ConnectionCompleted':
      return { ...row, status: 'completed', accountIds: event.data.accountIds };
    case 'ConnectionFailed':
      return { ...row, status: 'failed', accountIds: [], failure: event.data.code };
    case 'ConnectionLapsed':
      return { ...row, status: 'lapsed' };
  }
}
