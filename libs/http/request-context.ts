import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { CommandContext, Position } from '#kernel';
import type { Membership, Principal } from './access.js';
import type { RoutePlan } from './routes.js';

/** What a handler is told about its request besides parameters and body. */
export interface RequestContext {
  readonly principal: Principal | null;
  readonly workspaceId: string | null;
  readonly membership: Membership | null;
  readonly correlationId: string;
  /** On command routes. */
  readonly command: CommandContext | null;
  /** On query routes: what the answer must include. */
  readonly readAfter: Position | null;
  /** The origin of redirect URIs and links, without a slash at the end. */
  readonly baseUrl: string;
  readonly cookies: Readonly<Record<string, string | undefined>>;
  /** The address of the connection's other end; forwarding headers are not believed. */
  readonly address: string;
}

/** The context while the hooks, the guard and the interceptor fill it in. */
export type RequestState = { -readonly [Field in keyof RequestContext]: RequestContext[Field] } & {
  readonly startedAt: bigint;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Made by the first hook; null only where the router has turned the request down before any hook. */
    state: RequestState | null;
  }
  interface FastifyContextConfig {
    plan?: RoutePlan;
  }
}

/** The state of a request that has passed the first hook. */
export function stateOf(request: FastifyRequest): RequestState {
  if (request.state === null) throw new Error('The request has passed no hook: applyHttp was not called.');
  return request.state;
}

/** Injects the `RequestContext` into a handler's parameter. */
export const Context: () => ParameterDecorator = createParamDecorator(
  (_: unknown, context: ExecutionContext): RequestContext =>
    stateOf(context.switchToHttp().getRequest<FastifyRequest>()),
);
