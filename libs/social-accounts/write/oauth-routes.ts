import { Controller, Get, Param, Post, Query, Req } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { Answered, CommandRoute, Context, GuessLimits, MayBeAbsent, QueryRoute, type RequestContext } from '#http';
import { Clock, isRefusal, newCommandId, ReadModels, ReadStore, Refusal, streamName, Streams } from '#kernel';
import { workspace, workspacesReadModel } from '#workspaces';
import { isPast } from '../domain/connection.js';
import { PlatformLogins } from '../platform.js';
import { SocialAccountsSettings } from '../settings.js';
import { OAuthFlows } from './oauth-flows.js';
import { ReceiveCallback } from './receive-callback.js';
import { asksForPage, refusalPage } from './refusal-page.js';
import { startPage, type StartPage } from './start-page.js';
import { factsOf } from './settle-authorization.js';

/** What we read of a callback; platforms add parameters of their own, which their adapters look at. */
export class CallbackParameters {
  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsString()
  readonly state?: string;

  @ApiPropertyOptional()
  @MayBeAbsent()
  @IsString()
  readonly code?: string;
}

/** Where browsers come by themselves, without a bearer token: bound by `state`, by the flow cookie, and by start links. */
@Controller('v1/oauth')
export class OAuthRoutes {
  constructor(
    private readonly commands: CommandBus,
    private readonly flows: OAuthFlows,
    private readonly logins: PlatformLogins,
    private readonly streams: Streams,
    private readonly rows: ReadStore,
    private readonly readModels: ReadModels,
    private readonly settings: SocialAccountsSettings,
    private readonly clock: Clock,
    private readonly guesses: GuessLimits,
  ) {}

  @Get(':platform/callback')
  @QueryRoute({
    summary: 'Where a platform sends the browser back to.',
    requires: 'public',
    status: 302,
    answer: null,
    refusals: ['state-invalid', 'different-browser', 'rate-limited', 'unavailable'],
    ignoresUnknownParameters: true,
  })
  async callback(
    @Context() { correlationId, cookies, address }: RequestContext,
    @Param('platform') platform: string,
    @Query() _parameters: CallbackParameters,
    @Req() request: FastifyRequest,
  ): Promise<Answered<null> | Answered<string> | Refusal> {
    const context = { ...this.#context(correlationId), actor: { type: 'system' as const, id: 'oauth-callback' } };
    const parameters = new URL(request.url, this.settings.publicUrl).searchParams;
    const cookie = cookies[this.settings.flowCookie.name];
    const answer = await this.commands.execute(new ReceiveCallback(context, platform, parameters, cookie));
    if (isRefusal(answer)) {
      const refusal = answer.code === 'state-invalid' ? this.guesses.wrong('state', address, answer) : answer;
      return told(refusal, request, correlationId);
    }
    const position = answer.position === null ? {} : { position: answer.position };
    return new Answered(null, {
      status: 302,
      headers: { location: answer.location, 'referrer-policy': 'no-referrer', ...position },
    });
  }

  @Get('start/:secret')
  @QueryRoute({
    summary: 'A page that names who asks for a consent, and for which workspace.',
    requires: 'public',
    answer: null,
    produces: 'text/html',
    refusals: ['not-found', 'connection-lapsed', 'rate-limited'],
  })
  async showStart(
    @Context() { correlationId, address }: RequestContext,
    @Param('secret') secret: string,
    @Req() request: FastifyRequest,
  ): Promise<Answered<string> | Refusal> {
    const page = await this.#start(secret, address);
    if (isRefusal(page)) return told(page, request, correlationId);
    return new Answered(page.html, { headers: page.headers });
  }

  @Post('start/:secret')
  @CommandRoute({
    summary: 'Go on to the platform in this browser, which the consent then belongs to.',
    requires: 'public',
    answer: null,
    alsoAnswers: [303],
    refusals: ['not-found', 'connection-lapsed', 'different-browser', 'rate-limited'],
  })
  async useStart(
    @Context() { correlationId, cookies, address }: RequestContext,
    @Param('secret') secret: string,
    @Req() request: FastifyRequest,
  ): Promise<Answered<null> | Answered<string> | Refusal> {
    if (!isOwnPage(request.headers['sec-fetch-site'])) {
      const refusal = new Refusal('different-browser', 'Open the link yourself and press its button.');
      return told(refusal, request, correlationId);
    }
    const page = await this.#start(secret, address);
    if (isRefusal(page)) return told(page, request, correlationId);
    const { name, attributes } = this.settings.flowCookie;
    const cookie = this.flows.browserCookie(cookies[name], newCommandId());
    if (!(await this.flows.useStart(secret, page.flow, cookie))) return told(gone(), request, correlationId);
    const headers = { location: page.authorizationUrl, 'referrer-policy': 'no-referrer' };
    return new Answered(null, { status: 303, headers, setCookies: [`${name}=${cookie}; ${attributes}`] });
  }

  async #start(secret: string, address: string): Promise<StartPage | Refusal> {
    const found = await this.flows.findStart(secret);
    if (!found) return this.guesses.wrong('start', address, gone());
    const { connectionId, workspaceId, login } = found.flow.flow;
    const state = await factsOf(this.streams, connectionId, workspaceId);
    const platform = this.logins.byId(login);
    if (isRefusal(state) || !platform) return gone();
    if (state.status !== 'started' || isPast(state.facts.lapsesAt, this.clock.now())) {
      return new Refusal('connection-lapsed', 'This link was for 15 minutes. Ask for a new one.');
    }
    const method = this.logins.find(state.facts.platform, state.facts.method)?.method;
    if (!method) return gone();
    const secrets = this.flows.secretsOf(connectionId);
    const redirectUri = this.settings.redirectUri(login);
    return startPage({
      flow: found.flow,
      authorizationUrl: await platform.authorizationUrl({
        method,
        state: secrets.state,
        redirectUri,
        codeVerifier: secrets.codeVerifier,
      }),
      workspaceName: await this.#workspaceName(workspaceId),
      starterName: found.starterName,
      platformName: method.label,
    });
  }

  async #workspaceName(workspaceId: string): Promise<string> {
    const key = streamName(workspace, workspaceId);
    const ready = await this.readModels.ready(workspacesReadModel, workspaceId, null);
    if (isRefusal(ready)) return '';
    const name = (await this.rows.load(ready.copy, [key])).get(key)?.body['name'];
    return typeof name === 'string' ? name : '';
  }

  #context(correlationId: string) {
    const commandId = newCommandId();
    return { commandId, correlationId, causationId: commandId, at: this.clock.now() };
  }
}

/** Whether the button was pressed on our page: another site must not press it for somebody who has not seen who asks. */
const isOwnPage = (site: string | string[] | undefined): boolean =>
  site === undefined || site === 'same-origin' || site === 'none';

/** A refusal as its reader reads it: a page for people, a problem for programs. */
const told = (refusal: Refusal, { headers }: FastifyRequest, correlationId: string): Answered<string> | Refusal =>
  asksForPage(headers.accept) ? refusalPage(refusal, correlationId) : refusal;

/** The one answer to a start link that is unknown, altered or used up. */
const gone = (): Refusal => new Refusal('not-found', 'This link is not valid any more. Ask for a new one.');
