import { Injectable } from '@nestjs/common';
import { ERASED, openPersonal, Secret, Streams, Vault } from '#kernel';
import { grant } from '../domain/grant.js';
import { socialAccount } from '../domain/social-account.js';

const KIND = 'grant-secret';
const SECRETS_LIMIT_PER_GRANT = 1_000;

/**
 * Grants' secrets in the vault, sealed under the grant's key and named by (grant, attempt): inserted before the event that
 * makes them count, never overwritten. Which row counts is what the grant's stream names.
 */
@Injectable()
export class GrantSecrets {
  constructor(
    private readonly vault: Vault,
    private readonly streams: Streams,
  ) {}

  /** Keeps an attempt's secrets. Repeatable. False when the grant's key is destroyed: the grant has ended. */
  async keep(grantId: string, attemptId: string, secrets: Secret): Promise<boolean> {
    const key = await this.vault.keyFor(grantId);
    if (key === 'destroyed') return false;
    const id = `${grantId}/${attemptId}`;
    const sealed = secrets.use((text) => key.seal(text, `${KIND}|${id}`)).toString('base64');
    const written = await this.vault.store.insert({ kind: KIND, id, subject: grantId, value: {}, sealed, dueAt: null });
    return written !== 'key-destroyed';
  }

  /** The secrets that count for a grant, or null when it has ended. */
  async current(grantId: string): Promise<Secret | null> {
    const { state } = await this.streams.load(grant, grantId);
    const id = `${grantId}/${state.attemptId}`;
    const record = await this.vault.store.read(KIND, id);
    const key = await this.vault.existingKey(grantId);
    if (!record?.sealed || key === null || key === 'destroyed') return null;
    return new Secret(key.open(Buffer.from(record.sealed, 'base64'), `${KIND}|${id}`));
  }

  /**
   * Removes the rows that do not count and never will again: this attempt's, and those of consents that newer ones followed.
   * The row of an attempt that has not reached the grant yet stays, since it may be about to count.
   */
  async keepOnlyCurrent(grantId: string, attemptId: string): Promise<void> {
    const history = await this.streams.history(grant, grantId);
    const taken = history.map(({ data }) => data['attemptId']).filter((id) => typeof id === 'string');
    const over = new Set([attemptId, ...taken].map((id) => `${grantId}/${id}`));
    over.delete(`${grantId}/${taken.at(-1)}`);
    const rows = await this.vault.store.list(KIND, `${grantId}/`, SECRETS_LIMIT_PER_GRANT);
    for (const { id } of rows) if (over.has(id)) await this.vault.store.remove(KIND, id);
  }

  /** The external id of an account, from its own stream; null once it is erased. */
  async externalIdOf(accountId: string): Promise<string | null> {
    const [connected] = await this.streams.history(socialAccount, accountId);
    const personal = connected ? await openPersonal(this.vault, connected) : null;
    return personal === null || personal === ERASED ? null : (personal as { externalId: string }).externalId;
  }

  /** The person's id at the platform, from the grant's own stream; null once it is erased. */
  async subjectOf(grantId: string): Promise<string | null> {
    const [obtained] = await this.streams.history(grant, grantId);
    const personal = obtained ? await openPersonal(this.vault, obtained) : null;
    return personal === null || personal === ERASED ? null : (personal as { subject: string }).subject;
  }
}
