import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import type { VaultStore, WrappedKey } from './vault-store.js';

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** An unwrapped key is used from memory for at most this long, so that an erasure by another process holds after it. */
const KEY_CACHE_MS = 60_000;
const KEY_CACHE_MAX_KEYS = 20_000;

interface MasterKey {
  readonly id: string;
  readonly bytes: Buffer;
}

/** The keys that wrap data keys: the first one wraps, every one unwraps. */
export class MasterKeys {
  readonly #keys: readonly MasterKey[];

  /** @param encoded 32-byte keys in base64, the newest first. @throws RangeError for anything else. */
  constructor(encoded: readonly string[]) {
    this.#keys = encoded.map((text) => {
      const bytes = Buffer.from(text, 'base64');
      if (bytes.length !== KEY_BYTES || bytes.toString('base64') !== text.trim()) {
        throw new RangeError('A master key is 32 bytes in base64.');
      }
      return { id: createHmac('sha256', bytes).update('master-key-id').digest('base64url').slice(0, 16), bytes };
    });
    if (this.#keys.length === 0) throw new RangeError('At least one master key is needed.');
  }

  wrap(subject: string, dataKey: Buffer): WrappedKey {
    const newest = this.#keys[0] as MasterKey;
    const sealed = encrypt(newest.bytes, dataKey, `data-key|${subject}|${newest.id}`);
    return { subject, wrapped: sealed.toString('base64'), masterKeyId: newest.id };
  }

  /** @throws Error when the key that wrapped it is not among these, or the wrapping was altered. */
  unwrap(key: WrappedKey): Buffer {
    const master = this.#masterOf(key);
    return decrypt(master.bytes, Buffer.from(key.wrapped, 'base64'), `data-key|${key.subject}|${master.id}`);
  }

  /** Unwraps it when it is first used: one that was altered throws only then. @throws Error when the key that wrapped it is not among these. */
  unwrapLater(key: WrappedKey): DataKey {
    this.#masterOf(key);
    return new DataKey(key.subject, () => this.unwrap(key));
  }

  /** The same data key wrapped by the newest of these, or null where it is already. @throws as `unwrap` does. */
  rewrap(key: WrappedKey): WrappedKey | null {
    return key.masterKeyId === this.#keys[0]?.id ? null : this.wrap(key.subject, this.unwrap(key));
  }

  /** A secret text that the same command always gets again, and that nobody without the master key can guess (256 bits, base64url). */
  derive(purpose: string, name: string): string {
    const newest = this.#keys[0] as MasterKey;
    return Buffer.from(hkdfSync('sha256', newest.bytes, '', `derive|${purpose}|${name}`, 32)).toString('base64url');
  }

  #masterOf({ masterKeyId }: WrappedKey): MasterKey {
    const master = this.#keys.find(({ id }) => id === masterKeyId);
    if (!master) throw new Error('The master key that wrapped this data key is not configured.');
    return master;
  }
}

/** One subject's key. It seals events and secrets, and makes digests that mean nothing once it is destroyed. */
export class DataKey {
  #source: Buffer | (() => Buffer);
  #id: string | null = null;
  #sealing: Buffer | null = null;
  #digesting: Buffer | null = null;

  // Each key is derived when it is first used: a rebuild opens one event under most of them, and nothing else.
  constructor(
    readonly subject: string,
    source: Buffer | (() => Buffer),
  ) {
    this.#source = source;
  }

  /** base64url HMAC-SHA-256(data key, "kid"): names the key without giving anything of it away. */
  get id(): string {
    this.#id ??= createHmac('sha256', this.#bytes()).update('kid').digest('base64url');
    return this.#id;
  }

