import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteEventStore } from '#event-store-sqlite';
import { SqliteReadStore } from '#read-store-sqlite';
import { SqliteVaultStore } from '#vault-sqlite';
import { Clock } from './clock.js';
import type { CommandContext } from './command.js';
import type { EventStore } from './event-store.js';
import { newCommandId } from './ids.js';
import type { ReadStore } from './read-store.js';
import { MasterKeys, Vault } from './vault.js';
import type { VaultStore } from './vault-store.js';

/** Domain time that moves when it is told to. */
export class ManualClock extends Clock {
  readonly #listeners = new Set<() => void>();

  constructor(private at: Date) {
    super();
  }

  override now(): Date {
    return this.at;
  }

  override onMoved(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  moveTo(at: Date): void {
    this.at = at;
    for (const listener of this.#listeners) listener();
  }

  advance(ms: number): void {
    this.moveTo(new Date(this.at.getTime() + ms));
  }
}

/** Specs write durably thousands of times and never lose power: where there is a file system in memory, they use it. */
const FAST_FOLDER = '/dev/shm';

/** The embedded stores over a folder of their own. */
export interface SpecStores {
  readonly dataDir: string;
  readonly events: EventStore;
  readonly rows: ReadStore;
  readonly vaultStore: VaultStore;
  readonly masterKeys: MasterKeys;
  readonly vault: Vault;
  readonly clock: ManualClock;
  dispose(): Promise<void>;
}

export async function openSpecStores(at = new Date('2029-03-01T09:00:00Z')): Promise<SpecStores> {
  const dataDir = mkdtempSync(join(existsSync(FAST_FOLDER) ? FAST_FOLDER : tmpdir(), 'social-accounts-spec-'));
  const [events, rows, vaultStore] = [
    await SqliteEventStore.open({ dataDir }),
    await SqliteReadStore.open({ dataDir }),
    await SqliteVaultStore.open({ dataDir }),
  ];
  const masterKeys = new MasterKeys([randomBytes(32).toString('base64')]);
  const vault = new Vault(vaultStore, masterKeys);
  const clock = new ManualClock(at);
  const dispose = async (): Promise<void> => {
    await events.close();
    await rows.close();
    await vaultStore.close();
    rmSync(dataDir, { recursive: true });
  };
  return { dataDir, events, rows, vaultStore, masterKeys, vault, clock, dispose };
}

/** The same object, but for some methods that a spec puts in their place. */
export function interposing<Target extends object>(target: Target, replaced: Partial<Target>): Target {
  return new Proxy(target, {
    get: (_target, name) => {
      const owner = name in replaced ? replaced : target;
      const value: unknown = Reflect.get(owner, name, owner);
      return typeof value === 'function' ? (value.bind(owner) as unknown) : value;
    },
  });
}

/** A command of somebody's. */
export function specContext(more: Partial<CommandContext> = {}): CommandContext {
  const commandId = more.commandId ?? newCommandId();
  return {
    commandId,
    correlationId: commandId,
    causationId: commandId,
    actor: { type: 'user', id: 'ann' },
    at: new Date('2029-03-01T09:00:00Z'),
    ...more,
  };
}
