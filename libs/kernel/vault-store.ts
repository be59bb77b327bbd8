import type { JsonObject } from './event.js';

/** A subject's data key as it is stored: wrapped by a master key. */
export interface WrappedKey {
  readonly subject: string;
  /** Base64 of iv ‖ ciphertext ‖ tag. */
  readonly wrapped: string;
  /** Which master key wrapped it. */
  readonly masterKeyId: string;
}

/** A small document in the vault store: a grant's secrets, an attempt's answer, a claim, an idempotency row, an OAuth flow. */
export interface VaultRecord {
  readonly kind: string;
  readonly id: string;
  /** The subject whose key must be alive for this record to be written; null for records under no key. */
  readonly subject: string | null;
  /** Facts in clear: ids, instants, states, hashes. */
  readonly value: JsonObject;
  /** Ciphertext, base64, or null. */
  readonly sealed: string | null;
  /** Domain time at which it is looked at again, ISO 8601 UTC as `Date#toISOString` writes it, or null. */
  readonly dueAt: string | null;
}

export interface StoredVaultRecord extends VaultRecord {
  /** Grows with every write, and is never given again to a record of this kind and id; what a conditional write names. */
  readonly version: number;
}

/** What names a record in its store. */
export type RecordPlace = Pick<VaultRecord, 'kind' | 'id'>;

export type RecordWrite = 'written' | 'changed-meanwhile' | 'key-destroyed';

/**
 * Storage of wrapped keys and of small records with conditional writes. It sees no plaintext and no unwrapped key.
 * Every write is durable when it resolves. A single record's writes are serial. Ids and subjects are not empty, and are ordered
 * by code point (the order of their UTF-8 bytes).
 */
export abstract class VaultStore {
  /** Stores the key unless the subject has one, or had one: answers the one that counts, or 'destroyed'. */
  abstract insertKey(key: WrappedKey): Promise<WrappedKey | 'destroyed'>;

  abstract readKey(subject: string): Promise<WrappedKey | 'destroyed' | null>;

  /** The same for several subjects at once; one that never had a key is missing from the map. */
  async readKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, WrappedKey | 'destroyed'>> {
    const found = new Map<string, WrappedKey | 'destroyed'>();
    for (const subject of new Set(subjects)) {
      const key = await this.readKey(subject);
      if (key !== null) found.set(subject, key);
    }
    return found;
  }

  /** Replaces a wrapping (master key rotation) if it is still the one given. */
  abstract rewrapKey(before: WrappedKey, after: WrappedKey): Promise<boolean>;

  /**
   * Destroys the subject's key with every record under it, in one step, and remembers that the subject had one:
   * it never gets another, and no record can be written under it any more. Repeatable, also for a subject without a key.
   */
  abstract destroyKey(subject: string): Promise<void>;

  /** Subjects whose key was destroyed, in order, behind `after`. */
  abstract destroyedSubjects(after: string | null, limit: number): Promise<readonly string[]>;

  /** Wrapped keys by subject, in order, behind `after`: for rotation and backup checks. */
  abstract listKeys(after: string | null, limit: number): Promise<readonly WrappedKey[]>;

  /**
   * Writes a new record: 'key-destroyed' when its subject's key is not alive (destroyed, or never made), else
   * 'changed-meanwhile' when one with this kind and id is there.
   */
  abstract insert(record: VaultRecord): Promise<RecordWrite>;

  abstract read(kind: string, id: string): Promise<StoredVaultRecord | null>;

  /**
   * Replaces a record if it still has this version: 'key-destroyed' when the new record's subject has no living key, else
   * 'changed-meanwhile' when the version is another or the record is gone. It may move to another subject.
   */
  abstract replace(record: VaultRecord, version: number): Promise<RecordWrite>;

  /** Removes a record, with a version only if it still has it. True when it is gone by this call. */
  abstract remove(kind: string, id: string, version?: number): Promise<boolean>;

  /** Records of a kind whose id begins so, in the order of ids. */
  abstract list(kind: string, idPrefix: string, limit: number): Promise<readonly StoredVaultRecord[]>;

  /** Records of every kind, in the order of kind and id, behind a place: for moving a whole store. Whether one is there does not matter. */
  abstract walk(after: RecordPlace | null, limit: number): Promise<readonly StoredVaultRecord[]>;

  /** Records of a kind with `dueAt` at or before an instant, oldest first and by id, held or not. */
  abstract due(kind: string, at: string, limit: number): Promise<readonly StoredVaultRecord[]>;

  /**
   * Takes a record for an owner for `forMs` of the store's own (real) time. Answers the record, or null when it is not
   * there or another owner holds it. An owner prolongs its own hold. A hold is advice among owners: it refuses no write,
   * changes no version, outlives replacements, and ends with the record.
   */
  abstract hold(kind: string, id: string, owner: string, forMs: number): Promise<StoredVaultRecord | null>;

  /** Ends an owner's hold before its time; nothing when another holds it. */
  abstract release(kind: string, id: string, owner: string): Promise<void>;

  /** Frees what removed records left behind on disk, where the store can. */
  abstract scrub(): Promise<void>;

  abstract close(): Promise<void>;
}
