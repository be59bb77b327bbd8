import {
  ERASED,
  streamName,
  type Erased,
  type JsonObject,
  type OpenedEvent,
  type ReadModel,
  type RowDescription,
} from '#kernel';
import { DEFAULT_SETTINGS, workspace, type WorkspaceEvent } from '#workspaces';
import { daysOf, grant, type GrantEvent } from '../domain/grant.js';
import type { SocialAccountEvent } from '../domain/social-account.js';
import { nextTokenChange, tokenHealth, tokenStatus } from '../domain/token-status.js';
import type { AccountType, GrantLifetime, MethodId, PlatformId } from '../platform.js';

/** An account as its own stream tells it. */
export type AccountRow = {
  readonly kind: 'account';
  readonly id: string;
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly type: AccountType;
  readonly method: MethodId;
  readonly grantId: string;
  readonly connectedAt: string;
  readonly connectedBy: { readonly type: string; readonly id: string };
  readonly reconnectedAt: string | null;
  readonly reconnectedBy: { readonly type: string; readonly id: string } | null;
  readonly easyConnectLinkId: string | null;
  readonly granted: readonly string[];
  readonly missing: readonly string[];
  readonly accessLost: boolean;
  readonly profile: {
    readonly externalId: string;
    readonly name: string;
    readonly handle: string | null;
    readonly pictureUrl: string | null;
    readonly profileUrl: string | null;
  };
  readonly revision: number;
};

/** A grant as far as the accounts that it feeds show it. */
export type GrantRow = {
  readonly kind: 'grant';
  readonly lifetime: { readonly [Field in keyof GrantLifetime]: GrantLifetime[Field] };
  readonly expired: 'lapsed' | 'rejected' | 'revoked' | null;
  /** When it was last renewed after it was obtained. */
  readonly lastRenewedAt: string | null;
};

/** The window of a workspace. */
export type WindowRow = { readonly kind: 'workspace'; readonly expiringWindow: string };

export type AccountsRow = AccountRow | GrantRow | WindowRow;

/**
 * Accounts with the grants that feed them and the windows of their workspaces. The status depends on all three and on the
 * time, so it stands in the rows' descriptions: found by index, counted by counter, and renewed when its time comes.
 */
export const accountsReadModel: ReadModel<AccountsRow> = {
  name: 'accounts',
  version: 1,
  partitions: 1,
  fields: {
    workspace: 'text',
    platform: 'text',
    status: 'text',
    health: 'text',
    name: 'text',
    connectedAt: 'text',
    tokenExpiresAt: 'text',
    changesAt: 'text',
    grant: 'text',
  },
  indexes: {
    byName: ['workspace', 'name'],
    byNameStatus: ['workspace', 'status', 'name'],
    byNamePlatform: ['workspace', 'platform', 'name'],
    byNamePlatformStatus: ['workspace', 'platform', 'status', 'name'],
    byConnectedAt: ['workspace', 'connectedAt'],
    byConnectedAtStatus: ['workspace', 'status', 'connectedAt'],
    byConnectedAtPlatform: ['workspace', 'platform', 'connectedAt'],
    byConnectedAtPlatformStatus: ['workspace', 'platform', 'status', 'connectedAt'],
    byTokenExpiresAt: ['workspace', 'tokenExpiresAt'],
    byTokenExpiresAtStatus: ['workspace', 'status', 'tokenExpiresAt'],
    byTokenExpiresAtPlatform: ['workspace', 'platform', 'tokenExpiresAt'],
    byTokenExpiresAtPlatformStatus: ['workspace', 'platform', 'status', 'tokenExpiresAt'],
    byChange: ['workspace', 'changesAt'],
    byGrant: ['grant'],
  },
  terms: ['word'],
  follows: ['socialAccount', 'grant', 'workspace'],
  readsPersonalData: ['socialAccount'],
  project(row, opened) {
    const [category] = opened.recorded.stream.split('-', 1);
    if (category === 'socialAccount') return projectAccount(row as AccountRow | null, opened);
    if (category === 'grant') return projectGrant(row as GrantRow | null, opened);
    return projectWindow(row as WindowRow | null, opened.event as WorkspaceEvent);
  },
  relatedKeys: (row) =>
    row.kind === 'account' ? [streamName(grant, row.grantId), streamName(workspace, row.workspaceId)] : [],
  describe: (key, row, related, now) => (row.kind === 'account' ? describeAccount(row, related, now) : UNLISTED),
  dependents(key, before, after) {
    if (after?.kind === 'grant') return { index: 'byGrant', equals: { grant: key.slice('grant-'.length) } };
    if (after?.kind !== 'workspace') return null;
    const changed = before?.kind !== 'workspace' || before.expiringWindow !== after.expiringWindow;
    return changed ? { index: 'byName', equals: { workspace: key.slice('workspace-'.length) } } : null;
  },
};

const NO_FIELDS = {
  workspace: null,
  platform: null,
  status: null,
  health: null,
  name: null,
  connectedAt: null,
  tokenExpiresAt: null,
  changesAt: null,
  grant: null,
};
const UNLISTED: RowDescription = { fields: NO_FIELDS, dueAt: null };

