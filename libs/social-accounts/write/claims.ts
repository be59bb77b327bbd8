import { Injectable } from '@nestjs/common';
import { SubjectErased, Streams, Vault, type StoredVaultRecord } from '#kernel';
import { grant } from '../domain/grant.js';
import { socialAccount } from '../domain/social-account.js';
import type { PlatformId } from '../platform.js';

const KIND = 'claim';

type ClaimKind = 'account' | 'grant';

/**
 * Who owns an external identity in a workspace: one live account per platform and external id, one grant per platform and
 * person. Claims are named by a digest under the workspace's key, so they tell nobody else anything.
 */
@Injectable()
export class Claims {
  constructor(
    private readonly vault: Vault,
    private readonly streams: Streams,
  ) {}

  /** The live account of this identity, or null. */
  async findAccount(workspaceId: string, platform: PlatformId, externalId: string): Promise<string | null> {
    const claim = await this.#read(await this.#id(workspaceId, 'account', platform, externalId));
    if (claim === null) return null;
    const { state } = await this.streams.load(socialAccount, claim.owner);
    return state.workspaceId !== null && !state.removed ? claim.owner : null;
  }

  /**
   * The account that owns this identity from now on: the live one, one that was claimed and never written (a crash came
   * between), or `newId` where there is none or it was removed.
   */
  async claimAccount(
    workspaceId: string,
    platform: PlatformId,
    externalId: string,
    newId: string,
  ): Promise<{ readonly accountId: string; readonly isLive: boolean }> {
    const id = await this.#id(workspaceId, 'account', platform, externalId);
    const accountId = await this.#claim(
      id,
      workspaceId,
      newId,
      async (owner) => !(await this.streams.load(socialAccount, owner)).state.removed,
    );
    const { state } = await this.streams.load(socialAccount, accountId);
    return { accountId, isLive: state.workspaceId !== null && !state.removed };
  }

  /** The grant of this person in the workspace, or null. */
  async findGrant(workspaceId: string, platform: PlatformId, subject: string): Promise<string | null> {
    return (await this.#read(await this.#id(workspaceId, 'grant', platform, subject)))?.owner ?? null;
  }

  /** The grant that owns this person's consents from now on: the one that is there unless it was revoked, else `newId`. */
  async claimGrant(workspaceId: string, platform: PlatformId, subject: string, newId: string): Promise<string> {
    const id = await this.#id(workspaceId, 'grant', platform, subject);
    return this.#claim(id, workspaceId, newId, async (owner) => !(await this.streams.load(grant, owner)).state.revoked);
  }

  /** Gives up every claim of an account or grant that ended. One that has moved on to another owner stays. */
  async release(
    kind: ClaimKind,
    workspaceId: string,
    owner: string,
    platform: PlatformId,
    identity: string,
  ): Promise<void> {
    const claim = await this.#read(await this.#id(workspaceId, kind, platform, identity));
    if (claim?.owner === owner) await this.vault.store.remove(KIND, claim.record.id, claim.record.version);
  }

  async #claim(
    id: string,
    workspaceId: string,
    newId: string,
    stands: (owner: string) => Promise<boolean>,
  ): Promise<string> {
    for (;;) {
      const claim = await this.#read(id);
      if (claim && (await stands(claim.owner))) return claim.owner;
      const record = { kind: KIND, id, subject: workspaceId, value: { owner: newId }, sealed: null, dueAt: null };
      const written = claim
        ? await this.vault.store.replace(record, claim.record.version)
        : await this.vault.store.insert(record);
      if (written === 'written') return newId;
      if (written === 'key-destroyed') throw new SubjectErased();
    }
  }

  async #read(id: string): Promise<{ readonly owner: string; readonly record: StoredVaultRecord } | null> {
    const record = await this.vault.store.read(KIND, id);
    return record ? { owner: record.value['owner'] as string, record } : null;
  }

  async #id(workspaceId: string, kind: ClaimKind, platform: PlatformId, identity: string): Promise<string> {
    const key = await this.vault.keyFor(workspaceId);
    if (key === 'destroyed') throw new SubjectErased();
    return `${workspaceId}/${key.digest(kind, platform, identity)}`;
  }
}
