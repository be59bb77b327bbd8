import { applyDecorators, SetMetadata, type Type } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiExcludeEndpoint, ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { RefusalCode } from '#kernel';
import type { Requirement } from './access.js';

/** The class that describes an answer's fields to the API's description; in a list, that of each item; null for no body. */
export type AnswerShape = Type | readonly [Type] | null;

interface SharedOptions {
  /** One line for the API's description. */
  readonly summary: string;
  readonly requires: Requirement;
  /** There only in the sandbox, and only for callers on this machine. */
  readonly sandboxOnly?: boolean;
  /** The media type of an answer that is not JSON. */
  readonly produces?: string;
  /** Statuses of success that the route answers besides its usual one. */
  readonly alsoAnswers?: readonly number[];
}

export interface CommandRouteOptions extends SharedOptions {
  /** 201 where something with an id of its own is made, 202 where work goes on, else 200. */
  readonly status?: 200 | 201 | 202;
  readonly answer: AnswerShape;
  /** Every refusal of the handler; those that stand in front of it are known. */
  readonly refusals: readonly RefusalCode[];
  /** Whether the route takes an `Idempotency-Key`. Public routes never do: a key belongs to a principal. */
  readonly idempotency?: boolean;
  /** How long the caller waits at most before 503; `COMMAND_TIME_LIMIT_MS` unless given. */
  readonly timeLimitMs?: number;
}

export interface QueryRouteOptions extends SharedOptions {
  readonly status?: 200 | 302;
  readonly answer: AnswerShape;
  readonly refusals?: readonly RefusalCode[];
  /** Parameters that the query's class does not know are dropped, not refused: platforms add their own to a callback. */
  readonly ignoresUnknownParameters?: boolean;
}

/** What a route's decorator has declared. One object for each decorated method. */
export interface RoutePlan {
  readonly kind: 'command' | 'query';
  readonly summary: string;
  readonly requires: Requirement;
  readonly status: number;
  readonly alsoAnswers: readonly number[];
  readonly answer: AnswerShape;
  readonly produces: string | null;
  readonly refusals: readonly RefusalCode[];
  readonly idempotency: boolean;
  readonly sandboxOnly: boolean;
  readonly ignoresUnknownParameters: boolean;
  readonly timeLimitMs: number | null;
}

/** Every command is answered within this time, if need be with 503 while its work goes on. */
export const COMMAND_TIME_LIMIT_MS = 10_000;

export const ROUTE_PLAN = Symbol('route plan');
export const INTERNAL_ROUTE = Symbol('internal route');

const declare = (plan: RoutePlan): MethodDecorator =>
  applyDecorators(
    SetMetadata(ROUTE_PLAN, plan),
    // The plan rides on Fastify's own route, where the hooks before the controller find it without a search.
    RouteConfig({ plan }),
    ApiOperation({ summary: plan.summary }),
    ...[plan.status, ...plan.alsoAnswers].map((status) => describeAnswer(status, plan.answer)),
  );

function describeAnswer(status: number, answer: AnswerShape): MethodDecorator {
  if (answer === null) return ApiResponse({ status });
  const [type, isArray] = typeof answer === 'function' ? [answer, false] : [answer[0], true];
  return ApiResponse({ status, type, isArray });
}

const shared = (options: SharedOptions) => ({
  summary: options.summary,
  requires: options.requires,
  alsoAnswers: options.alsoAnswers ?? [],
  produces: options.produces ?? null,
  sandboxOnly: options.sandboxOnly ?? false,
});

/** Declares a route that changes something: POST, PUT, PATCH or DELETE. */
export function CommandRoute(options: CommandRouteOptions): MethodDecorator {
  return declare({
    ...shared(options),
    kind: 'command',
    status: options.status ?? 200,
    answer: options.answer,
    refusals: options.refusals,
    idempotency: (options.idempotency ?? true) && options.requires !== 'public',
    ignoresUnknownParameters: false,
    timeLimitMs: options.timeLimitMs ?? COMMAND_TIME_LIMIT_MS,
  });
}

/** Declares a route that only reads: GET. */
export function QueryRoute(options: QueryRouteOptions): MethodDecorator {
  return declare({
    ...shared(options),
    kind: 'query',
    status: options.status ?? 200,
    answer: options.answer,
    refusals: options.refusals ?? [],
    idempotency: false,
    ignoresUnknownParameters: options.ignoresUnknownParameters ?? false,
    timeLimitMs: null,
  });
}

/** Marks a handler that answers by itself, outside these rules and outside the API's description (health, metrics). */
export const InternalRoute = (): MethodDecorator =>
  applyDecorators(SetMetadata(INTERNAL_ROUTE, true), ApiExcludeEndpoint());
