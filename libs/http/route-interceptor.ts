import { type CallHandler, type ExecutionContext, Inject, Injectable, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { Clock, isRefusal, newCommandId, Refusal, type RefusalCode } from '#kernel';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { type CommandIdentity, IdempotentRequests, type KeyedRequest, type Outcome } from './idempotency.js';
import { type Outgoing, outgoing, prepare, refused } from './outgoing.js';
import { idempotencyKeyOf, ifMatchOf, readAfterOf } from './request-headers.js';
import { type RequestState, stateOf } from './request-context.js';
import { type Route, RouteTable } from './route-table.js';
import { refusalOf, unavailable } from './unexpected.js';

/** Refusals that leave a key open: the next try may well end otherwise. So do the statuses 401, 403, 429 and 5xx. */
const OPEN_CODES: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['revision-conflict', 'request-in-progress']);
const OPEN_STATUSES: ReadonlySet<number> = new Set([401, 403, 429]);

/** One request on its way through a route. */
interface Passage {
  readonly route: Route;
  readonly request: FastifyRequest;
  readonly state: RequestState;
  readonly next: CallHandler;
}

/**
 * Stands around every handler: checks what was sent against its class before anything is written, makes the command's
 * context, minds the idempotency key, and turns what the handler returns into an answer.
 */
@Injectable()
export class RouteInterceptor implements NestInterceptor {
  constructor(
    private readonly routes: RouteTable,
    private readonly idempotentRequests: IdempotentRequests,
    private readonly clock: Clock,
    @Inject(HTTP_OPTIONS) private readonly options: HttpOptions,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    const { plan } = request.routeOptions.config;
    const route = plan === undefined ? undefined : this.routes.routeOf(plan);
    if (route === undefined) return next.handle();
    const passage = { route, request, state: stateOf(request), next };
    const answer = route.plan.kind === 'query' ? this.query(passage) : this.command(passage);
    return from(answer.then((ready) => prepare(reply, ready)));
  }

  private async query(passage: Passage): Promise<Outgoing> {
    const { route, request, state } = passage;
    const query = route.validateQuery(request.query);
    if (query instanceof Refusal) return refused(query, state.correlationId);
    const readAfter = readAfterOf(request.headers);
    if (readAfter instanceof Refusal) return refused(readAfter, state.correlationId);
    request.query = query;
    state.readAfter = readAfter;
    return (await this.handle(passage)).answer;
  }

  private async command(passage: Passage): Promise<Outgoing> {
    const { route, request, state } = passage;
    const { body: sent, headers } = request;
    const query = route.validateQuery(request.query);
    const body = route.validateBody(sent);
    const ifMatch = ifMatchOf(headers);
    const key = route.plan.idempotency ? idempotencyKeyOf(headers) : null;
    for (const part of [query, body, ifMatch, key]) if (isRefusal(part)) return refused(part, state.correlationId);
    request.query = query;
    request.body = body;
    const execute = (command: CommandIdentity): Promise<Outcome<Outgoing>> => {
      state.command = {
        commandId: command.commandId,
        correlationId: command.correlationId,
        causationId: command.commandId,
        actor: { type: state.principal?.kind ?? 'client', id: state.principal?.id ?? 'anonymous' },
        at: command.at,
        ...(typeof ifMatch === 'number' ? { ifMatch } : {}),
        ...(command.mayBeDone ? { mayBeDone: true } : {}),
      };
      return this.handle(passage);
    };
    const work =
      typeof key === 'string' && state.principal !== null
        ? this.underKey(
            { ...keyed(passage, body === undefined ? null : sent), key, principal: state.principal },
            execute,
          )
        : execute(this.newCommand(state.correlationId)).then((outcome) => outcome.answer);
    return this.inTime(work, route, state.correlationId);
  }

  private newCommand(correlationId: string): CommandIdentity {
    return { commandId: newCommandId(), correlationId, at: this.clock.now(), mayBeDone: false };
  }

  private async underKey(
    request: KeyedRequest,
    execute: (command: CommandIdentity) => Promise<Outcome<Outgoing>>,
  ): Promise<Outgoing> {
    try {
      const answer = await this.idempotentRequests.answer(request, execute);
      return isRefusal(answer) ? refused(answer, request.correlationId) : answer;
    } catch (error) {
      return refused(this.refusalOf(error, request.correlationId), request.correlationId);
    }
  }

  /** The handler's answer. It never rejects: what a handler throws is an answer too. */
  private async handle({ route, state, next }: Passage): Promise<Outcome<Outgoing>> {
    const { correlationId } = state;
    try {
      const result: unknown = await lastValueFrom(next.handle(), { defaultValue: undefined });
      const answer = outgoing(result, route.plan.status, correlationId);
      if (!route.statuses.has(answer.status)) this.tellUndeclared(route, answer.status, correlationId);
      return { answer, kept: isKept(result, answer) };
    } catch (error) {
      return { answer: refused(this.refusalOf(error, correlationId), correlationId), kept: false };
    }
  }

  private tellUndeclared(route: Route, status: number, correlationId: string): void {
    const handler = `${route.controller.name}.${route.methodName}`;
    this.options.logger.error(
      { correlationId, handler, status },
      'a handler answered a status that its route does not declare',
    );
  }

  private refusalOf(error: unknown, correlationId: string): Refusal {
    return refusalOf(error, correlationId, this.options.logger, this.options.logErrorMessages ?? false);
  }

  /** The answer, or 503 when it takes too long. The work goes on, and a key gets its answer when it is there. */
  private async inTime(work: Promise<Outgoing>, route: Route, correlationId: string): Promise<Outgoing> {
    const { timeLimitMs } = route.plan;
    if (timeLimitMs === null) return work;
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<Outgoing>((resolve) => {
      timer = setTimeout(() => resolve(refused(unavailable(), correlationId)), timeLimitMs);
    });
    try {
      return await Promise.race([work, tooLate]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Kept for a key are successes and refusals of the decider. A stream cannot be. */
function isKept(result: unknown, { status, body }: Outgoing): boolean {
  if (isRefusal(result) && OPEN_CODES.has(result.code)) return false;
  return !OPEN_STATUSES.has(status) && status < 500 && (body === null || typeof body === 'string');
}

function keyed({ route, request, state }: Passage, body: unknown): Omit<KeyedRequest, 'key' | 'principal'> {
  const end = request.url.indexOf('?');
  return {
    workspaceId: state.workspaceId,
    method: route.method,
    path: end === -1 ? request.url : request.url.slice(0, end),
    body,
    correlationId: state.correlationId,
  };
}
