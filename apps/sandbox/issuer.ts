import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';

/** What the service expects in the tokens of the sandbox. */
export const SANDBOX_ISSUER = 'sandbox';
export const SANDBOX_AUDIENCE = 'social-accounts';

const ALGORITHM = 'ES256';
const KEY_FILE = 'sandbox-issuer.json';
const OWNER_ONLY = 0o600;
/** Real time, since it rules the validity of a JWT; a clock that was moved ten years ahead logs nobody out. */
const SESSION_LIFETIME = '365 days';

/** Whom a session stands for: a person, or with a `scope` of ours a service. */
export interface SessionRequest {
  readonly userId: string;
  readonly name?: string;
  /** Space-separated, as OAuth has it. */
  readonly scope?: string;
  /** The workspaces that a service is limited to. */
  readonly workspaces?: readonly string[];
}

type SigningKey = Exclude<Awaited<ReturnType<typeof importJWK>>, Uint8Array>;

/** Issues the sessions that the service accepts in the sandbox, under a key of its own that survives a restart. */
export class SandboxIssuer {
  readonly #key: SigningKey;
  readonly #publicKey: JWK;

  private constructor(key: SigningKey, publicKey: JWK) {
    this.#key = key;
    this.#publicKey = publicKey;
  }

  /** Reads the key from the data directory, or makes one that only its owner may read. */
  static async open(dataDir: string): Promise<SandboxIssuer> {
    mkdirSync(dataDir, { recursive: true });
    const path = join(dataDir, KEY_FILE);
    if (!existsSync(path)) writeDurably(path, JSON.stringify(await newKey()));
    const privateKey = JSON.parse(readFileSync(path, 'utf8')) as JWK;
    const key = await importJWK(privateKey, ALGORITHM);
    if (key instanceof Uint8Array) throw new Error(`${KEY_FILE} does not hold an ${ALGORITHM} key.`);
    const { d: _private, ...publicKey } = privateKey;
    return new SandboxIssuer(key, publicKey);
  }

  /** The public keys as a JSON Web Key Set (RFC 7517). */
  jwks(): { keys: JWK[] } {
    return { keys: [{ ...this.#publicKey }] };
  }

  /** A signed session, valid for a year of real time. */
  issueSession({ userId, name, scope, workspaces }: SessionRequest): Promise<string> {
    return new SignJWT({
      ...(name === undefined ? {} : { name }),
      ...(scope === undefined ? {} : { scope }),
      ...(workspaces === undefined ? {} : { workspaces: [...workspaces] }),
    })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT', ...(this.#publicKey.kid && { kid: this.#publicKey.kid }) })
      .setSubject(userId)
      .setIssuer(SANDBOX_ISSUER)
      .setAudience(SANDBOX_AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(SESSION_LIFETIME)
      .sign(this.#key);
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, kid: await calculateJwkThumbprint(key), alg: ALGORITHM, use: 'sig' };
}

/** Whole or not at all: a crash in the middle leaves no half a key behind under the final name. */
function writeDurably(path: string, text: string): void {
  const unfinished = `${path}.new`;
  const file = openSync(unfinished, 'w', OWNER_ONLY);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
  renameSync(unfinished, path);
}
