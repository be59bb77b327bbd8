import {
  isRefusal,
  streamName,
  type Streams,
  type Automation,
  type OpenedEvent,
  type RowDescription,
  type Todo,
  type TodoOutcome,
} from '#kernel';
import { DEFAULT_SETTINGS, workspace, type WorkspaceEvent } from '#workspaces';
import { checkExpiry, daysOf, grant, type GrantEvent } from '../domain/grant.js';
import { automationContext } from './automation-context.js';

const DAY_MS = 86_400_000;

type WatchedGrant = {
  readonly kind: 'grant';
  readonly id: string;
  readonly workspaceId: string;
  readonly expiresAt: string | null;
  /** The beginning of this lifetime: a step that was set before it counts, also where the lifetime is shorter than the step. */
  readonly beganAt: string;
  readonly announcedDays: number | null;
};
/** A workspace's notice steps, each with the instant since when it counts: one that was past when it was set is not announced. */
type NoticeSteps = {
  readonly kind: 'steps';
  readonly steps: readonly { readonly step: string; readonly since: string }[];
};
type Row = WatchedGrant | NoticeSteps;

/** TokenExpiringSoon at each step, TokenExpired once (T6). Due work is found by the instant of a grant's next step. */
export function watchTokenExpiry(streams: Streams): Automation<Row> {
  return {
    name: 'watch-token-expiry',
    version: 1,
    partitions: 1,
    fields: { workspace: 'text' },
    indexes: { byWorkspace: ['workspace'] },
    terms: [],
    follows: ['grant', 'workspace'],
    readsPersonalData: false,
    project: (row, opened) =>
      opened.recorded.stream.startsWith('grant-')
        ? projectGrant(row as WatchedGrant | null, opened)
        : projectSteps(row as NoticeSteps | null, opened),
    relatedKeys: (row) => (row.kind === 'grant' ? [streamName(workspace, row.workspaceId)] : []),
    describe: (_key, row, related) => describe(row, related),
    dependents: (key, _before, after) =>
      after?.kind === 'steps' ? { index: 'byWorkspace', equals: { workspace: key.slice('workspace-'.length) } } : null,
    carryOut: (todo) => announce(streams, todo),
  };
}

function projectGrant(row: WatchedGrant | null, { event, recorded }: OpenedEvent): WatchedGrant | null {
  const change = event as GrantEvent;
  const beganAt = recorded.metadata.occurredAt;
  switch (change.type) {
    case 'GrantObtained': {
      const id = recorded.stream.slice('grant-'.length);
      const { workspaceId, lifetime } = change.data;
      return { kind: 'grant', id, workspaceId, expiresAt: lifetime.expiresAt, beganAt, announcedDays: null };
    }
    case 'GrantRenewed':
      return row && { ...row, expiresAt: change.data.lifetime.expiresAt, beganAt, announcedDays: null };
    case 'TokenExpiringSoon':
      return row && { ...row, announcedDays: daysOf(change.data.step) };
    case 'TokenExpired':
      return row && { ...row, expiresAt: null };
    case 'GrantRevoked':
      return null;
    case 'GrantAttached':
    case 'GrantDetached':
      return row;
  }
}

function projectSteps(row: NoticeSteps | null, { event, recorded }: OpenedEvent): NoticeSteps | null {
  const change = event as WorkspaceEvent;
  if (change.type !== 'WorkspaceCreated' && change.type !== 'WorkspaceSettingsChanged') return row;
  if (change.data.noticeSteps === undefined) return row;
  const since = recorded.metadata.occurredAt;
  const known = row?.steps ?? [];
  return {
    kind: 'steps',
    steps: change.data.noticeSteps.map((step) => known.find((one) => one.step === step) ?? { step, since }),
  };
}

function describe(row: Row, related: ReadonlyMap<string, Row>): RowDescription {
  if (row.kind !== 'grant') return { fields: { workspace: null }, dueAt: null };
  const instants = stepsFor(row, related)
    .filter((step) => row.announcedDays === null || daysOf(step) < row.announcedDays)
    .map((step) => instantOf(row, step));
  const dueAt =
    row.expiresAt === null ? null : new Date(Math.min(Date.parse(row.expiresAt), ...instants)).toISOString();
  return { fields: { workspace: row.workspaceId }, dueAt };
}

/** The workspace's steps that may be announced for this grant. */
function stepsFor(row: WatchedGrant, related: ReadonlyMap<string, Row>): readonly string[] {
  const settings = related.get(streamName(workspace, row.workspaceId));
  if (settings?.kind !== 'steps') return DEFAULT_SETTINGS.noticeSteps;
  const counts = (step: string, since: string): boolean =>
    since <= row.beganAt || instantOf(row, step) >= Date.parse(since);
  return settings.steps.filter(({ step, since }) => counts(step, since)).map(({ step }) => step);
}

const instantOf = (row: WatchedGrant, step: string): number => Date.parse(row.expiresAt ?? '') - daysOf(step) * DAY_MS;

async function announce(streams: Streams, { body, related, now }: Todo<Row>): Promise<TodoOutcome> {
  if (body.kind !== 'grant') return { settled: true };
  const noticeSteps = stepsFor(body, related);
  const executed = await streams.execute({
    definition: grant,
    id: body.id,
    workspaceId: body.workspaceId,
    context: automationContext('watch-token-expiry', body.id, now),
    decide: (state) => checkExpiry(state, { at: now, noticeSteps }),
  });
  return isRefusal(executed) ? { later: executed.code } : { done: executed.position };
}
