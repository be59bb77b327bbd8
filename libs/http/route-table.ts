import { Injectable, type OnModuleInit, RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA, ROUTE_ARGS_METADATA, RouteParamtypes } from '@nestjs/common/internal';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { Permission, Requirement } from './access.js';
import { declaredRefusals, declaredSuccesses } from './declared-answers.js';
import { INTERNAL_ROUTE, ROUTE_PLAN, type RoutePlan } from './routes.js';
import { bodyValidator, queryValidator, type Validator } from './validation.js';

/** A route as requests meet it: everything that can be known at the start is worked out there. */
export interface Route {
  readonly plan: RoutePlan;
  readonly controller: Type;
  readonly methodName: string;
  readonly method: string;
  /** Paths as the router writes them: `/v1/workspaces/:ws`. */
  readonly patterns: readonly string[];
  /** Whether the path names a workspace, as `:ws`. */
  readonly inWorkspace: boolean;
  /** Every status that the route declares. */
  readonly statuses: ReadonlySet<number>;
  readonly validateBody: Validator;
  readonly validateQuery: Validator;
}

type Handler = (...parameters: never[]) => unknown;

/**
 * Every route of the application. It refuses to start an application in which a handler has no declaration, or one that
 * cannot hold: what nobody has thought about is not served (T28).
 */
@Injectable()
export class RouteTable implements OnModuleInit {
  private readonly routes = new Map<RoutePlan, Route>();
  private readonly internal = new Set<unknown>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const faults: string[] = [];
    for (const { metatype } of this.discovery.getControllers()) {
      if (typeof metatype !== 'function') continue;
      const controller = metatype as Type;
      const prototype = controller.prototype as Record<string, Handler>;
      for (const name of this.scanner.getAllMethodNames(prototype)) {
        const handler = prototype[name];
        if (handler !== undefined && Reflect.hasMetadata(PATH_METADATA, handler))
          faults.push(...this.add(controller, name, handler));
      }
    }
    if (faults.length > 0) throw new Error(`The application does not start:\n${faults.join('\n')}`);
  }

  get all(): readonly Route[] {
    return [...this.routes.values()];
  }

  routeOf(plan: RoutePlan): Route | undefined {
    return this.routes.get(plan);
  }

  /** Whether the handler is marked as one that answers by itself. */
  isInternal(handler: unknown): boolean {
    return this.internal.has(handler);
  }

  private add(controller: Type, methodName: string, handler: Handler): readonly string[] {
    if (Reflect.hasMetadata(INTERNAL_ROUTE, handler)) {
      this.internal.add(handler);
      return [];
    }
    const name = `${controller.name}.${methodName}`;
    const plan = Reflect.getMetadata(ROUTE_PLAN, handler) as RoutePlan | undefined;
    if (plan === undefined) return [`${name} has neither CommandRoute nor QueryRoute.`];
    if (this.routes.has(plan)) return [`${name} is served by two controllers; each needs a method of its own.`];
    const route = describe(plan, controller, methodName, handler);
    this.routes.set(plan, route);
    return faultsOf(route, handler).map((fault) => `${name} ${fault}`);
  }
}

function describe(plan: RoutePlan, controller: Type, methodName: string, handler: Handler): Route {
  const patterns = pathsOf(controller).flatMap((root) => pathsOf(handler).map((path) => joined(root, path)));
  return {
    plan,
    controller,
    methodName,
    method: RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as number] ?? '',
    patterns,
    inWorkspace: patterns.some(namesWorkspace),
    statuses: new Set([
      ...declaredSuccesses(plan),
      ...declaredRefusals(
        plan,
        patterns.some((pattern) => /[:*]/.test(pattern)),
      ).keys(),
    ]),
    validateBody: bodyValidator(parameterType(controller, methodName, RouteParamtypes.BODY)),
    validateQuery: queryValidator(
      parameterType(controller, methodName, RouteParamtypes.QUERY),
      plan.ignoresUnknownParameters,
    ),
  };
}

const namesWorkspace = (pattern: string): boolean => pattern.split('/').includes(':ws');

function pathsOf(target: Type | Handler): readonly string[] {
  const path = Reflect.getMetadata(PATH_METADATA, target) as string | readonly string[];
  return typeof path === 'string' ? [path] : path;
}

const joined = (root: string, path: string): string =>
  `/${[root, path]
    .map((part) => part.replace(/^\/+|\/+$/g, ''))
    .filter((part) => part !== '')
    .join('/')}`;

interface RouteArgument {
  readonly index: number;
  /** The name of one field, where a decorator asks for that alone. */
  readonly data: unknown;
}

function routeArguments(controller: Type, methodName: string, kind: RouteParamtypes): readonly RouteArgument[] {
  const all = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, methodName) ?? {}) as Record<string, RouteArgument>;
  return Object.entries(all)
    .filter(([key]) => key.startsWith(`${kind}:`))
    .map(([, argument]) => argument);
}

/** The declared class of the handler's body or query parameter, or null without such a parameter. */
function parameterType(controller: Type, methodName: string, kind: RouteParamtypes): Type | null {
  const argument = routeArguments(controller, methodName, kind)[0];
  if (argument === undefined) return null;
  const types = Reflect.getMetadata('design:paramtypes', controller.prototype as object, methodName) as Type[];
  return types[argument.index] ?? null;
}

function faultsOf(route: Route, handler: Handler): readonly string[] {
  const { plan, controller, methodName } = route;
  const faults: string[] = [];
  if ((plan.kind === 'query') !== (route.method === 'GET'))
    faults.push(`is declared as a ${plan.kind}, but its method is ${route.method}.`);
  const permission = permissionOf(plan.requires);
  if (permission !== null && !route.patterns.every(namesWorkspace))
    faults.push(`requires ${permission}, which one has in a workspace only, but its path has no :ws.`);
  if (
    handler.length > 0 &&
    Reflect.getMetadata('design:paramtypes', controller.prototype as object, methodName) === undefined
  )
    faults.push('has parameters without types that could be read at run time.');
  for (const kind of [RouteParamtypes.BODY, RouteParamtypes.QUERY]) {
    const found = routeArguments(controller, methodName, kind);
    if (found.some((argument) => argument.data !== undefined) || found.length > 1)
      faults.push('takes a part of its body or query; take the whole as one validated class.');
    const type = parameterType(controller, methodName, kind);
    if (found.length > 0 && (type === null || type === Object || type === Array || type === String))
      faults.push('takes a body or query whose type is no class: nothing would be validated.');
  }
  return faults;
}

function permissionOf(requires: Requirement): Permission | null {
  if (typeof requires === 'object') return 'permission' in requires ? requires.permission : null;
  return requires === 'authenticated' || requires === 'user' || requires === 'public' ? null : requires;
}
