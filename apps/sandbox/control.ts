import type { FastifyInstance } from 'fastify';
import { isIdentity } from './authorization.js';
import type { CallLog } from './call-log.js';
import type { Controls } from './controls.js';
import { faultAnswers, type Faults } from './faults.js';
import type { Grants } from './grants.js';
import { endpoints, type IdentityId, type Thing } from './platform.js';
import type { World } from './world.js';

const MAX_FAULT_TIMES = 10_000;
const MAX_LIFETIME_SECONDS = 100 * 366 * 24 * 60 * 60;
const MAX_NAME_CHARACTERS = 200;
const DROPPABLE_KINDS: readonly Thing['kind'][] = ['page', 'organization'];

export interface ControlParts {
  readonly platforms: readonly string[];
  readonly controls: Controls;
  readonly grants: Grants;
  readonly world: World;
  readonly faults: Faults;
  readonly log: CallLog;
}

/** What is wrong with an order, in a sentence; the route turns it into a 400. */
class WrongOrder extends Error {}

type Order = Readonly<Record<string, unknown>>;
type Verb = (order: Order, parts: ControlParts) => void;

/** `POST /control` and the log. Orders are all or nothing: what is wrong is found before anything changes. */
export function serveControl(server: FastifyInstance, parts: ControlParts): void {
  server.post('/control', (request, reply) => {
    try {
      obey(request.body, parts);
    } catch (error) {
      if (error instanceof WrongOrder) return reply.code(400).send({ message: error.message });
      throw error;
    }
    return reply.code(204).send();
  });
  server.get('/log', () => parts.log.all());
  server.delete('/log', (_request, reply) => {
    parts.log.reset();
    return reply.code(204).send();
  });
}

const verbs: Readonly<Record<string, { readonly fields: readonly string[]; readonly carryOut: Verb }>> = {
  'revoke-grant': {
    fields: ['platform', 'identity'],
    carryOut: (order, { grants, platforms }) =>
      grants.revokeIdentity(oneOf(order, 'platform', platforms), readIdentity(order)),
  },
  'drop-page': {
    fields: ['name'],
    carryOut: (order, { world }) => world.setDropped(findThing(order, world, DROPPABLE_KINDS), true),
  },
  'restore-page': {
    fields: ['name'],
    carryOut: (order, { world }) => world.setDropped(findThing(order, world, DROPPABLE_KINDS), false),
  },
  'page-tasks': {
    fields: ['name', 'tasks'],
    carryOut: (order, { world }) => world.setTasks(findThing(order, world, ['page']), readTasks(order)),
  },
  next: {
    fields: ['platform', 'endpoint', 'times', 'answer'],
    carryOut: (order, { faults, platforms }) =>
      faults.order({
        platform: oneOf(order, 'platform', platforms),
        endpoint: oneOf(order, 'endpoint', [...endpoints, 'any'] as const),
        times: readWhole({ times: 1, ...order }, 'times', 1, MAX_FAULT_TIMES),
        answer: oneOf(order, 'answer', faultAnswers),
      }),
  },
  lifetimes: {
    fields: ['platform', 'accessSeconds', 'refreshSeconds'],
    carryOut: (order, { controls, platforms }) =>
      controls.set('lifetimes', oneOf(order, 'platform', platforms), {
        accessSeconds: readWhole(order, 'accessSeconds', 1, MAX_LIFETIME_SECONDS),
        refreshSeconds:
          (order['refreshSeconds'] ?? null) === null
            ? null
            : readWhole(order, 'refreshSeconds', 1, MAX_LIFETIME_SECONDS),
      }),
  },
  rename: {
    fields: ['platform', 'identity', 'name', 'to'],
    carryOut: (order, { world, platforms }) =>
      world.rename(thingToRename(order, world, oneOf(order, 'platform', platforms)), readText(order, 'to')),
  },
  reset: {
    fields: [],
    carryOut: (_order, { controls, faults, log }) => {
      controls.reset();
      faults.reset();
      log.reset();
    },
  },
};

function obey(body: unknown, parts: ControlParts): void {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new WrongOrder('An order is a JSON object with "do".');
  }
  const order = body as Order;
  const name = oneOf(order, 'do', Object.keys(verbs));
  const verb = verbs[name];
  if (verb === undefined) throw new WrongOrder(`"do" cannot be ${name}.`);
  const unknown = Object.keys(order).filter((field) => field !== 'do' && !verb.fields.includes(field));
  if (unknown.length > 0) throw new WrongOrder(`"${name}" does not take ${unknown.join(', ')}.`);
  verb.carryOut(order, parts);
}

function thingToRename(order: Order, world: World, platform: string): Thing {
  if ((order['identity'] === undefined) === (order['name'] === undefined)) {
    throw new WrongOrder('"rename" takes either an identity or a name.');
  }
  if (order['name'] !== undefined) return findThing(order, world, undefined, platform);
  const user = world.user(platform, readIdentity(order));
  if (user === undefined) throw new WrongOrder('The identity has no user on this platform.');
  return user;
}

function findThing(order: Order, world: World, kinds?: readonly Thing['kind'][], platform?: string): Thing {
  const name = readText(order, 'name');
  const thing = world.find(name, platform);
  if (thing === undefined || (kinds !== undefined && !kinds.includes(thing.kind))) {
    throw new WrongOrder(`There is nothing called "${name}" that this can be done to.`);
  }
  return thing;
}

function readIdentity(order: Order): IdentityId {
  const identity = order['identity'];
  if (!isIdentity(identity)) throw new WrongOrder('"identity" must be ada, ben or cho.');
  return identity;
}

function readTasks(order: Order): string[] {
  const tasks = order['tasks'];
  if (!Array.isArray(tasks) || !tasks.every((task): task is string => /^[A-Z_]{1,40}$/.test(String(task)))) {
    throw new WrongOrder('"tasks" must be a list of task names such as CREATE_CONTENT.');
  }
  return tasks;
}

function readText(order: Order, field: string): string {
  const text = order[field];
  if (typeof text !== 'string' || text.trim() === '' || text.length > MAX_NAME_CHARACTERS) {
    throw new WrongOrder(`"${field}" must be a text of 1 to ${String(MAX_NAME_CHARACTERS)} characters.`);
  }
  return text;
}

function readWhole(order: Order, field: string, least: number, most: number): number {
  const value = order[field];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new WrongOrder(`"${field}" must be a whole number from ${String(least)} to ${String(most)}.`);
  }
  return value;
}

function oneOf<Value extends string>(order: Order, field: string, values: readonly Value[]): Value {
  const found = values.find((value) => value === order[field]);
  if (found === undefined) throw new WrongOrder(`"${field}" must be one of ${values.join(', ')}.`);
  return found;
}
