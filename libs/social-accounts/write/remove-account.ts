import { Controller, Delete, Param } from '@nestjs/common';
import { Command, CommandBus, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { CommandRoute, Context, type Membership, type RequestContext } from '#http';
import { isRefusal, Refusal, Streams, type CommandContext } from '#kernel';
import { removeAccount, socialAccount } from '../domain/social-account.js';
import { AccountGate } from './account-gate.js';
import { AccountCommandAnswer } from './answers.js';

export class RemoveAccount extends Command<AccountCommandAnswer | Refusal> {
  constructor(
    readonly context: CommandContext,
    readonly workspaceId: string,
    readonly accountId: string,
    readonly membership: Membership | null,
  ) {
    super();
  }
}

/** Removes an account: from this event on every other command on it is refused, and the automations destroy what it had. */
@CommandHandler(RemoveAccount)
export class RemoveAccountHandler implements ICommandHandler<RemoveAccount> {
  constructor(
    private readonly streams: Streams,
    private readonly gate: AccountGate,
  ) {}

  async execute({
    context,
    workspaceId,
    accountId,
    membership,
  }: RemoveAccount): Promise<AccountCommandAnswer | Refusal> {
    const account = await this.gate.peek(workspaceId, accountId, membership);
    if (isRefusal(account)) return account;
    const executed = await this.streams.execute({
      definition: socialAccount,
      id: accountId,
      workspaceId,
      context: account.removed ? withoutIfMatch(context) : context,
      decide: (state) => removeAccount(state, { by: context.actor, at: context.at }),
    });
    return isRefusal(executed) ? executed : { id: accountId, revision: executed.revision, position: executed.position };
  }
}

/** Removing again answers as the first time, so a condition on what it was before does not count. */
function withoutIfMatch(context: CommandContext): CommandContext {
  const { ifMatch: _before, ...others } = context;
  return others;
}

@Controller('v1/workspaces/:ws/accounts/:acc')
export class RemoveAccountRoute {
  constructor(private readonly commands: CommandBus) {}

  @Delete()
  @CommandRoute({
    summary: 'Remove an account with everything tied to it.',
    requires: 'accounts:remove',
    status: 202,
    answer: AccountCommandAnswer,
    refusals: ['not-found', 'revision-conflict'],
  })
  remove(
    @Context() { command, membership }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('acc') accountId: string,
  ): Promise<AccountCommandAnswer | Refusal> {
    return this.commands.execute(new RemoveAccount(command as CommandContext, workspaceId, accountId, membership));
  }
}
