import { Injectable } from '@nestjs/common';
import { permissionsFor, type JudgedCandidate } from '../domain/consent.js';
import { PlatformLogins, type PlatformId } from '../platform.js';
import type { Attempt } from './attempts.js';
import { Claims } from './claims.js';

/** The accounts that somebody may see and act on. */
export type Reach = 'all' | ReadonlySet<string>;

/** Candidates as their chooser sees them: what can be picked and why not, and which are connected already (C2). */
@Injectable()
export class Candidates {
  constructor(
    private readonly claims: Claims,
    private readonly logins: PlatformLogins,
  ) {}

  async judge(
    workspaceId: string,
    login: PlatformId,
    attempt: Attempt,
    reach: Reach,
  ): Promise<readonly JudgedCandidate[]> {
    const methods = this.logins.byId(login)?.methods ?? [];
    return Promise.all(
      attempt.candidates.flatMap((candidate) => {
        const method = methods.find(({ platform, id }) => platform === candidate.platform && id === candidate.method);
        return method
          ? [
              this.#judge(
                workspaceId,
                attempt,
                candidate,
                permissionsFor(method, candidate.type, attempt.grantedScopes),
                reach,
              ),
            ]
          : [];
      }),
    );
  }

  async #judge(
    workspaceId: string,
    attempt: Attempt,
    candidate: Attempt['candidates'][number],
    permissions: JudgedCandidate['permissions'],
    reach: Reach,
  ): Promise<JudgedCandidate> {
    const owner = await this.claims.findAccount(workspaceId, candidate.platform, candidate.externalId);
    const outOfReach = owner !== null && reach !== 'all' && !reach.has(owner);
    const lacking = permissions.lacking.length > 0 ? 'missing-permission' : null;
    return {
      candidateId: candidate.candidateId,
      candidate,
      reason: outOfReach ? 'no-access' : (candidate.notSelectable ?? lacking),
      accountId: outOfReach ? null : owner,
      permissions,
    };
  }
}
