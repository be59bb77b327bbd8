import { ApiProperty } from '@nestjs/swagger';
import { streamName, type JsonObject } from '#kernel';
import { grant } from '../domain/grant.js';
import { daysLeft, HEALTHS, STATUSES, tokenHealth, tokenLabel, tokenStatus } from '../domain/token-status.js';
import { ACCOUNT_TYPES, METHODS, PLATFORMS } from '../platform.js';
import { tokenFactsOf, type AccountRow, type GrantRow } from './accounts.js';

const NULLABLE_TEXT = { type: String, nullable: true } as const;
const NULLABLE_TIME = { type: String, format: 'date-time', nullable: true } as const;

export class TokenAnswer {
  @ApiProperty({ enum: STATUSES }) readonly status!: string;
  @ApiProperty({ enum: HEALTHS }) readonly health!: string;
  @ApiProperty({ ...NULLABLE_TIME, description: 'The day on which a person is needed; null for no known end.' })
  readonly expiresAt!: string | null;
  @ApiProperty({ type: Number, nullable: true }) readonly daysLeft!: number | null;
  @ApiProperty({ enum: ['automatic', 'reconnect'] }) readonly renewal!: string;
  @ApiProperty(NULLABLE_TIME) readonly lastRenewedAt!: string | null;
  @ApiProperty({ description: 'The sentence that a tooltip shows.' }) readonly label!: string;
}

export class PermissionsAnswer {
  @ApiProperty({ type: [String] }) readonly granted!: readonly string[];
  @ApiProperty({ type: [String] }) readonly missing!: readonly string[];
}

export class ActorAnswer {
  @ApiProperty({ enum: ['user', 'service', 'system', 'client'] }) readonly type!: string;
  @ApiProperty() readonly id!: string;
}

export class LocationAnswer {
  @ApiProperty() readonly name!: string;
}

export class DevicesAnswer {
  @ApiProperty() readonly active!: number;
  @ApiProperty() readonly expired!: number;
}

export class QueueAnswer {
  @ApiProperty() readonly paused!: boolean;
  @ApiProperty() readonly postsPerWeek!: number;
  @ApiProperty() readonly queued!: number;
  @ApiProperty(NULLABLE_TIME) readonly nextSlotAt!: string | null;
}

export class AccountCountsAnswer {
  @ApiProperty() readonly scheduledPosts!: number;
  @ApiProperty() readonly drafts!: number;
  @ApiProperty() readonly failedPosts!: number;
  @ApiProperty() readonly automations!: number;
}

/** An account with everything that people see of it (D1). */
export class AccountAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly workspaceId!: string;
  @ApiProperty({ enum: PLATFORMS }) readonly platform!: string;
  @ApiProperty({ enum: ACCOUNT_TYPES }) readonly type!: string;
  @ApiProperty({ enum: METHODS }) readonly method!: string;
  @ApiProperty() readonly externalId!: string;
  @ApiProperty() readonly name!: string;
  @ApiProperty(NULLABLE_TEXT) readonly handle!: string | null;
  @ApiProperty(NULLABLE_TEXT) readonly pictureUrl!: string | null;
  @ApiProperty(NULLABLE_TEXT) readonly profileUrl!: string | null;
  @ApiProperty({ type: TokenAnswer }) readonly token!: TokenAnswer;
  @ApiProperty({ type: PermissionsAnswer }) readonly permissions!: PermissionsAnswer;
  @ApiProperty() readonly grantId!: string;
  @ApiProperty({ format: 'date-time' }) readonly connectedAt!: string;
  @ApiProperty({ type: ActorAnswer }) readonly connectedBy!: ActorAnswer;
  @ApiProperty(NULLABLE_TIME) readonly reconnectedAt!: string | null;
  @ApiProperty({ type: ActorAnswer, nullable: true }) readonly reconnectedBy!: ActorAnswer | null;
  @ApiProperty(NULLABLE_TEXT) readonly easyConnectLinkId!: string | null;
  @ApiProperty({ type: LocationAnswer, nullable: true }) readonly location!: LocationAnswer | null;
  @ApiProperty({ type: DevicesAnswer }) readonly devices!: DevicesAnswer;
  @ApiProperty({ type: QueueAnswer }) readonly queue!: QueueAnswer;
  @ApiProperty({ type: AccountCountsAnswer }) readonly counts!: AccountCountsAnswer;
  @ApiProperty() readonly revision!: number;
}

/** Puts an account's answer together from its rows, at this instant. */
export function toAccountAnswer(row: AccountRow, related: ReadonlyMap<string, JsonObject>, now: Date): AccountAnswer {
  const { id, workspaceId, platform, type, method, grantId, connectedAt, connectedBy, revision } = row;
  const { reconnectedAt, reconnectedBy, easyConnectLinkId, granted, missing, profile } = row;
  return {
    ...{ id, workspaceId, platform, type, method, ...profile },
    token: toTokenAnswer(row, related, now),
    permissions: { granted, missing },
    ...{ grantId, connectedAt, connectedBy, reconnectedAt, reconnectedBy, easyConnectLinkId },
    location: null,
    devices: { active: 0, expired: 0 },
    queue: { paused: false, postsPerWeek: 0, queued: 0, nextSlotAt: null },
    counts: { scheduledPosts: 0, drafts: 0, failedPosts: 0, automations: 0 },
    revision,
  };
}

function toTokenAnswer(row: AccountRow, related: ReadonlyMap<string, JsonObject>, now: Date): TokenAnswer {
  const facts = tokenFactsOf(row, related);
  const fed = related.get(streamName(grant, row.grantId)) as GrantRow | undefined;
  const health = tokenHealth(facts, now);
  const renewal = fed?.lifetime.renewal ?? 'reconnect';
  return {
    status: tokenStatus(health),
    health,
    expiresAt: facts.expiresAt,
    daysLeft: daysLeft(facts.expiresAt, now),
    renewal,
    lastRenewedAt: fed?.lastRenewedAt ?? null,
    label: tokenLabel(health, facts.expiresAt, now, renewal),
  };
}
