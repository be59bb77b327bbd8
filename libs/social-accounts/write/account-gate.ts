import { Injectable } from '@nestjs/common';
import type { Membership } from '#http';
import { isId, notFound, Refusal, Streams } from '#kernel';
import { accountRemoved, socialAccount, type SocialAccountState } from '../domain/social-account.js';

/** A live account as its stream has it. */
export type LiveAccount = SocialAccountState & {
  readonly workspaceId: string;
  readonly platform: NonNullable<SocialAccountState['platform']>;
  readonly type: NonNullable<SocialAccountState['type']>;
  readonly method: NonNullable<SocialAccountState['method']>;
  readonly grantId: string;
};

/** Lets commands through to accounts of the workspace and within the asker's access; everything else is `not-found`. */
@Injectable()
export class AccountGate {
  constructor(private readonly streams: Streams) {}

  async open(
    workspaceId: string,
    accountId: string,
    membership: Pick<Membership, 'accountAccess'> | null,
  ): Promise<LiveAccount | Refusal> {
    const state = await this.peek(workspaceId, accountId, membership);
    if (state instanceof Refusal) return state;
    return state.removed ? accountRemoved() : state;
  }

  /** As `open`, removed accounts included. */
  async peek(
    workspaceId: string,
    accountId: string,
    membership: Pick<Membership, 'accountAccess'> | null,
  ): Promise<LiveAccount | Refusal> {
    if (!isId('acc', accountId) || !reaches(membership, accountId)) return notFound('account');
    const { state } = await this.streams.load(socialAccount, accountId);
    return state.workspaceId === workspaceId ? (state as LiveAccount) : notFound('account');
  }
}

/** Whether the account lies within the asker's access. */
export const reaches = (membership: Pick<Membership, 'accountAccess'> | null, accountId: string): boolean =>
  membership !== null && (membership.accountAccess === 'all' || membership.accountAccess.has(accountId));