  /** iv ‖ ciphertext ‖ tag under AES-256-GCM; `context` must be the same at opening. */
  seal(plaintext: string, context: string): Buffer {
    return encrypt(this.#sealingKey(), Buffer.from(plaintext), context);
  }

  /** @throws Error when the bytes or their context were altered. */
  open(sealed: Buffer, context: string): string {
    return decrypt(this.#sealingKey(), sealed, context).toString();
  }

  /** Keyed digest of the parts, each length-prefixed so that no two lists of parts meet. */
  digest(...parts: readonly string[]): string {
    this.#digesting ??= this.#derive('digest');
    const hmac = createHmac('sha256', this.#digesting);
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:${part}|`);
    return hmac.digest('base64url');
  }

  #bytes(): Buffer {
    if (typeof this.#source === 'function') this.#source = this.#source();
    return this.#source;
  }

  #sealingKey(): Buffer {
    this.#sealing ??= this.#derive('seal');
    return this.#sealing;
  }

  #derive(purpose: 'seal' | 'digest'): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#bytes(), '', purpose, KEY_BYTES));
  }
}

/**
 * Data keys by subject, unwrapped for use. Destroying a subject's key is how everything sealed under it is erased,
 * wherever copies of it are.
 */
export class Vault {
  readonly #cache = new Map<string, { readonly key: DataKey; readonly until: number }>();
  /** From the start on: a process that died may have destroyed keys last. */
  #leftTraces = true;

  constructor(
    readonly store: VaultStore,
    private readonly masterKeys: MasterKeys,
  ) {}

  /** The subject's key, made now if it never had one; 'destroyed' when it had. */
  async keyFor(subject: string): Promise<DataKey | 'destroyed'> {
    const known = await this.existingKey(subject);
    if (known !== null) return known;
    const made = await this.store.insertKey(this.masterKeys.wrap(subject, randomBytes(KEY_BYTES)));
    return made === 'destroyed' ? made : this.#remember(made);
  }

  /** The subject's key, 'destroyed', or null when it never had one. */
  async existingKey(subject: string): Promise<DataKey | 'destroyed' | null> {
    const cached = this.#cache.get(subject);
    if (cached && cached.until > performance.now()) return cached.key;
    this.#cache.delete(subject);
    const stored = await this.store.readKey(subject);
    return stored === null || stored === 'destroyed' ? stored : this.#remember(stored);
  }

  /**
   * The same for several subjects at once; one that never had a key is missing from the map. They are not kept: whoever asks
   * for many does so once, and would push out what commands use. One that was altered in the store fails where it is used, and
   * not the others with it.
   */
  async existingKeys(subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey | 'destroyed'>> {
    const found = new Map<string, DataKey | 'destroyed'>();
    const unknown: string[] = [];
    for (const subject of subjects) {
      const cached = this.#cache.get(subject);
      if (cached && cached.until > performance.now()) found.set(subject, cached.key);
      else unknown.push(subject);
    }
    if (unknown.length === 0) return found;
    for (const [subject, stored] of await this.store.readKeys(unknown)) {
      found.set(subject, stored === 'destroyed' ? stored : this.masterKeys.unwrapLater(stored));
    }
    return found;
  }

  /** Destroys the key and every record under it. Here at once; other processes forget it within KEY_CACHE_MS. */
  async destroy(subject: string): Promise<void> {
    this.#cache.delete(subject);
    await this.store.destroyKey(subject);
    this.#cache.delete(subject);
    this.#leftTraces = true;
  }

  /** Frees what destroyed keys and records left behind on disk, when any were destroyed since the last time. */
  async scrub(): Promise<void> {
    if (!this.#leftTraces) return;
    this.#leftTraces = false;
    await this.store.scrub();
  }

  /** See MasterKeys.derive. */
  derive(purpose: string, name: string): string {
    return this.masterKeys.derive(purpose, name);
  }

  #unwrap(stored: WrappedKey): DataKey {
    return new DataKey(stored.subject, this.masterKeys.unwrap(stored));
  }

  #remember(stored: WrappedKey): DataKey {
    const key = this.#unwrap(stored);
    if (this.#cache.size >= KEY_CACHE_MAX_KEYS) {
      for (const oldest of this.#cache.keys()) {
        this.#cache.delete(oldest);
        break;
      }
    }
    this.#cache.set(stored.subject, { key, until: performance.now() + KEY_CACHE_MS });
    return key;
  }
}

/** SHA-256, base64url: how secrets that only need to be recognised are kept. */
export const hashOf = (text: string | Buffer): string => createHash('sha256').update(text).digest('base64url');

function encrypt(key: Buffer, plaintext: Buffer, context: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(Buffer.from(context));
  return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, context: string): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, IV_BYTES));
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, sealed.length - TAG_BYTES)), decipher.final()]);
}
