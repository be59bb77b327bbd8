import { createHash, randomBytes } from 'node:crypto';
import type { SandboxClock } from './clock.js';
import type { SandboxDatabase } from './database.js';
import type { IdentityId } from './platform.js';

const SECRET_BYTES = 32;
const DAY_MS = 24 * 60 * 60 * 1000;
/** How long a dead secret is still recognised as expired rather than unknown; afterwards its row goes. */
const EXPIRED_SECRET_KEPT_MS = 30 * DAY_MS;

/** What one person allowed one client on one platform. */
export interface Grant {
  readonly id: number;
  readonly platform: string;
  readonly identity: IdentityId;
  readonly clientId: string;
  readonly requestedScopes: readonly string[];
  readonly scopes: readonly string[];
  /** What else the consent fixed, by a name of the platform's own (which Pages were ticked, for one). */
  readonly details: Readonly<Record<string, readonly string[]>>;
  readonly consentedAt: Date;
  /** Facebook's data access: after this instant a person is needed, whatever the tokens say. */
  readonly endsAt: Date | null;
  readonly revoked: boolean;
}

export type SecretKind = 'code' | 'access' | 'short-access' | 'page' | 'refresh';

/** `ended` is a token that has not expired itself, of a grant whose time is over. */
export type Standing = 'live' | 'expired' | 'ended' | 'revoked' | 'used';

/** What is known of a secret that was shown; the secret itself is nowhere. */
export interface FoundSecret {
  readonly kind: SecretKind;
  readonly grant: Grant;
  readonly data: Readonly<Record<string, string>>;
  readonly issuedAt: Date;
  readonly expiresAt: Date | null;
  readonly standing: Standing;
}

export interface Consent {
  readonly platform: string;
  readonly identity: IdentityId;
  readonly clientId: string;
  readonly requestedScopes: readonly string[];
  readonly scopes: readonly string[];
  readonly details: Readonly<Record<string, readonly string[]>>;
  readonly endsAt: Date | null;
  /** Whether a person has one grant for this client, which a new consent renews, or one per consent. */
  readonly renewsEarlier: boolean;
}

export interface Issue {
  readonly grantId: number;
  readonly kind: SecretKind;
  readonly expiresAt: Date | null;
  readonly data?: Readonly<Record<string, string>>;
}

interface SecretRow {
  kind: SecretKind;
  data: string;
  issued_at: number;
  expires_at: number | null;
  used: number;
  secret_revoked: number;
  id: number;
  platform: string;
  identity: IdentityId;
  client_id: string;
  requested_scopes: string;
  scopes: string;
  details: string;
  consented_at: number;
  ends_at: number | null;
  grant_revoked: number;
}

