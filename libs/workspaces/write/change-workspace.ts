import { Body, Controller, Param, Patch } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { ApiPropertyOptional } from '@nestjs/swagger';

import { CommandRoute, Context, MayBeAbsent, type RequestContext } from '#http';
import { isRefusal, Refusal, Streams, Vault, type CommandContext } from '#kernel';
import { changeWorkspace, workspace } from '../domain/workspace.js';
import { WorkspaceCommandAnswer } from './answers.js';
import { IsDays, IsIanaTimeZone, IsName, IsNoticeSteps } from './fields.js';
import { nameDigest } from './name-digest.js';

export class ChangeWorkspaceBody {
  @ApiPropertyOptional({ minLength: 1, maxLength: 200 })
  @MayBeAbsent()
  @IsName()
  readonly name?: string;

  @ApiPropertyOptional({ description: 'IANA time zone.', maxLength: 100 })
  @MayBeAbsent()
  @IsIanaTimeZone()
  readonly timezone?: string;

  @ApiPropertyOptional({ description: 'How long before its end a token counts as expiring soon.', example: 'P30D' })
  @MayBeAbsent()
  @IsDays()
  readonly expiringWindow?: string;

  @ApiPropertyOptional({
    type: [String],
    description: "When notices are due before a token's end.",
    example: ['P30D', 'P7D', 'P1D'],
  })
  @MayBeAbsent()
  @IsNoticeSteps()
  readonly noticeSteps?: string[];
}

export class ChangeWorkspace extends Command<WorkspaceCommandAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly change: ChangeWorkspaceBody,
  ) {
    super();
  }
}

@CommandHandler(ChangeWorkspace)
export class ChangeWorkspaceHandler implements ICommandHandler<ChangeWorkspace> {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
  ) {}

  async execute({ context, workspaceId, change }: ChangeWorkspace): Promise<WorkspaceCommandAnswer | Refusal> {
    const { name, timezone, expiringWindow, noticeSteps } = change;
    const named =
      name === undefined
        ? {}
        : { name: { text: name.trim(), digest: await nameDigest(this.vault, workspaceId, name.trim()) } };
    const settings = {
      ...(timezone === undefined ? {} : { timezone }),
      ...(expiringWindow === undefined ? {} : { expiringWindow }),
      ...(noticeSteps === undefined ? {} : { noticeSteps: longestFirst(noticeSteps) }),
    };
    const executed = await this.streams.execute({
      definition: workspace,
      id: workspaceId,
      workspaceId,
      context,
      decide: (state) => changeWorkspace(state, { ...named, ...settings }),
    });
    return isRefusal(executed)
      ? executed
      : { id: workspaceId, revision: executed.revision, position: executed.position };
  }
}

const longestFirst = (steps: readonly string[]): string[] =>
  [...steps].sort((a, b) => Number(b.slice(1, -1)) - Number(a.slice(1, -1)));

@Controller('v1/workspaces/:ws')
export class ChangeWorkspaceRoute {
  constructor(private readonly commands: CommandBus) {}

  @Patch()
  @CommandRoute({
    summary: "Change a workspace's name or settings.",
    requires: 'workspace:manage',
    answer: WorkspaceCommandAnswer,
    refusals: ['validation-failed', 'revision-conflict'],
  })
  change(
    @Context() { command }: RequestContext,
    @Param('ws') workspaceId: string,
    @Body() body: ChangeWorkspaceBody,
  ): Promise<WorkspaceCommandAnswer | Refusal> {
    return this.commands.execute(new ChangeWorkspace(command as CommandContext, workspaceId, body));
  }
}
