import { isRefusal } from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import {
  authorizeConnection,
  completeConnection,
  failConnection,
  lapseConnection,
  selectCandidates,
  startConnection,
} from '../../libs/social-accounts/domain/connection.js';
import { checkExpiry, detachAccount, revokeEmptyGrant, takeConsent } from '../../libs/social-accounts/domain/grant.js';
import {
  connectAccount,
  healAccount,
  loseAccess,
  removeAccount,
  type ConsentedAccount,
} from '../../libs/social-accounts/domain/social-account.js';
import {
  addConnectedAccounts,
  changeWorkspace,
  createWorkspace,
  removeMember,
  setMember,
} from '../../libs/workspaces/domain/workspace.js';
import { idOf, type World } from './world.js';

export const DAY_MS = 86_400_000;
const PLATFORMS = ['facebook', 'instagram'] as const;
const ROLES = ['admin', 'publisher', 'viewer'] as const;
const WINDOWS = ['P30D', 'P7D', 'P60D'] as const;
const STEPS = [['P30D', 'P7D', 'P1D'], ['P14D'], ['P60D', 'P3D']] as const;
const FACES = ['Nordwind', 'Südwind & Söhne', 'Ændringer', ''] as const;

export interface ConsentOf {
  readonly person: number;
  /** External things by number; each is of one platform. */
  readonly chosen: readonly number[];
  /** What else the login reaches. */
  readonly alsoReached: readonly number[];
  /** Days until the token ends; null for no known end. */
  readonly lastsDays: number | null;
  readonly missing: boolean;
  readonly face: number;
}

/** One workspace, the logins of its people and the accounts that they connect: everything that can happen to them, by the deciders. */
export class Team {
  readonly id: string;
  #made = 0;
  /** By person. A grant that was revoked makes room for another. */
  readonly #grants = new Map<number, string>();
  /** By external thing. A removed account makes room for another. */
  readonly #accounts = new Map<number, string>();

  constructor(
    private readonly world: World,
    private readonly name: string,
  ) {
    this.id = idOf('ws', name);
    const create = { name, nameDigest: name, timezone: 'UTC', ownerId: 'ann', at: world.now };
    world.execute(workspace, this.id, this.id, (state) => createWorkspace(state, create));
  }

  account(external: number): string | undefined {
    return this.#accounts.get(external);
  }

  grant(person: number): string | undefined {
    return this.#grants.get(person);
  }

  changeSettings(window: number, steps: number, name: number): void {
    const face = FACES[name % FACES.length] ?? '';
    this.world.execute(workspace, this.id, this.id, (state) =>
      changeWorkspace(state, {
        expiringWindow: WINDOWS[window % WINDOWS.length] ?? 'P30D',
        noticeSteps: STEPS[steps % STEPS.length] ?? [],
        ...(face === '' ? {} : { name: { text: face, digest: face } }),
      }),
    );
  }

  setMember(user: number, role: number, accounts: readonly number[] | null): void {
    const known = accounts?.flatMap((one) => this.#accounts.get(one) ?? []);
    const member = { role: ROLES[role % ROLES.length] ?? 'viewer', access: known ? new Set(known) : ('all' as const) };
    this.world.execute(workspace, this.id, this.id, (state) =>
      setMember(state, {
        asker: { userId: 'ann' },
        userId: `user-${user}`,
        mustExist: false,
        at: this.world.now,
        ...member,
      }),
    );
  }

  removeMember(user: number): void {
    this.world.execute(workspace, this.id, this.id, (state) =>
      removeMember(state, { asker: { userId: 'ann' }, userId: `user-${user}` }),
    );
  }

  /** An attempt that comes to nothing. */
  attemptInVain(end: number): void {
    const { world } = this;
    const id = this.#start(0);
    if (end % 3 > 0) {
      const outcome = { kind: 'pick' as const };
      const found = { candidateIds: ['c'], selectable: 1, outcome, at: world.now };
      world.execute(connection, id, this.id, (state) => authorizeConnection(state, found));
    }
    world.pass(16 * 60_000);
    if (end % 2 > 0) world.execute(connection, id, this.id, (state) => lapseConnection(state, { at: world.now }));
    else world.execute(connection, id, this.id, (state) => failConnection(state, { code: 'denied' }));
  }

  /** A consent with everything that follows from it, in the order in which it is carried out. */
  consent(consent: ConsentOf): void {
    const { world } = this;
    const at = world.now;
    const conId = this.#start(consent.person);
    const choices = consent.chosen.map((external) => ({
      candidateId: `candidate-${external}`,
      accountId: this.#accountFor(external),
      outcome: 'connected' as const,
    }));
    const found = { candidateIds: choices.map(({ candidateId }) => candidateId), selectable: choices.length, at };
    world.execute(connection, conId, this.id, (state) =>
      authorizeConnection(state, { ...found, outcome: { kind: 'pick' } }),
    );
    world.execute(connection, conId, this.id, (state) =>
      selectCandidates(state, { choices, candidateIds: found.candidateIds, at }),
    );
    const grantId = this.#takeConsent(
      consent,
      conId,
      choices.map(({ accountId }) => accountId),
    );
    for (const external of consent.chosen) this.#connect(external, this.#consented(consent, external, grantId, conId));
    this.#judgeOthers(consent, grantId, conId);
    const accountIds = choices.map(({ accountId }) => accountId);
    world.execute(workspace, this.id, this.id, (state) =>
      addConnectedAccounts(state, { userId: 'user-1', accountIds }),
    );
    world.execute(connection, conId, this.id, (state) => completeConnection(state, { accountIds, grantId }));
    this.#revokeEmpty();
  }

