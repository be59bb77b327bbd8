import { createHmac, generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importJWK, SignJWT, type JWK, type JWTPayload } from 'jose';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** Makes tokens as the sandbox's issuer does, and such as it never would. */
export class TokenForge {
  readonly #key: JWK;

  constructor(dataDir: string) {
    this.#key = JSON.parse(readFileSync(join(dataDir, 'sandbox-issuer.json'), 'utf8')) as JWK;
  }

  /** Claims as they should be; undefined takes one away. */
  #claims(changes: JWTPayload): JWTPayload {
    const good = { sub: 'olga', iss: 'sandbox', aud: 'social-accounts', iat: nowSeconds(), exp: nowSeconds() + 600 };
    return Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
  }

  /** Signed by the right key, with claims of one's choice. */
  async signed(changes: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const key = await importJWK(this.#key, 'ES256');
    return new SignJWT(this.#claims(changes)).setProtectedHeader({ alg: 'ES256', kid: this.#key.kid ?? '' }).sign(key);
  }

  /** Signed by a key of one's own that calls itself by the right name. */
  async byOtherKey(header: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    return new SignJWT(this.#claims({}))
      .setProtectedHeader({ alg: 'ES256', kid: this.#key.kid ?? '', ...header })
      .sign(privateKey);
  }

  /** The public key, which everybody has, as a shared secret. */
  byPublicKeyAsSecret(): readonly string[] {
    const { d: _private, ...publicKey } = this.#key;
    const secrets = [JSON.stringify(publicKey), publicKey.x ?? '', publicKey.kid ?? '', ''];
    return secrets.map((secret) => {
      const signed = `${encode({ alg: 'HS256', kid: this.#key.kid })}.${encode(this.#claims({}))}`;
      return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
    });
  }

  /** Without a signature. */
  unsigned(): readonly string[] {
    return ['none', 'None', 'NONE'].map((alg) => `${encode({ alg })}.${encode(this.#claims({}))}.`);
  }

  /** A good token with one part changed. */
  async altered(): Promise<readonly string[]> {
    const [header = '', , signature = ''] = (await this.signed()).split('.');
    const other = encode(this.#claims({ sub: 'admin', jti: randomUUID() }));
    const good = await this.signed();
    return [`${header}.${other}.${signature}`, good.slice(0, -2), `${good}AA`, good.replaceAll('.', '..')];
  }
}