/** A fresh secret. All of them begin with `sbx_`, so that any search finds a leak. */
export function newSecret(label: string): string {
  return `sbx_${label}-${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

/** Grants and the secrets made from them. Of secrets only SHA-256 hashes are stored. */
export class Grants {
  readonly #database: SandboxDatabase;
  readonly #clock: SandboxClock;

  constructor(database: SandboxDatabase, clock: SandboxClock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** Records a consent and answers the grant's id. */
  consent(consent: Consent): number {
    const now = this.#clock.now().getTime();
    const values = [
      JSON.stringify(consent.requestedScopes),
      JSON.stringify(consent.scopes),
      JSON.stringify(consent.details),
      now,
      consent.endsAt?.getTime() ?? null,
    ];
    const earlier = consent.renewsEarlier ? this.#liveGrant(consent) : undefined;
    if (earlier !== undefined) {
      this.#database
        .prepare(
          'UPDATE grants SET requested_scopes = ?, scopes = ?, details = ?, consented_at = ?, ends_at = ? WHERE id = ?',
        )
        .run(...values, earlier);
      return earlier;
    }
    const { lastInsertRowid } = this.#database
      .prepare(
        `INSERT INTO grants (requested_scopes, scopes, details, consented_at, ends_at, platform, identity, client_id)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(...values, consent.platform, consent.identity, consent.clientId);
    return Number(lastInsertRowid);
  }

  /** Makes a secret of a grant known, durably, and answers it. Asking twice with the same `secret` keeps the first. */
  issue({ grantId, kind, expiresAt, data = {} }: Issue, secret = newSecret(kind)): string {
    const now = this.#clock.now().getTime();
    this.#database.prepare('DELETE FROM secrets WHERE expires_at < ?').run(now - EXPIRED_SECRET_KEPT_MS);
    this.#database
      .prepare(
        `INSERT OR IGNORE INTO secrets (hash, kind, grant_id, data, issued_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
      )
      .run(hashOf(secret), kind, grantId, JSON.stringify(data), now, expiresAt?.getTime() ?? null);
    return secret;
  }

  /** What a secret stands for, and whether it still does. `undefined` for one that was never issued here. */
  find(secret: string): FoundSecret | undefined {
    const row = this.#database
      .prepare<[Buffer], SecretRow>(
        `SELECT s.kind, s.data, s.issued_at, s.expires_at, s.used, s.revoked AS secret_revoked, g.id, g.platform,
                g.identity, g.client_id, g.requested_scopes, g.scopes, g.details, g.consented_at, g.ends_at,
                g.revoked AS grant_revoked
         FROM secrets s JOIN grants g ON g.id = s.grant_id WHERE s.hash = ?`,
      )
      .get(hashOf(secret));
    return row === undefined ? undefined : this.#found(row);
  }

  /** Uses up a single-use secret. Of many attempts at once exactly one is answered `true`. */
  spend(secret: string): boolean {
    return (
      this.#database.prepare('UPDATE secrets SET used = 1 WHERE hash = ? AND used = 0').run(hashOf(secret)).changes ===
      1
    );
  }

  /** Ends one secret alone. */
  revokeSecret(secret: string): void {
    this.#database.prepare('UPDATE secrets SET revoked = 1 WHERE hash = ?').run(hashOf(secret));
  }

  /** Ends a grant with every secret made from it. */
  revokeGrant(grantId: number): void {
    this.#database.prepare('UPDATE grants SET revoked = 1 WHERE id = ?').run(grantId);
  }

  /** As if the person took the app away at the platform: every grant ends. */
  revokeIdentity(platform: string, identity: IdentityId): void {
    this.#database.prepare('UPDATE grants SET revoked = 1 WHERE platform = ? AND identity = ?').run(platform, identity);
  }

  #liveGrant({ platform, identity, clientId }: Consent): number | undefined {
    return this.#database
      .prepare<[string, string, string], { id: number }>(
        'SELECT id FROM grants WHERE platform = ? AND identity = ? AND client_id = ? AND revoked = 0 ORDER BY id DESC',
      )
      .get(platform, identity, clientId)?.id;
  }

  #found(row: SecretRow): FoundSecret {
    const grant: Grant = {
      id: row.id,
      platform: row.platform,
      identity: row.identity,
      clientId: row.client_id,
      requestedScopes: JSON.parse(row.requested_scopes) as string[],
      scopes: JSON.parse(row.scopes) as string[],
      details: JSON.parse(row.details) as Record<string, string[]>,
      consentedAt: new Date(row.consented_at),
      endsAt: row.ends_at === null ? null : new Date(row.ends_at),
      revoked: row.grant_revoked === 1,
    };
    return {
      kind: row.kind,
      grant,
      data: JSON.parse(row.data) as Record<string, string>,
      issuedAt: new Date(row.issued_at),
      expiresAt: row.expires_at === null ? null : new Date(row.expires_at),
      standing: this.#standing(row),
    };
  }

  #standing(row: SecretRow): Standing {
    const now = this.#clock.now().getTime();
    if (row.grant_revoked === 1 || row.secret_revoked === 1) return 'revoked';
    if (row.used === 1) return 'used';
    if (row.expires_at !== null && row.expires_at <= now) return 'expired';
    if (row.ends_at !== null && row.ends_at <= now) return 'ended';
    return 'live';
  }
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
