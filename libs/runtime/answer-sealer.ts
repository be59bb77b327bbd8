import { AnswerSealer } from '#http';
import type { Vault } from '#kernel';

/** The one subject under whose key stored answers are sealed. */
const SUBJECT = 'idempotency-answers';

/** Seals the answers that are kept for Idempotency-Keys: they may hold what is shown only once. */
export class VaultAnswerSealer extends AnswerSealer {
  constructor(private readonly vault: Vault) {
    super();
  }

  override async seal(id: string, text: string): Promise<string> {
    const key = await this.vault.keyFor(SUBJECT);
    if (key === 'destroyed') throw new Error('The key of stored answers is destroyed.');
    return key.seal(text, `answer|${id}`).toString('base64');
  }

  override async open(id: string, sealed: string): Promise<string | null> {
    const key = await this.vault.existingKey(SUBJECT);
    return key === null || key === 'destroyed' ? null : key.open(Buffer.from(sealed, 'base64'), `answer|${id}`);
  }
}
