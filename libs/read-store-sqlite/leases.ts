import { randomUUID } from 'node:crypto';
import type { Lease } from '#kernel';
import type { SqliteFile } from './sqlite-file.js';

type StoredLease = [owner: string | null, process: string, untilMs: number, fence: number];

/**
 * Fenced leases. One process at a time uses a data directory, so a lease that another opening of the file left behind has
 * no holder any more and is free at once.
 */
export class Leases {
  readonly #process = randomUUID();

  constructor(private readonly file: SqliteFile) {}

  /** Inside a write transaction. The fence grows whenever a lease is taken anew, and stays while its owner prolongs it. */
  acquire(name: string, owner: string, forMs: number): Lease | null {
    const now = Date.now();
    const stored = this.file.statement('SELECT owner, process, until_ms, fence FROM leases WHERE name = ?').get(name);
    const [heldBy, process, untilMs, lastFence] = (stored as StoredLease | undefined) ?? [null, '', 0, 0];
    const isOfThisProcess = process === this.#process;
    const isMine = isOfThisProcess && heldBy === owner;
    if (isOfThisProcess && heldBy !== null && !isMine && untilMs > now) return null;
    const fence = isMine ? lastFence : lastFence + 1;
    this.file
      .statement('INSERT OR REPLACE INTO leases (name, owner, process, until_ms, fence) VALUES (?, ?, ?, ?, ?)')
      .run(name, owner, this.#process, now + forMs, fence);
    return { name, owner, fence };
  }

  /** The fence outlives the lease, so that the next holder's is newer. */
  release({ name, owner, fence }: Lease): void {
    this.file
      .statement('UPDATE leases SET owner = NULL, until_ms = 0 WHERE name = ? AND owner = ? AND fence = ?')
      .run(name, owner, fence);
  }

  /** Those that are held now, by name: one that another opening of the file left behind is held by nobody. */
  holders(prefix: string): readonly { readonly name: string; readonly owner: string }[] {
    const text = `SELECT name, owner FROM leases WHERE name >= ? AND name < ? || x'ff'
      AND process = ? AND owner IS NOT NULL AND until_ms > ? ORDER BY name`;
    const found = this.file.statement(text).all(prefix, prefix, this.#process, Date.now()) as [string, string][];
    return found.map(([name, owner]) => ({ name, owner }));
  }

  /** Whether nobody took the lease since. */
  isCurrent({ name, fence }: Lease): boolean {
    const found = this.file.statement('SELECT fence FROM leases WHERE name = ?').get(name);
    return found !== undefined && (found as [number])[0] === fence;
  }
}
