import { Body, Controller, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsObject, IsString, Length } from 'class-validator';
import {
  Answered,
  CommandRoute,
  Context,
  MayBeAbsent,
  type Membership,
  type Principal,
  type RequestContext,
} from '#http';
import { isRefusal, Refusal, type CommandContext } from '#kernel';
import { SELECTION_LIMIT } from '../domain/connection.js';
import { ACCOUNT_TYPES, METHODS, PLATFORMS } from '../platform.js';
import { SocialAccountsSettings } from '../settings.js';
import { AccountGate } from './account-gate.js';
import { SelectCandidates } from './select-candidates.js';
import { StartConnection, type ConnectionRequest, type StartedConnection } from './start-connection.js';

const URL_LIMIT = 2_000;

export class StartConnectionBody {
  @ApiProperty({ enum: PLATFORMS })
  @IsIn(PLATFORMS)
  readonly platform!: string;

  @ApiPropertyOptional({ enum: METHODS, description: 'Required where a platform has several methods.' })
  @MayBeAbsent()
  @IsIn(METHODS)
  readonly method?: string;

  @ApiPropertyOptional({ enum: ACCOUNT_TYPES, description: 'Leaves only candidates of this type.' })
  @MayBeAbsent()
  @IsIn(ACCOUNT_TYPES)
  readonly accountType?: string;

  @ApiPropertyOptional({ description: 'The server of a platform that has many.', maxLength: 200 })
  @MayBeAbsent()
  @IsString()
  @Length(1, 200)
  readonly instance?: string;

  @ApiPropertyOptional({
    description: 'For platforms that take an app password.',
    type: 'object',
    additionalProperties: { type: 'string' },
  })
  @MayBeAbsent()
  @IsObject()
  readonly credentials?: Readonly<Record<string, string>>;

  @ApiPropertyOptional({ description: 'Reconnect this account instead of connecting another.' })
  @MayBeAbsent()
  @IsString()
  @Length(1, 100)
  readonly reconnectAccountId?: string;

  @ApiPropertyOptional({
    description: 'Where the browser goes in the end: a path here, or an allowed origin.',
    maxLength: URL_LIMIT,
  })
  @MayBeAbsent()
  @IsString()
  @Length(1, URL_LIMIT)
  readonly returnUrl?: string;
}

export class ReconnectBody {
  @ApiPropertyOptional({ enum: METHODS, description: "The account's present method unless named." })
  @MayBeAbsent()
  @IsIn(METHODS)
  readonly method?: string;

  @ApiPropertyOptional({ maxLength: URL_LIMIT })
  @MayBeAbsent()
  @IsString()
  @Length(1, URL_LIMIT)
  readonly returnUrl?: string;
}

export class StartedConnectionAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly revision!: number;
  @ApiProperty() readonly position!: string;
  @ApiProperty({ enum: ['started'] }) readonly status!: string;
  @ApiProperty({ description: 'For the browser that brought the request.' }) readonly authorizationUrl!: string;
  @ApiProperty({ description: 'For any other browser: one use, 15 minutes.' }) readonly startUrl!: string;
  @ApiProperty({ format: 'date-time' }) readonly lapsesAt!: string;
}

export class SelectionBody {
  @ApiProperty({ type: [String], minItems: 1, maxItems: SELECTION_LIMIT })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SELECTION_LIMIT)
  @IsString({ each: true })
  @Length(1, 100, { each: true })
  readonly candidateIds!: string[];
}

export class SelectedAccountAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty({ enum: ['connected', 'reconnected', 'unchanged'] }) readonly outcome!: string;
}

export class SelectionAnswer {
  @ApiProperty() readonly id!: string;
  @ApiProperty() readonly revision!: number;
  @ApiProperty() readonly position!: string;
  @ApiProperty({ type: [SelectedAccountAnswer] }) readonly accounts!: readonly SelectedAccountAnswer[];
}

@Controller('v1/workspaces/:ws')
export class ConnectionRoutes {
  constructor(
    private readonly commands: CommandBus,
    private readonly gate: AccountGate,
    private readonly settings: SocialAccountsSettings,
  ) {}

  @Post('connections')
  @CommandRoute({
    summary: 'Start connecting an account.',
    requires: 'accounts:connect',
    status: 201,
    answer: StartedConnectionAnswer,
    refusals: [
      'validation-failed',
      'not-found',
      'account-removed',
      'account-type-not-supported',
      'platform-not-configured',
    ],
  })
  start(
    @Context() context: RequestContext,
    @Param('ws') workspaceId: string,
    @Body() body: StartConnectionBody,
  ): Promise<Answered<StartedConnectionAnswer> | Refusal> {
    const { platform, method, accountType, reconnectAccountId, returnUrl } = body;
    return this.#start(
      context,
      workspaceId,
      withoutUndefined({ platform, method, accountType, reconnectAccountId, returnUrl }),
    );
  }

  @Post('accounts/:acc/reconnect')
  @CommandRoute({
    summary: 'Start reconnecting this account, in place.',
    requires: 'accounts:connect',
    status: 201,
    answer: StartedConnectionAnswer,
    refusals: ['validation-failed', 'not-found', 'account-removed', 'platform-not-configured'],
  })
  async reconnect(
    @Context() context: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('acc') accountId: string,
    @Body() body: ReconnectBody,
  ): Promise<Answered<StartedConnectionAnswer> | Refusal> {
    const account = await this.gate.open(workspaceId, accountId, context.membership);
    if (isRefusal(account)) return account;
    const { returnUrl } = body;
    const request = {
      platform: account.platform,
      method: body.method ?? account.method,
      reconnectAccountId: accountId,
      returnUrl,
    };
    return this.#start(context, workspaceId, withoutUndefined(request));
  }

  @Post('connections/:con/selection')
  @CommandRoute({
    summary: 'Select the accounts to connect.',
    requires: 'accounts:connect',
    answer: SelectionAnswer,
    alsoAnswers: [202],
    refusals: [
      'validation-failed',
      'not-found',
      'permission-denied',
      'candidate-not-selectable',
      'already-decided',
      'connection-lapsed',
      'account-removed',
      'revision-conflict',
    ],
  })
  async select(
    @Context() { command }: RequestContext,
    @Param('ws') workspaceId: string,
    @Param('con') connectionId: string,
    @Body() body: SelectionBody,
  ): Promise<Answered<SelectionAnswer> | Refusal> {
    const answer = await this.commands.execute(
      new SelectCandidates(command as CommandContext, workspaceId, connectionId, body.candidateIds),
    );
    if (isRefusal(answer)) return answer;
    const { completed, ...body_ } = answer;
    return new Answered(body_, { status: completed ? 200 : 202 });
  }

  async #start(
    { command, membership, principal, cookies }: RequestContext,
    workspaceId: string,
    request: ConnectionRequest,
  ): Promise<Answered<StartedConnectionAnswer> | Refusal> {
    const { id, name } = principal as Principal;
    const starter = {
      membership: membership as Membership,
      name: name ?? id,
      browserCookie: cookies[this.settings.flowCookie.name],
    };
    const started: StartedConnection | Refusal = await this.commands.execute(
      new StartConnection(command as CommandContext, workspaceId, request, starter),
    );
    if (isRefusal(started)) return started;
    const { setCookie, ...answer } = started;
    return new Answered(answer, { setCookies: setCookie === null ? [] : [setCookie] });
  }
}

const withoutUndefined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
