import { Body, Controller, Post } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiProperty } from '@nestjs/swagger';
import { CommandRoute, Context, type RequestContext } from '#http';
import { idFromCommand, isRefusal, Refusal, Streams, Vault, type CommandContext } from '#kernel';
import { createWorkspace, workspace } from '../domain/workspace.js';
import { WorkspaceCommandAnswer } from './answers.js';
import { IsIanaTimeZone, IsName } from './fields.js';
import { nameDigest } from './name-digest.js';

export class CreateWorkspaceBody {
  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsName()
  readonly name!: string;

  @ApiProperty({ description: 'IANA time zone.', example: 'Europe/Berlin', maxLength: 100 })
  @IsIanaTimeZone()
  readonly timezone!: string;
}

export class CreateWorkspace extends Command<WorkspaceCommandAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly name: string,
    readonly timezone: string,
  ) {
    super();
  }
}

@CommandHandler(CreateWorkspace)
export class CreateWorkspaceHandler implements ICommandHandler<CreateWorkspace> {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
  ) {}

  async execute({ context, name, timezone }: CreateWorkspace): Promise<WorkspaceCommandAnswer | Refusal> {
    const id = idFromCommand('ws', context.commandId);
    const facts = {
      name,
      nameDigest: await nameDigest(this.vault, id, name),
      timezone,
      ownerId: context.actor.id,
      at: context.at,
    };
    const executed = await this.streams.execute({
      definition: workspace,
      id,
      workspaceId: id,
      context,
      decide: (state) => createWorkspace(state, facts),
    });
    return isRefusal(executed) ? executed : { id, revision: executed.revision, position: executed.position };
  }
}

@Controller('v1/workspaces')
export class CreateWorkspaceRoute {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @CommandRoute({
    summary: 'Create a workspace; the caller becomes its owner.',
    requires: 'user',
    status: 201,
    answer: WorkspaceCommandAnswer,
    refusals: ['validation-failed'],
  })
  create(
    @Context() { command }: RequestContext,
    @Body() body: CreateWorkspaceBody,
  ): Promise<WorkspaceCommandAnswer | Refusal> {
    return this.commands.execute(new CreateWorkspace(command as CommandContext, body.name.trim(), body.timezone));
  }
}
