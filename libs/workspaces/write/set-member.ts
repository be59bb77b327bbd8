import { Body, Controller, Delete, Param, Patch, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsString, Length, Matches } from 'class-validator';
import { CommandRoute, Context, MayBeAbsent, type RequestContext } from '#http';
import { isRefusal, Refusal, Streams, type CommandContext } from '#kernel';
import { ROLES, type AccountAccess, type Role } from '../domain/roles.js';
import { removeMember, setMember, workspace, type WorkspaceEvent, type WorkspaceState } from '../domain/workspace.js';
import { WorkspaceCommandAnswer } from './answers.js';
import { IsAccountAccess } from './fields.js';

const ACCESS_SCHEMA = {
  oneOf: [
    { type: 'string', enum: ['all'] },
    { type: 'array', items: { type: 'string' }, maxItems: 5_000 },
  ],
};

export class AddMemberBody {
  @ApiProperty({ description: "The identity provider's opaque id.", minLength: 1, maxLength: 200 })
  @IsString()
  @Length(1, 200)
  @Matches(/^[^\p{Cc}]*$/u)
  readonly userId!: string;

  @ApiProperty({ enum: ROLES })
  @IsIn(ROLES)
  readonly role!: Role;

  @ApiProperty({ ...ACCESS_SCHEMA, description: 'All accounts, or these.' })
  @IsAccountAccess()
  readonly accountAccess!: 'all' | string[];
}

export class ChangeMemberBody {
  @ApiPropertyOptional({ enum: ROLES })
  @MayBeAbsent()
  @IsIn(ROLES)
  readonly role?: Role;

  @ApiPropertyOptional({ ...ACCESS_SCHEMA, description: 'All accounts, or these.' })
  @MayBeAbsent()
  @IsAccountAccess()
  readonly accountAccess?: 'all' | string[];
}

export class SetMember extends Command<WorkspaceCommandAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly member: {
      readonly userId: string;
      readonly role?: Role;
      readonly access?: AccountAccess;
      readonly mustExist: boolean;
    },
  ) {
    super();
  }
}

export class RemoveMember extends Command<WorkspaceCommandAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly userId: string,
  ) {
    super();
  }
}

@CommandHandler(SetMember)
export class SetMemberHandler implements ICommandHandler<SetMember> {
  constructor(private readonly streams: Streams) {}

  execute({ context, workspaceId, member }: SetMember): Promise<WorkspaceCommandAnswer | Refusal> {
    const asker = { userId: context.actor.id };
    return decideOnMembers(this.streams, context, workspaceId, (state) =>
      setMember(state, { ...member, asker, at: context.at }),
    );
  }
}

@CommandHandler(RemoveMember)
export class RemoveMemberHandler implements ICommandHandler<RemoveMember> {
  constructor(private readonly streams: Streams) {}

  execute({ context, workspaceId, userId }: RemoveMember): Promise<WorkspaceCommandAnswer | Refusal> {
    const asker = { userId: context.actor.id };
    return decideOnMembers(this.streams, context, workspaceId, (state) => removeMember(state, { asker, userId }));
  }
}

async function decideOnMembers(
  streams: Streams,
  context: CommandContext,
  workspaceId: string,
  decide: (state: WorkspaceState) => readonly WorkspaceEvent[] | Refusal,
): Promise<WorkspaceCommandAnswer | Refusal> {
  const executed = await streams.execute({ definition: workspace, id: workspaceId, workspaceId, context, decide });
  return isRefusal(executed) ? executed : { id: workspaceId, revision: executed.revision, position: executed.position };
}

@Controller('v1/workspaces/:ws/members')
export class MemberRoutes {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @CommandRoute({
    summary: 'Add a member, or give one that is there this role and access.',
    requires: 'members:manage',
    answer: WorkspaceCommandAnswer,
    refusals: ['validation-failed', 'permission-denied', 'last-owner', 'revision-conflict'],
  })
  add(
    @Context() { command }: RequestContext,
    @Param('ws') workspaceId: string,
    @Body() body: AddMemberBody,
  ): Promise<WorkspaceCommandAnswer | Refusal> {
    const { userId, role } = body;
    const member = { userId, role, access: toAccess(body.accountAccess), mustExist: false };
    return this.commands.execute(new SetMember(command as CommandContext, workspaceId, member));
  }

  @Patch(':userId')
  @CommandRoute({
    summary: "Change a member's role or account access.",
    requires: 'members:manage',
    answer: WorkspaceCommandAnswer,
    refusals: ['validation-failed', 'permission-denied', 'last-owner', 'not-found', 'revision-conflict'],
  })
  change(
    @Context() { command }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('userId') userId: string,
    @Body() body: ChangeMemberBody,
  ): Promise<WorkspaceCommandAnswer | Refusal> {
    const member = {
      userId,
      ...(body.role === undefined ? {} : { role: body.role }),
      ...(body.accountAccess === undefined ? {} : { access: toAccess(body.accountAccess) }),
      mustExist: true,
    };
    return this.commands.execute(new SetMember(command as CommandContext, workspaceId, member));
  }

  @Delete(':userId')
  @CommandRoute({
    summary: 'Remove a member.',
    requires: 'members:manage',
    answer: WorkspaceCommandAnswer,
    refusals: ['permission-denied', 'last-owner', 'not-found', 'revision-conflict'],
  })
  remove(
    @Context() { command }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('userId') userId: string,
  ): Promise<WorkspaceCommandAnswer | Refusal> {
    return this.commands.execute(new RemoveMember(command as CommandContext, workspaceId, userId));
  }
}

const toAccess = (access: 'all' | string[]): AccountAccess => (access === 'all' ? 'all' : new Set(access));
