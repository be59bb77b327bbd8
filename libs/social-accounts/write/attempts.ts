import { Injectable } from '@nestjs/common';
import { Secret, Vault } from '#kernel';
import type { Candidate, GrantLifetime } from '../platform.js';

const KIND = 'attempt';

/** What a platform answered at the end of a consent: kept until the attempt ends, sealed under the attempt's own key. */
export interface Attempt {
  readonly subject: string;
  readonly secrets: Secret;
  readonly grantedScopes: readonly string[];
  readonly lifetime: GrantLifetime;
  readonly candidates: readonly (Candidate & { readonly candidateId: string })[];
  readonly listingComplete: boolean;
  /** The instant of the consent. */
  readonly authorizedAt: string;
}

/** Attempts' answers in the vault. Under an ended attempt's destroyed key none can be written, read or restored. */
@Injectable()
export class Attempts {
  constructor(private readonly vault: Vault) {}

  /** Keeps the answer of a consent. False when the attempt has ended meanwhile. */
  async save(
    connectionId: string,
    attempt: Omit<Attempt, 'candidates'> & { readonly candidates: readonly Candidate[] },
    dueAt: string,
  ): Promise<Attempt | null> {
    const key = await this.vault.keyFor(connectionId);
    if (key === 'destroyed') return null;
    const candidates = attempt.candidates.map((candidate) => ({
      ...candidate,
      candidateId: key.digest('candidate', candidate.platform, candidate.type, candidate.externalId).slice(0, 22),
    }));
    const text = attempt.secrets.use((secrets) => JSON.stringify({ ...attempt, candidates, secrets }));
    const sealed = key.seal(text, `${KIND}|${connectionId}`).toString('base64');
    const written = await this.vault.store.insert({
      kind: KIND,
      id: connectionId,
      subject: connectionId,
      value: {},
      sealed,
      dueAt,
    });
    if (written === 'key-destroyed') return null;
    return written === 'written' ? { ...attempt, candidates } : this.read(connectionId);
  }

  /** The answer, or null when there is none: not yet, or no more. */
  async read(connectionId: string): Promise<Attempt | null> {
    const record = await this.vault.store.read(KIND, connectionId);
    const key = await this.vault.existingKey(connectionId);
    if (!record?.sealed || key === null || key === 'destroyed') return null;
    const opened = JSON.parse(key.open(Buffer.from(record.sealed, 'base64'), `${KIND}|${connectionId}`)) as Attempt & {
      secrets: string;
    };
    return { ...opened, secrets: new Secret(opened.secrets) };
  }

  /** Destroys everything that the attempt had stored. Repeatable. */
  async end(connectionId: string): Promise<void> {
    await this.vault.destroy(connectionId);
  }
}
