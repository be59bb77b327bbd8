import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, MaxLength } from 'class-validator';
import {
  Context,
  decodeCursor,
  encodeCursor,
  IfGiven,
  pageLimit,
  PageParameters,
  QueryRoute,
  Reading,
  type Membership,
  type RequestContext,
} from '#http';
import { Clock, isRefusal, notFound, Refusal } from '#kernel';
import { HEALTHS, STATUSES, tokenStatus, type TokenHealth, type TokenStatus } from '../domain/token-status.js';
import { PLATFORMS, type PlatformId } from '../platform.js';
import { reaches } from '../write/account-gate.js';
import { AccountAnswer, toAccountAnswer } from './account-answer.js';
import {
  AccountList,
  SORTS,
  type AccountListQuery,
  type AccountPage,
  type AccountSort,
  type Counted,
} from './account-list.js';
import { searchable } from './accounts.js';

export class AccountListParameters extends PageParameters {
  @ApiPropertyOptional({ enum: PLATFORMS })
  @IfGiven()
  @IsIn(PLATFORMS)
  readonly platform?: PlatformId | '';

  @ApiPropertyOptional({ enum: ['all', ...STATUSES] })
  @IfGiven()
  @IsIn(['all', ...STATUSES])
  readonly status?: TokenStatus | 'all' | '';

  @ApiPropertyOptional({ enum: HEALTHS })
  @IfGiven()
  @IsIn(HEALTHS)
  readonly health?: TokenHealth | '';

  @ApiPropertyOptional({ description: 'The beginnings of words of name or handle, in any case.', maxLength: 200 })
  @IfGiven()
  @IsString()
  @MaxLength(200)
  readonly q?: string;

  @ApiPropertyOptional({ enum: SORTS })
  @IfGiven()
  @IsIn(SORTS)
  readonly sort?: AccountSort | '';
}

export class StatusCountsAnswer {
  @ApiProperty() readonly all!: number;
  @ApiProperty() readonly valid!: number;
  @ApiProperty() readonly expiring!: number;
  @ApiProperty() readonly expired!: number;
}

export class AccountListAnswer {
  @ApiProperty({ type: [AccountAnswer] }) readonly items!: readonly AccountAnswer[];
  @ApiProperty({ type: String, nullable: true }) readonly nextCursor!: string | null;
  @ApiProperty({ type: StatusCountsAnswer, description: 'Under the other filters than status.' })
  readonly counts!: StatusCountsAnswer;
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    description: 'By platform, under the other filters than platform; platforms without an account are left out.',
  })
  readonly platforms!: Readonly<Record<string, number>>;
}

@Controller('v1/workspaces/:ws/accounts')
export class AccountQueries {
  constructor(
    private readonly list: AccountList,
    private readonly clock: Clock,
  ) {}

  @Get()
  @QueryRoute({
    summary: 'Accounts, filtered, sorted and counted.',
    requires: 'accounts:read',
    answer: AccountListAnswer,
    refusals: ['validation-failed', 'read-behind'],
  })
  async page(
    @Context() { membership, readAfter }: RequestContext,
    @Param('ws') workspaceId: string,
    @Query() parameters: AccountListParameters,
  ): Promise<Reading<AccountListAnswer> | Refusal> {
    const query = toQuery(parameters, (membership as Membership).accountAccess);
    if (isRefusal(query)) return query;
    const page = await this.list.page(workspaceId, query, readAfter);
    if (isRefusal(page)) return page;
    const now = this.clock.now();
    const answer = {
      items: page.rows.map((row) => toAccountAnswer(row, page.related, now)),
      nextCursor: page.next && encodeCursor(listName(query.sort), [page.next.value, page.next.key]),
      counts: countStatuses(page, query),
      platforms: countPlatforms(page, query),
    };
    return new Reading(answer, page.position);
  }

  @Get(':acc')
  @QueryRoute({
    summary: 'One account with everything that people see of it.',
    requires: 'accounts:read',
    answer: AccountAnswer,
    refusals: ['not-found', 'read-behind'],
  })
  async one(
    @Context() { membership, readAfter }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('acc') accountId: string,
  ): Promise<Reading<AccountAnswer> | Refusal> {
    if (!reaches(membership, accountId)) return notFound('account');
    const found = await this.list.one(workspaceId, accountId, readAfter);
    if (isRefusal(found)) return found;
    if (found === null) return notFound('account');
    return new Reading(toAccountAnswer(found.row, found.related, this.clock.now()), found.position, found.row.revision);
  }
}

function toQuery(parameters: AccountListParameters, reach: Membership['accountAccess']): AccountListQuery | Refusal {
  const { platform, status, health, q } = parameters;
  const sort = parameters.sort || 'name';
  const place = decodeCursor(listName(sort), 2, parameters);
  if (isRefusal(place)) return place;
  return {
    platform: platform || null,
    status: status && status !== 'all' ? status : null,
    health: health || null,
    words: q?.trim() ? searchable(q) : null,
    reach,
    sort,
    limit: pageLimit(parameters),
    after: place && { value: place[0] ?? null, key: place[1] ?? '' },
  };
}

const listName = (sort: AccountSort): string => `accounts/${sort}`;

const sum = (counted: readonly Counted[]): number => counted.reduce((total, { count }) => total + count, 0);

function countStatuses({ census }: AccountPage, { platform, health }: AccountListQuery): StatusCountsAnswer {
  const counted = census.filter(
    (one) => (!platform || one.platform === platform) && (!health || one.health === health),
  );
  const of = (status: TokenStatus): number => sum(counted.filter((one) => tokenStatus(one.health) === status));
  return { all: sum(counted), valid: of('valid'), expiring: of('expiring'), expired: of('expired') };
}

function countPlatforms(
  { census }: AccountPage,
  { status, health }: AccountListQuery,
): Readonly<Record<string, number>> {
  const counted = census.filter(
    (one) => (!status || tokenStatus(one.health) === status) && (!health || one.health === health),
  );
  const counts = PLATFORMS.map(
    (platform) => [platform, sum(counted.filter((one) => one.platform === platform))] as const,
  );
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
