import type { MasterKeys, VaultStore, WrappedKey } from '#kernel';
import { atOnce } from './at-once.js';
import { CommandFailed } from './command.js';
import { pages } from './pages.js';
import type { Progress } from './progress.js';

const PAGE_KEYS = 500;
const AT_ONCE = 16;
/** The first round does the work; a later one finds what a process made meanwhile that does not have the newest key yet. */
const ROUNDS = 3;

export interface Rewrapped {
  readonly total: number;
  readonly rewrapped: number;
}

/**
 * Wraps every data key by the newest master key. Each key changes in one step and only from the wrapping that was read, so that
 * a service beside it notices nothing.
 *
 * @throws CommandFailed when a process goes on wrapping by an older key.
 */
export async function rewrapKeys(
  vault: VaultStore,
  masterKeys: MasterKeys,
  report: (total: number) => Progress,
): Promise<Rewrapped> {
  let count = 0;
  for await (const _key of keysOf(vault)) count += 1;
  const progress = report(count);
  let rewrapped = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    let total = 0;
    let changed = 0;
    await atOnce(AT_ONCE, keysOf(vault), async (key) => {
      const fresh = masterKeys.rewrap(key);
      // What is no longer as it was read was destroyed, or wrapped anew by somebody else: the next round sees.
      if (fresh !== null && (await vault.rewrapKey(key, fresh))) rewrapped += 1;
      if (fresh !== null) changed += 1;
      total += 1;
      if (round === 0) progress.advance(1);
    });
    if (round === 0) progress.end();
    if (changed === 0) return { total, rewrapped };
  }
  throw new CommandFailed(
    'Keys are still being wrapped by an older master key: give every process of the service the new VAULT_MASTER_KEY, and run this again.',
  );
}

const keysOf = (vault: VaultStore): AsyncGenerator<WrappedKey> =>
  pages((after: WrappedKey | null) => vault.listKeys(after?.subject ?? null, PAGE_KEYS));
