import { isRefusal, type Streams, type Vault, type Automation, type Todo, type TodoOutcome } from '#kernel';
import { grant, revokeEmptyGrant, type GrantEvent } from '../domain/grant.js';
import { PlatformFailure, type PlatformLogins, type PlatformId } from '../platform.js';
import type { Claims } from '../write/claims.js';
import { automationContext } from './automation-context.js';
import type { GrantSecrets } from './grant-secrets.js';

const REVOKE_TRIES = 2;

type Row = {
  readonly id: string;
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly attached: readonly string[];
  readonly revoked: boolean;
  /** Since when nothing is attached any more, or it is revoked. */
  readonly dueAt: string | null;
};

/** Ends a grant that feeds no account any more: GrantRevoked, then the platform where that ends this token alone, then the secrets (R7). */
export class RevokeEmptyGrants {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
    private readonly claims: Claims,
    private readonly secrets: GrantSecrets,
    private readonly logins: PlatformLogins,
  ) {}

  automation(): Automation<Row> {
    return {
      name: 'revoke-empty-grants',
      version: 1,
      partitions: 1,
      fields: {},
      indexes: {},
      terms: [],
      follows: ['grant'],
      readsPersonalData: false,
      project(row, { event, recorded }) {
        const next = fold(row, event as GrantEvent, recorded.stream.slice('grant-'.length));
        if (!next || next === row) return next;
        const isEmpty = next.attached.length === 0 && (row?.attached.length ?? 0) > 0;
        const dueAt =
          next.revoked || isEmpty ? recorded.metadata.occurredAt : next.attached.length > 0 ? null : next.dueAt;
        return { ...next, dueAt };
      },
      describe: (_key, row) => ({ fields: {}, dueAt: row.dueAt }),
      carryOut: (todo) => this.#carryOut(todo),
    };
  }

  async #carryOut({ body, now }: Todo<Row>): Promise<TodoOutcome> {
    if (body.revoked) return this.#destroy(body);
    const platformCall = this.logins.byId(body.platform)?.revocation === 'this-token' ? 'this-token' : 'not-revoked';
    const executed = await this.streams.execute({
      definition: grant,
      id: body.id,
      workspaceId: body.workspaceId,
      context: automationContext('revoke-empty-grants', body.id, now),
      decide: (state) => revokeEmptyGrant(state, { platformCall }),
    });
    return isRefusal(executed) ? { later: executed.code } : { done: executed.position };
  }

  async #destroy(row: Row): Promise<TodoOutcome> {
    const login = this.logins.byId(row.platform);
    const secrets = await this.secrets.current(row.id);
    if (login?.revocation === 'this-token' && secrets) {
      for (let tries = 0; tries < REVOKE_TRIES; tries += 1) {
        if (!((await login.revoke(secrets)) instanceof PlatformFailure)) break;
      }
    }
    const subject = await this.secrets.subjectOf(row.id);
    if (subject !== null) await this.claims.release('grant', row.workspaceId, row.id, row.platform, subject);
    await this.vault.destroy(row.id);
    return { settled: true };
  }
}

function fold(row: Row | null, event: GrantEvent, id: string): Row | null {
  switch (event.type) {
    case 'GrantObtained': {
      const { workspaceId, platform } = event.data;
      return { id, workspaceId, platform, attached: [], revoked: false, dueAt: null };
    }
    case 'GrantAttached':
      return row && { ...row, attached: [...row.attached, event.data.accountId] };
    case 'GrantDetached':
      return row && { ...row, attached: row.attached.filter((one) => one !== event.data.accountId) };
    case 'GrantRevoked':
      return row && { ...row, revoked: true };
    case 'GrantRenewed':
    case 'TokenExpiringSoon':
    case 'TokenExpired':
      return row;
  }
}
