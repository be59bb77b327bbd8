import { Controller, Get, Param } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Context, QueryRoute, Reading, type RequestContext } from '#http';
import { isRefusal, Refusal, Streams } from '#kernel';
import { grant } from '../domain/grant.js';
import { AccountGate } from '../write/account-gate.js';

export class RemovalImpactAnswer {
  @ApiProperty() readonly scheduledPosts!: number;
  @ApiProperty() readonly queuedPosts!: number;
  @ApiProperty() readonly drafts!: number;
  @ApiProperty() readonly publishedPosts!: number;
  @ApiProperty() readonly queueSlots!: number;
  @ApiProperty() readonly automationsRemoved!: number;
  @ApiProperty() readonly automationsUnlinked!: number;
  @ApiProperty() readonly analyticsPoints!: number;
  @ApiProperty() readonly devices!: number;
  @ApiProperty({ description: 'Whether it is the last account of its login, which then ends, too.' })
  readonly grantRevoked!: boolean;
}

/** What belongs to an account besides the account itself: nothing of it exists before posts, queues and devices do. */
const NOTHING = {
  scheduledPosts: 0,
  queuedPosts: 0,
  drafts: 0,
  publishedPosts: 0,
  queueSlots: 0,
  automationsRemoved: 0,
  automationsUnlinked: 0,
  analyticsPoints: 0,
  devices: 0,
};

/** What a removal would take away, for the warning before it. */
@Controller('v1/workspaces/:ws/accounts/:acc/removal-impact')
export class RemovalImpactRoute {
  constructor(
    private readonly gate: AccountGate,
    private readonly streams: Streams,
  ) {}

  @Get()
  @QueryRoute({
    summary: 'What would be deleted with the account.',
    requires: 'accounts:read',
    answer: RemovalImpactAnswer,
    refusals: ['not-found', 'account-removed'],
  })
  async impact(
    @Context() { membership }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('acc') accountId: string,
  ): Promise<Reading<RemovalImpactAnswer> | Refusal> {
    const account = await this.gate.open(workspaceId, accountId, membership);
    if (isRefusal(account)) return account;
    const { state, position } = await this.streams.load(grant, account.grantId);
    const grantRevoked = [...state.attached.keys()].every((attached) => attached === accountId);
    return new Reading({ ...NOTHING, grantRevoked }, position);
  }
}
