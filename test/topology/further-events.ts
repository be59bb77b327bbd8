import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SqliteEventStore } from '#event-store-sqlite';
import {
  idFromName,
  isRefusal,
  MasterKeys,
  newCommandId,
  Streams,
  Vault,
  type EventDefinitions,
  type EventOf,
  type StreamDefinition,
} from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';
import { SqliteVaultStore } from '#vault-sqlite';
import { workspace } from '#workspaces';

const ACCOUNTS_PER_WORKSPACE = 100;
/** Events that one account makes, its attempt's and its grant's among them. */
const EVENTS_PER_ACCOUNT = 8;
/** Every so many accounts one is erased: its key is destroyed, and its events stay. */
const ERASED_EVERY = 10;
const ACTOR = { type: 'user', id: 'generator' } as const;
/** Far beyond every notice. */
const EXPIRES_AT = '2099-01-01T00:00:00.000Z';

/**
 * Adds at least so many events to the data directory of a stopped service: accounts with their attempts and grants, streams side
 * by side, personal data sealed under keys of their own, secrets and claims in the vault. No automation has to do anything about
 * them. Answers the number of accounts.
 */
export async function addEvents(dataDir: string, atLeast: number): Promise<number> {
  const events = await SqliteEventStore.open({ dataDir });
  const vaultStore = await SqliteVaultStore.open({ dataDir });
  const masterKey = readFileSync(join(dataDir, 'vault.key'), 'utf8').trim();
  const vault = new Vault(vaultStore, new MasterKeys([masterKey]));
  const writer = new EventWriter(new Streams(events, vault), vault);
  const accounts = Math.ceil(atLeast / EVENTS_PER_ACCOUNT);
  try {
    for (let done = 0; done < accounts; done += ACCOUNTS_PER_WORKSPACE) {
      const workspaceId = await writer.workspace();
      const count = Math.min(ACCOUNTS_PER_WORKSPACE, accounts - done);
      const ids = await Promise.all(Array.from({ length: count }, () => writer.account(workspaceId)));
      const gone = ids.filter((_, index) => index % ERASED_EVERY === 0);
      await Promise.all(gone.map((id) => vault.destroy(id)));
    }
    return accounts;
  } finally {
    await events.close();
    await vaultStore.close();
  }
}

class EventWriter {
  constructor(
    private readonly streams: Streams,
    private readonly vault: Vault,
  ) {}

  async workspace(): Promise<string> {
    const id = idFromName('ws', newCommandId(), 'workspace');
    const at = new Date().toISOString();
    const settings = { timezone: 'UTC', expiringWindow: 'P30D', noticeSteps: ['P30D'], nameDigest: '', createdAt: at };
    const member = { userId: ACTOR.id, role: 'owner' as const, access: 'all' as const, accountIds: [], count: 0 };
    await this.#append(workspace, id, id, [
      { type: 'WorkspaceCreated', data: settings, personal: { name: 'Wörkspace “ö” ☕' } },
      { type: 'MemberAdded', data: { ...member, addedAt: at } },
    ]);
    return id;
  }

  /** The attempt, the grant, the account, and what the automations have done about them. */
  async account(workspaceId: string): Promise<string> {
    const seed = newCommandId();
    const [accountId, grantId, attemptId] = [
      idFromName('acc', seed, 'account'),
      idFromName('grt', seed, 'grant'),
      idFromName('con', seed, 'attempt'),
    ];
    const at = new Date().toISOString();
    const page = { workspaceId, platform: 'facebook' as const, method: 'direct' as const };
    const purpose = { accountType: 'page' as const, purpose: 'connect' as const, reconnectAccountId: null };
    const started = { ...page, login: 'facebook' as const, ...purpose, startedBy: ACTOR, startedAt: at, lapsesAt: at };
    await this.#append(connection, attemptId, workspaceId, [{ type: 'ConnectionStarted', data: started }]);
    const consent = { workspaceId, platform: 'facebook' as const, attemptId, consentAt: at };
    const ends = { expiresAt: EXPIRES_AT, accessExpiresAt: null, refreshExpiresAt: null, dataAccessExpiresAt: null };
    const lifetime = { issuedAt: at, ...ends, earliestRenewalAt: null, renewal: 'reconnect' as const };
    const obtained = { ...consent, consentBy: ACTOR, lifetime, scopes: ['pages_show_list'] };
    const personal = { subject: `person of ${grantId}` };
    await this.#append(grant, grantId, workspaceId, [{ type: 'GrantObtained', data: obtained, personal }]);
    const permissions = { granted: ['pages_show_list'], missing: ['read_insights'] };
    const origin = { grantId, connectedAt: at, connectedBy: ACTOR, easyConnectLinkId: null, profileDigest: '' };
    const connected = { ...consent, type: 'page' as const, method: 'direct' as const, ...origin, ...permissions };
    const profile = { externalId: accountId, name: `Café ${accountId.slice(-8)}`, handle: null, pictureUrl: null };
    await this.#append(socialAccount, accountId, workspaceId, [
      { type: 'AccountConnected', data: connected, personal: { ...profile, profileUrl: null } },
      { type: 'PermissionsChanged', data: { ...permissions, missing: [] } },
    ]);
    await this.#append(grant, grantId, workspaceId, [{ type: 'GrantAttached', data: { accountId } }]);
    await this.#append(socialAccount, accountId, workspaceId, [{ type: 'PermissionsChanged', data: permissions }]);
    const outcome = { accountIds: [accountId], count: 1, grantId };
    await this.#append(connection, attemptId, workspaceId, [{ type: 'ConnectionCompleted', data: outcome }]);
    await this.#append(grant, grantId, workspaceId, [{ type: 'GrantAttached', data: { accountId } }]);
    await this.#keepSecrets(workspaceId, accountId, grantId, attemptId);
    return accountId;
  }

  async #keepSecrets(workspaceId: string, accountId: string, grantId: string, attemptId: string): Promise<void> {
    const key = await this.vault.keyFor(grantId);
    const owner = await this.vault.keyFor(workspaceId);
    if (key === 'destroyed' || owner === 'destroyed') throw new Error('A living key is destroyed.');
    const none = { sealed: null, dueAt: null };
    const secret = { kind: 'grant-secret', id: `${grantId}/${attemptId}`, subject: grantId, value: {}, dueAt: null };
    const sealed = key.seal(`token of ${grantId}`, `grant-secret|${secret.id}`).toString('base64');
    await this.vault.store.insert({ ...secret, sealed });
    const id = `${workspaceId}/${owner.digest('account', 'facebook', accountId)}`;
    await this.vault.store.insert({ kind: 'claim', id, subject: workspaceId, value: { owner: accountId }, ...none });
    await this.vault.destroy(attemptId);
  }

  async #append<Definitions extends EventDefinitions, State>(
    definition: StreamDefinition<Definitions, State>,
    id: string,
    workspaceId: string,
    events: readonly EventOf<Definitions>[],
  ): Promise<void> {
    const commandId = newCommandId();
    const context = { commandId, correlationId: commandId, causationId: commandId, actor: ACTOR, at: new Date() };
    const executed = await this.streams.execute({ definition, id, workspaceId, context, decide: () => events });
    if (isRefusal(executed)) throw new Error(executed.code);
  }
}
