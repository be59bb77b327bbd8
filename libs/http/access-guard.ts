import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { notFound, Refusal } from '#kernel';
import {
  Authorizer,
  type Membership,
  permissionMissing,
  type Principal,
  type Requirement,
  type Scope,
} from './access.js';
import { areWellFormed } from './path-parameters.js';
import { Refused } from './refused.js';
import { type RequestState, stateOf } from './request-context.js';
import { type Route, RouteTable } from './route-table.js';

/**
 * Lets a request through to its handler only when the route's declaration says so. Who calls is known by now; here it is
 * decided what they may do, and everything that they may not see is the same 404 (T18, T20).
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly routes: RouteTable,
    private readonly authorizer: Authorizer,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { plan } = request.routeOptions.config;
    const route = plan === undefined ? undefined : this.routes.routeOf(plan);
    if (route === undefined) return this.routes.isInternal(context.getHandler());
    const refusal = await this.refusal(route, request.params as Record<string, string>, stateOf(request));
    if (refusal !== null) throw new Refused(refusal);
    return true;
  }

  private async refusal(
    route: Route,
    parameters: Record<string, string>,
    state: RequestState,
  ): Promise<Refusal | null> {
    const { principal } = state;
    if (route.inWorkspace && principal !== null) {
      const workspaceId = parameters['ws'] ?? '';
      const membership = await this.authorizer.membership(principal, workspaceId);
      if (membership instanceof Refusal) return membership;
      state.workspaceId = workspaceId;
      state.membership = membership;
    }
    if (!areWellFormed(parameters)) return notFound('thing');
    return principal === null ? null : missing(route.plan.requires, principal, state.membership);
  }
}

function missing(requires: Requirement, principal: Principal, membership: Membership | null): Refusal | null {
  if (requires === 'public' || requires === 'authenticated') return null;
  if (requires === 'user') return principal.kind === 'user' ? null : personNeeded();
  if (typeof requires === 'string')
    return membership?.permissions.has(requires) === true ? null : permissionMissing(requires);
  const scope: Scope = 'scope' in requires ? requires.scope : requires.orScope;
  if (principal.scopes.includes(scope)) return null;
  if ('scope' in requires) return permissionMissing(scope);
  return membership?.permissions.has(requires.permission) === true ? null : permissionMissing(requires.permission);
}

const personNeeded = (): Refusal => new Refusal('permission-denied', 'This is for people; a service cannot do it.');