  remove(external: number): void {
    const { world } = this;
    const id = this.#accounts.get(external);
    if (!id) return;
    const grantId = world.state(socialAccount, id).grantId ?? '';
    const by = { type: 'user', id: 'ann' } as const;
    world.execute(socialAccount, id, this.id, (state) => removeAccount(state, { by, at: world.now }));
    world.execute(grant, grantId, this.id, (state) => detachAccount(state, { accountId: id, ownedSince: null }));
    this.#accounts.delete(external);
    this.#revokeEmpty();
  }

  /** What the watch over the ends of tokens does at this instant. */
  watch(): void {
    const { world } = this;
    const { noticeSteps } = world.state(workspace, this.id).settings;
    for (const id of this.#grants.values()) {
      world.execute(grant, id, this.id, (state) => checkExpiry(state, { at: world.now, noticeSteps }));
    }
  }

  #start(person: number): string {
    const id = idOf('con', `${this.name}-${(this.#made += 1)}`);
    const { world } = this;
    const startedBy = { type: 'user', id: `user-${person}` } as const;
    const what = {
      platform: 'facebook',
      method: 'direct',
      login: 'facebook',
      accountType: null,
      purpose: 'connect',
    } as const;
    const facts = { workspaceId: this.id, ...what, reconnectAccountId: null, startedBy, at: world.now };
    world.execute(connection, id, this.id, (state) => startConnection(state, facts));
    return id;
  }

  #accountFor(external: number): string {
    const id = this.#accounts.get(external) ?? idOf('acc', `${this.name}-${(this.#made += 1)}`);
    this.#accounts.set(external, id);
    return id;
  }

  #takeConsent(consent: ConsentOf, attemptId: string, accountIds: readonly string[]): string {
    const { world } = this;
    const id = this.#grants.get(consent.person) ?? idOf('grt', `${this.name}-${(this.#made += 1)}`);
    this.#grants.set(consent.person, id);
    const at = world.now.toISOString();
    const { lastsDays, person } = consent;
    const expiresAt = lastsDays === null ? null : new Date(world.now.getTime() + lastsDays * DAY_MS).toISOString();
    const renewal = 'reconnect' as const;
    const never = { accessExpiresAt: null, refreshExpiresAt: null, dataAccessExpiresAt: null, earliestRenewalAt: null };
    world.execute(grant, id, this.id, (state) =>
      takeConsent(state, {
        workspaceId: this.id,
        platform: 'facebook',
        subject: `person-${person}`,
        attemptId,
        consentAt: at,
        consentBy: { type: 'user', id: `user-${person}` },
        lifetime: { issuedAt: at, expiresAt, ...never, renewal },
        scopes: ['post'],
        accountIds,
      }),
    );
    return id;
  }

  #connect(external: number, consented: ConsentedAccount): void {
    const { world } = this;
    const id = this.#accountFor(external);
    const before = world.state(socialAccount, id).grantId;
    const platform = PLATFORMS[external % 2] ?? 'facebook';
    const more = {
      workspaceId: this.id,
      platform,
      type: 'page',
      by: { type: 'user', id: 'ann' },
      at: world.now,
    } as const;
    world.execute(socialAccount, id, this.id, (state) => connectAccount(state, { ...consented, ...more }));
    if (before !== null && before !== consented.grantId) {
      world.execute(grant, before, this.id, (state) =>
        detachAccount(state, { accountId: id, ownedSince: consented.consentAt }),
      );
    }
  }

  #judgeOthers(consent: ConsentOf, grantId: string, attemptId: string): void {
    const { world } = this;
    for (const [external, id] of this.#accounts) {
      if (consent.chosen.includes(external) || world.state(socialAccount, id).grantId !== grantId) continue;
      const consented = this.#consented(consent, external, grantId, attemptId);
      const loss = { grantId, consentAt: consented.consentAt, reason: 'not-listed' as const };
      world.execute(socialAccount, id, this.id, (state) =>
        consent.alsoReached.includes(external) ? healAccount(state, consented) : loseAccess(state, loss),
      );
    }
  }

  #consented(consent: ConsentOf, external: number, grantId: string, attemptId: string): ConsentedAccount {
    const name = `${FACES[consent.face % FACES.length] ?? ''} ${external}`;
    const profile = { externalId: `external-${external}`, name, handle: null, pictureUrl: null, profileUrl: null };
    const missing = consent.missing ? ['insights'] : [];
    const consentAt = this.world.now.toISOString();
    const granted = ['post'];
    return { method: 'direct', grantId, attemptId, consentAt, granted, missing, profile, profileDigest: name };
  }

  #revokeEmpty(): void {
    for (const [person, id] of this.#grants) {
      if (this.world.state(grant, id).attached.size > 0) continue;
      const revoked = this.world.execute(grant, id, this.id, (state) =>
        revokeEmptyGrant(state, { platformCall: 'not-revoked' }),
      );
      if (!isRefusal(revoked)) this.#grants.delete(person);
    }
  }
}