function projectAccount(row: AccountRow | null, { event, personal, recorded }: OpenedEvent): AccountRow | null {
  const next = foldAccount(row, event as SocialAccountEvent, personal, recorded.metadata.workspaceId, recorded.stream);
  return next && { ...next, revision: recorded.revision };
}

function foldAccount(
  row: AccountRow | null,
  event: SocialAccountEvent,
  personal: object | Erased | null,
  workspaceId: string,
  stream: string,
): AccountRow | null {
  if (event.type === 'AccountConnected') {
    const { platform, type, method, grantId, connectedAt, connectedBy, easyConnectLinkId, granted, missing } =
      event.data;
    const profile = profileOf(personal);
    const facts = {
      platform,
      type,
      method,
      grantId,
      connectedAt,
      connectedBy,
      easyConnectLinkId,
      granted,
      missing,
      profile,
    };
    const id = stream.slice('socialAccount-'.length);
    const never = { reconnectedAt: null, reconnectedBy: null, accessLost: false, revision: 0 };
    return { kind: 'account', id, workspaceId, ...facts, ...never };
  }
  if (row === null) return null;
  switch (event.type) {
    case 'AccountReconnected': {
      const { method, grantId, reconnectedAt, reconnectedBy, granted, missing } = event.data;
      return { ...row, method, grantId, reconnectedAt, reconnectedBy, granted, missing, accessLost: false };
    }
    case 'AccountProfileUpdated':
      return { ...row, profile: profileOf(personal) };
    case 'AccountAccessLost':
      return { ...row, accessLost: true };
    case 'AccountAccessRestored':
      return { ...row, accessLost: false };
    case 'PermissionsChanged':
      return { ...row, granted: event.data.granted, missing: event.data.missing };
    case 'AccountRemoved':
      return null;
  }
}

const profileOf = (personal: object | Erased | null): AccountRow['profile'] =>
  personal === null || personal === ERASED
    ? { externalId: '', name: '', handle: null, pictureUrl: null, profileUrl: null }
    : (personal as AccountRow['profile']);

function projectGrant(row: GrantRow | null, { event, recorded }: OpenedEvent): GrantRow | null {
  const change = event as GrantEvent;
  switch (change.type) {
    case 'GrantObtained':
      return { kind: 'grant', lifetime: change.data.lifetime, expired: null, lastRenewedAt: null };
    case 'GrantRenewed':
      return {
        kind: 'grant',
        lifetime: change.data.lifetime,
        expired: null,
        lastRenewedAt: recorded.metadata.occurredAt,
      };
    case 'TokenExpired':
      return row && { ...row, expired: change.data.cause };
    case 'TokenExpiringSoon':
    case 'GrantAttached':
    case 'GrantDetached':
      return row;
    case 'GrantRevoked':
      return null;
  }
}

function projectWindow(row: WindowRow | null, event: WorkspaceEvent): WindowRow | null {
  if (event.type === 'WorkspaceCreated') return { kind: 'workspace', expiringWindow: event.data.expiringWindow };
  if (event.type === 'WorkspaceSettingsChanged' && event.data.expiringWindow !== undefined) {
    return { kind: 'workspace', expiringWindow: event.data.expiringWindow };
  }
  return row;
}

function describeAccount(row: AccountRow, related: ReadonlyMap<string, AccountsRow>, now: string): RowDescription {
  const facts = tokenFactsOf(row, related);
  const health = tokenHealth(facts, new Date(now));
  const status = tokenStatus(health);
  const changesAt = nextTokenChange(facts, new Date(now));
  const name = sortableName(row.profile.name);
  return {
    fields: {
      workspace: row.workspaceId,
      platform: row.platform,
      status,
      health,
      name,
      connectedAt: row.connectedAt,
      tokenExpiresAt: facts.expiresAt,
      changesAt,
      grant: row.grantId,
    },
    terms: { word: { scope: row.workspaceId, values: wordsOf(row) } },
    counters: [`${row.workspaceId}/${row.platform}/${health}`],
    dueAt: changesAt,
  };
}

/** What decides about an account's token, from its rows. */
export function tokenFactsOf(row: AccountRow, related: ReadonlyMap<string, JsonObject>) {
  const fed = related.get(streamName(grant, row.grantId)) as GrantRow | undefined;
  const window = related.get(streamName(workspace, row.workspaceId)) as WindowRow | undefined;
  return {
    expiresAt: fed?.lifetime.expiresAt ?? null,
    expired: fed?.expired ?? null,
    accessLost: row.accessLost,
    hasMissingPermissions: row.missing.length > 0,
    windowDays: daysOf(window?.expiringWindow ?? DEFAULT_SETTINGS.expiringWindow),
  };
}

/** A name as lists order it: letters without case or accents. */
export const sortableName = (name: string): string =>
  name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().slice(0, 200);

/** The words of name and handle that a search may begin with. */
export function wordsOf(row: Pick<AccountRow, 'profile'>): readonly string[] {
  const text = `${row.profile.name} ${row.profile.handle ?? ''}`;
  return [...new Set(searchable(text).flatMap((word) => [word, ...word.split(/[._-]+/)]))].filter(
    (word) => word !== '',
  );
}

/** Text as words are compared: in any case, with or without accents. */
export const searchable = (text: string): readonly string[] =>
  sortableName(text)
    .split(/[^\p{L}\p{N}._-]+/u)
    .filter((word) => word !== '');
