import type { Controls } from './controls.js';
import type { IdentityId, SandboxPlatform, Thing } from './platform.js';

/** What a Page allows its owner, unless the control says otherwise; the right to post is `CREATE_CONTENT`. */
export const ALL_PAGE_TASKS: readonly string[] = [
  'ADVERTISE',
  'ANALYZE',
  'CREATE_CONTENT',
  'MESSAGING',
  'MODERATE',
  'MANAGE',
];

/** The people and things of all platforms as they are now: what the platforms start with, under what the control changed. */
export class World {
  readonly #controls: Controls;
  readonly #platforms: readonly SandboxPlatform[];

  constructor(controls: Controls, platforms: readonly SandboxPlatform[]) {
    this.#controls = controls;
    this.#platforms = platforms;
  }

  /** The thing that is called so now, or was called so at first. */
  find(name: string, platform?: string): Thing | undefined {
    const things = this.#platforms
      .filter(({ id }) => platform === undefined || id === platform)
      .flatMap(({ things: own }) => own);
    return things.find((thing) => this.name(thing) === name) ?? things.find((thing) => thing.name === name);
  }

  user(platform: string, identity: IdentityId): Thing | undefined {
    return this.#platforms.find(({ id }) => id === platform)?.user(identity);
  }

  byId(platform: string, id: string): Thing | undefined {
    return this.#platforms.find((one) => one.id === platform)?.things.find((thing) => thing.id === id);
  }

  name(thing: Thing): string {
    const renamed = this.#controls.get('name', keyOf(thing));
    return typeof renamed === 'string' ? renamed : thing.name;
  }

  rename(thing: Thing, to: string): void {
    this.#controls.set('name', keyOf(thing), to);
  }

  /** Whether its owner has lost it: a Page role that was taken away, an organisation that was left. */
  isDropped(thing: Thing): boolean {
    return this.#controls.get('dropped', keyOf(thing)) === true;
  }

  setDropped(thing: Thing, dropped: boolean): void {
    if (dropped) this.#controls.set('dropped', keyOf(thing), true);
    else this.#controls.remove('dropped', keyOf(thing));
  }

  tasks(page: Thing): readonly string[] {
    const tasks = this.#controls.get('tasks', keyOf(page));
    return Array.isArray(tasks) ? tasks.map(String) : ALL_PAGE_TASKS;
  }

  setTasks(page: Thing, tasks: readonly string[]): void {
    this.#controls.set('tasks', keyOf(page), tasks);
  }
}

/** Where the picture of a thing is served; the same for its whole life. */
export function pictureUrl(origin: string, thing: Thing): string {
  return `${origin}/pictures/${thing.platform}/${thing.id}.svg`;
}

function keyOf({ platform, id }: Thing): string {
  return `${platform}:${id}`;
}
