import { setImmediate as nextTurn } from 'node:timers/promises';
import { CommandGate, Streams, Vault } from '#kernel';
import type { PlatformLogins } from '#social-accounts';
import type { SpecStores } from '../../libs/kernel/spec-stores.js';
import type { Chance } from './chance.js';
import { compose, type Parts } from './compose.js';

/** Where a process ends: at one of its writes, counted from 0, just before the store does it or just after. */
export interface CrashPoint {
  readonly write: number;
  readonly when: 'before' | 'after';
}

/** The process was ended. Nobody may take this for an answer. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

const WRITES = ['append', 'insertKey', 'destroyKey', 'insert', 'replace', 'remove'];
const READS = ['readStream', 'readLast', 'readKey', 'read', 'list'];

/** One process of the service over stores that it shares with others. Its kept states and keys are its own. */
export class Process {
  readonly parts: Parts;
  /** How many writes the stores have done or were about to do for it. */
  writes = 0;
  #isDead = false;

  constructor(
    stores: SpecStores,
    logins: PlatformLogins,
    private readonly crash: CrashPoint | null = null,
    /** Lets the process do its next step in a store. */
    private readonly turn: () => Promise<() => void> = () => Promise.resolve(() => undefined),
    gate = new CommandGate(),
  ) {
    const events = this.#guarded(stores.events);
    const vault = new Vault(this.#guarded(stores.vaultStore), stores.masterKeys);
    const streams = new Streams(events, vault, undefined, gate);
    this.parts = compose({ streams, vault, events, rows: stores.rows, logins });
  }

  #guarded<Store extends object>(store: Store): Store {
    return new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const call = (...args: readonly unknown[]): unknown => value.apply(target, args) as unknown;
        if (WRITES.includes(String(name))) return (...args: readonly unknown[]) => this.#write(() => call(...args));
        if (READS.includes(String(name))) return (...args: readonly unknown[]) => this.#step(() => call(...args));
        return call;
      },
    });
  }

  #write(call: () => unknown): Promise<unknown> {
    return this.#step(async () => {
      const isLast = this.crash?.write === this.writes;
      this.writes += 1;
      if (isLast && this.crash?.when === 'before') this.#end();
      const result = await call();
      if (isLast) this.#end();
      return result;
    });
  }

  async #step(call: () => unknown): Promise<unknown> {
    const done = await this.turn();
    try {
      if (this.#isDead) throw new Crash();
      return await call();
    } finally {
      done();
    }
  }

  #end(): never {
    this.#isDead = true;
    throw new Crash();
  }
}

/** Lets several processes work at once, one step in a store at a time, in an order that chance decides. */
export class Turns {
  readonly #waiting: { readonly of: number; readonly go: () => void }[] = [];
  readonly #working = new Set<number>();
  #underWay = 0;

  constructor(private readonly chance: Chance) {}

  /** What the n-th process calls before each step. */
  of(index: number): () => Promise<() => void> {
    return async () => {
      await new Promise<void>((go) => this.#waiting.push({ of: index, go }));
      return () => (this.#underWay -= 1);
    };
  }

  /** Runs the processes to their ends, which may be crashes. @throws what else one of them threw. */
  async run(works: readonly (() => Promise<unknown>)[]): Promise<void> {
    const running = works.map(async (work, index) => {
      this.#working.add(index);
      try {
        await work();
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      } finally {
        this.#working.delete(index);
      }
    });
    const ended = Promise.allSettled(running);
    while (this.#working.size > 0) {
      await nextTurn();
      if (this.#underWay === 0 && this.#everyoneWaits()) this.#goOn();
    }
    await ended;
    await Promise.all(running);
  }

  #everyoneWaits(): boolean {
    return [...this.#working].every((index) => this.#waiting.some(({ of }) => of === index));
  }

  #goOn(): void {
    const present = [...this.#working].sort((a, b) => a - b);
    const chosen = present[this.chance.below(present.length)];
    const place = this.#waiting.findIndex(({ of }) => of === chosen);
    const [step] = this.#waiting.splice(place < 0 ? 0 : place, 1);
    if (!step) return;
    this.#underWay += 1;
    step.go();
  }
}
