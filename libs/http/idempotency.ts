import type { VaultStore } from '#kernel';

/** Seals stored answers: they may show secrets, once, and end with the key that they are stored under. */
export abstract class AnswerSealer {
  /** Ciphertext, base64, bound to `id`. */
  abstract seal(id: string, text: string): Promise<string>;
  /** The text again, or null when it cannot be had any more. */
  abstract open(id: string, sealed: string): Promise<string | null>;
}

/** Removes the keys whose 24 h are over, at most `limit` of them. Answers how many went. */
export async function sweepIdempotency(vaultStore: VaultStore, now: Date, limit: number): Promise<number> {
  const due = await vaultStore.due('idempotency', now.toISOString(), limit);
  let removed = 0;
  for (const row of due) if (await vaultStore.remove('idempotency', row.id, row.version)) removed += 1;
  return removed;
}
