import { isRefusal, type Streams, type Vault, type Automation, type Todo, type TodoOutcome } from '#kernel';
import { detachAccount, grant } from '../domain/grant.js';
import type { SocialAccountEvent } from '../domain/social-account.js';
import type { PlatformId } from '../platform.js';
import type { Claims } from '../write/claims.js';
import { automationContext } from './automation-context.js';
import type { GrantSecrets } from './grant-secrets.js';

type Row = {
  readonly id: string;
  readonly workspaceId: string;
  readonly platform: PlatformId;
  readonly grantIds: readonly string[];
  readonly removedAt: string | null;
};

/** After AccountRemoved: detaches the account from its grant, gives up its claim, and destroys its key with every secret under it (R2). */
export class PurgeRemovedAccounts {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
    private readonly claims: Claims,
    private readonly secrets: GrantSecrets,
  ) {}

  automation(): Automation<Row> {
    return {
      name: 'purge-removed-accounts',
      version: 1,
      partitions: 1,
      fields: {},
      indexes: {},
      terms: [],
      follows: ['socialAccount'],
      readsPersonalData: false,
      project(row, { event, recorded }) {
        const change = event as SocialAccountEvent;
        switch (change.type) {
          case 'AccountConnected': {
            const id = recorded.stream.slice('socialAccount-'.length);
            const { workspaceId, platform, grantId } = change.data;
            return { id, workspaceId, platform, grantIds: [grantId], removedAt: null };
          }
          case 'AccountReconnected':
            return row && { ...row, grantIds: [change.data.grantId, change.data.previousGrantId] };
          case 'AccountRemoved':
            return row && { ...row, removedAt: change.data.removedAt };
          case 'AccountProfileUpdated':
          case 'AccountAccessLost':
          case 'AccountAccessRestored':
          case 'PermissionsChanged':
            return row;
        }
      },
      describe: (_key, row) => ({ fields: {}, dueAt: row.removedAt }),
      carryOut: (todo) => this.#carryOut(todo),
    };
  }

  async #carryOut({ body, now }: Todo<Row>): Promise<TodoOutcome> {
    for (const grantId of new Set(body.grantIds)) {
      const executed = await this.streams.execute({
        definition: grant,
        id: grantId,
        workspaceId: body.workspaceId,
        context: automationContext('purge-removed-accounts', body.id, now),
        decide: (state) => detachAccount(state, { accountId: body.id, ownedSince: null }),
      });
      if (isRefusal(executed)) return { later: executed.code };
    }
    const externalId = await this.secrets.externalIdOf(body.id);
    if (externalId !== null) await this.claims.release('account', body.workspaceId, body.id, body.platform, externalId);
    await this.vault.destroy(body.id);
    return { settled: true };
  }
}
