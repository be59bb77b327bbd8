import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches, MaxLength, ValidateIf } from 'class-validator';
import { Context, QueryRoute, Reading, type Membership, type RequestContext } from '#http';
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

const DEFAULT_LIMIT = 50;

/** A query field that is left out or empty asks for nothing. */
const IfGiven = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== '');

export class AccountListParameters {
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

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: DEFAULT_LIMIT })
  @IfGiven()
  @Matches(/^([1-9]|[1-9]\d|1\d\d|200)$/, { message: 'limit must be a number from 1 to 200' })
  readonly limit?: string;

  @ApiPropertyOptional({ description: 'What nextCursor said; for the same filters and sort.' })
  @IfGiven()
  @IsString()
  @Length(1, 2_000)
  readonly cursor?: string;
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
      nextCursor: page.next && encodeCursor(query.sort, page.next),
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
  const { platform, status, health, q, limit, cursor } = parameters;
  const sort = parameters.sort || 'name';
  const after = cursor ? decodeCursor(sort, cursor) : null;
  if (after === 'not-ours') {
    const error = {
      path: 'cursor',
      code: 'notOurs',
      message: 'cursor must be what nextCursor said, with the same sort',
    };
    return new Refusal('validation-failed', 'A field does not hold what it may.', { errors: [error] });
  }
  return {
    platform: platform || null,
    status: status && status !== 'all' ? status : null,
    health: health || null,
    words: q?.trim() ? searchable(q) : null,
    reach,
    sort,
    limit: limit ? Number(limit) : DEFAULT_LIMIT,
    after,
  };
}

const encodeCursor = (sort: AccountSort, { value, key }: NonNullable<AccountListQuery['after']>): string =>
  Buffer.from(JSON.stringify([sort, value, key])).toString('base64url');

function decodeCursor(sort: AccountSort, cursor: string): AccountListQuery['after'] | 'not-ours' {
  try {
    const decoded: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (!Array.isArray(decoded) || decoded.length !== 3) return 'not-ours';
    const [of, value, key] = decoded as readonly unknown[];
    if (of !== sort || typeof key !== 'string' || (value !== null && typeof value !== 'string')) return 'not-ours';
    return { value, key };
  } catch {
    return 'not-ours';
  }
}

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
