import { newId, type Actor, type StreamDefinition } from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';

/** What one command wrote into one stream, as the service's deciders would have. */
export interface HistoryStep {
  readonly at: number;
  readonly definition: Pick<StreamDefinition, 'category' | 'events'>;
  readonly id: string;
  readonly workspaceId: string;
  readonly actor: Actor;
  readonly events: readonly { readonly type: string; readonly data: object; readonly personal?: object }[];
}

/** Where an account lives. */
export interface Home {
  readonly workspaceId: string;
  readonly member: Actor;
  readonly index: number;
}

/** The next number of a sequence that is the same in every run, from 0 to 1. */
export type Chance = () => number;

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TOKEN_DAYS = 60;
const SYSTEM: Actor = { type: 'system', id: 'watch-token-expiry' };
const PLATFORMS = ['facebook', 'instagram', 'linkedin'] as const;
const SCOPES = ['pages_show_list', 'pages_read_engagement', 'pages_manage_posts', 'business_management'];
const PERMISSIONS = { granted: SCOPES, missing: ['read_insights'] };
/** Days before the end, and which share of people has consented again by the next one. */
const NOTICES = [
  [30, 0.35],
  [7, 0.7],
  [1, 0.8],
] as const;
const NAMES = [
  'Nordwind Kaffee',
  'Atelier Blau',
  'Café Röstfein',
  'Studio Meridian',
  'Bäckerei Sonntag',
  'Papier & Co',
];

/** One account with its grant. Instants that a method is given lie behind those of the one before. */
export class AccountLife {
  readonly #accountId = newId('acc');
  readonly #grantId = newId('grt');
  readonly #platform: (typeof PLATFORMS)[number];

  constructor(
    private readonly home: Home,
    private readonly chance: Chance,
  ) {
    this.#platform = PLATFORMS[home.index % PLATFORMS.length] ?? 'facebook';
  }

  *attemptInVain(at: number): Generator<HistoryStep, void> {
    const attemptId = newId('con');
    yield this.#startConnection(attemptId, at, 'connect');
    const ended =
      this.chance() < 0.5
        ? { type: 'ConnectionFailed', data: { code: 'denied' } }
        : { type: 'ConnectionLapsed', data: {} };
    yield this.#step(at + 15 * MINUTE_MS, connection, attemptId, SYSTEM, ended);
  }

  *connect(at: number): Generator<HistoryStep, void> {
    const { workspaceId, member, index } = this.home;
    const attemptId = newId('con');
    const done = yield* this.#consent(attemptId, at, 'connect');
    const consent = { attemptId, consentAt: instant(at + 20_000) };
    const obtained = {
      type: 'GrantObtained',
      data: {
        ...{ workspaceId, platform: this.#platform, ...consent, consentBy: { ...member } },
        ...{ lifetime: lifetimeFrom(at), scopes: SCOPES },
      },
      personal: { subject: `10${index}77441188` },
    };
    const attached = { type: 'GrantAttached', data: { accountId: this.#accountId } };
    yield this.#step(done + 5, grant, this.#grantId, member, obtained, attached);
    const connected = {
      type: 'AccountConnected',
      data: {
        ...{
          workspaceId,
          platform: this.#platform,
          type: 'page',
          method: 'direct',
          grantId: this.#grantId,
          ...consent,
        },
        ...{ connectedAt: instant(done), connectedBy: { ...member }, easyConnectLinkId: null },
        ...{ profileDigest: digest(this.#accountId), ...PERMISSIONS },
      },
      personal: this.#profile(''),
    };
    yield this.#step(done + 10, socialAccount, this.#accountId, member, connected);
    yield this.#complete(attemptId, done + 15);
  }

  /** What happens to an account between two consents. */
  *change(at: number): Generator<HistoryStep, void> {
    const events: HistoryStep['events'][number][] = [];
    if (this.chance() < 0.4) {
      const personal = this.#profile(` ${Math.floor(this.chance() * 1_000)}`);
      events.push({ type: 'AccountProfileUpdated', data: { profileDigest: digest(personal.name) }, personal });
    }
    if (this.chance() < 0.15) events.push({ type: 'PermissionsChanged', data: { ...PERMISSIONS, missing: [] } });
    if (this.chance() < 0.1) {
      events.push({ type: 'AccountAccessLost', data: { reason: 'not-listed' } });
      events.push({ type: 'AccountAccessRestored', data: {} });
    }
    for (const [index, event] of events.entries()) {
      yield this.#step(at + index * HOUR_MS, socialAccount, this.#accountId, SYSTEM, event);
    }
  }

  /** Notices until somebody consents again, which some do only after the end. Answers when that is. */
  *comeToTheEnd(consentAt: number): Generator<HistoryStep, number> {
    const endsAt = consentAt + TOKEN_DAYS * DAY_MS;
    const patience = this.chance();
    const accounts = { accountIds: [this.#accountId], count: 1 };
    for (const [daysLeft, share] of NOTICES) {
      const data = { expiresAt: instant(endsAt), daysLeft, step: `P${daysLeft}D`, ...accounts };
      const at = endsAt - daysLeft * DAY_MS;
      yield this.#step(at, grant, this.#grantId, SYSTEM, { type: 'TokenExpiringSoon', data });
      if (patience < share) return at + HOUR_MS * (1 + 20 * this.chance());
    }
    const data = { cause: 'lapsed', expiresAt: instant(endsAt), ...accounts };
    yield this.#step(endsAt, grant, this.#grantId, SYSTEM, { type: 'TokenExpired', data });
    return endsAt + DAY_MS * (0.1 + 3 * this.chance());
  }

  *reconnect(at: number): Generator<HistoryStep, void> {
    const attemptId = newId('con');
    const done = yield* this.#consent(attemptId, at, 'reconnect');
    const { member } = this.home;
    const consent = { attemptId, consentAt: instant(at + 20_000) };
    const renewed = { by: 'consent', ...consent, lifetime: lifetimeFrom(at), scopes: SCOPES };
    yield this.#step(done + 5, grant, this.#grantId, member, { type: 'GrantRenewed', data: renewed });
    const data = {
      ...{ method: 'direct', grantId: this.#grantId, previousGrantId: this.#grantId, ...consent },
      ...{ reconnectedAt: instant(done), reconnectedBy: { ...member }, ...PERMISSIONS },
    };
    yield this.#step(done + 10, socialAccount, this.#accountId, member, { type: 'AccountReconnected', data });
    yield this.#complete(attemptId, done + 15);
  }

  *remove(at: number): Generator<HistoryStep, void> {
    const { member } = this.home;
    const removed = { removedAt: instant(at), removedBy: { ...member }, grantId: this.#grantId };
    yield this.#step(at, socialAccount, this.#accountId, member, { type: 'AccountRemoved', data: removed });
    const detached = { type: 'GrantDetached', data: { accountId: this.#accountId } };
    yield this.#step(at + 20, grant, this.#grantId, SYSTEM, detached);
    const revoked = { type: 'GrantRevoked', data: { platformCall: 'not-revoked' } };
    yield this.#step(at + 60, grant, this.#grantId, SYSTEM, revoked);
  }

  /** From the start to the selection. Answers when it was selected. */
  *#consent(attemptId: string, at: number, purpose: 'connect' | 'reconnect'): Generator<HistoryStep, number> {
    yield this.#startConnection(attemptId, at, purpose);
    const authorizedAt = at + 20_000 + 30_000 * this.chance();
    const candidateIds = [0, 1, 2].map((one) => `${attemptId.slice(-20)}${one}`);
    const authorized = { authorizedAt: instant(authorizedAt), candidateIds, count: 3, selectable: 3 };
    const { member } = this.home;
    yield this.#step(authorizedAt, connection, attemptId, member, { type: 'ConnectionAuthorized', data: authorized });
    const selectedAt = authorizedAt + 5_000 + 60_000 * this.chance();
    const outcome = purpose === 'connect' ? 'connected' : 'reconnected';
    const choices = [{ candidateId: candidateIds[0], accountId: this.#accountId, outcome }];
    const selected = { choices, count: 1, selectedAt: instant(selectedAt) };
    yield this.#step(selectedAt, connection, attemptId, member, { type: 'ConnectionSelected', data: selected });
    return selectedAt;
  }

  #startConnection(attemptId: string, at: number, purpose: 'connect' | 'reconnect'): HistoryStep {
    const { workspaceId, member } = this.home;
    const data = {
      ...{ workspaceId, platform: this.#platform, method: 'direct', login: this.#platform, accountType: 'page' },
      ...{ purpose, reconnectAccountId: purpose === 'reconnect' ? this.#accountId : null, startedBy: { ...member } },
      ...{ startedAt: instant(at), lapsesAt: instant(at + 15 * MINUTE_MS) },
    };
    return this.#step(at, connection, attemptId, member, { type: 'ConnectionStarted', data });
  }

  #complete(attemptId: string, at: number): HistoryStep {
    const data = { accountIds: [this.#accountId], count: 1, grantId: this.#grantId };
    return this.#step(at, connection, attemptId, this.home.member, { type: 'ConnectionCompleted', data });
  }

  #profile(suffix: string): Readonly<Record<'name' | 'externalId' | 'handle' | 'pictureUrl' | 'profileUrl', string>> {
    const name = `${NAMES[this.home.index % NAMES.length] ?? ''} ${this.#accountId.slice(-5)}${suffix}`;
    const handle = name.toLowerCase().replaceAll(' ', '.');
    const pictureUrl = `https://scontent.example/v/t39.30808-1/${this.#accountId}.jpg?stp=dst-jpg_p200x200`;
    const profileUrl = `https://www.example.com/${handle}`;
    return { externalId: `1048${this.#accountId.slice(-12)}`, name, handle, pictureUrl, profileUrl };
  }

  #step(
    at: number,
    definition: HistoryStep['definition'],
    id: string,
    actor: Actor,
    ...events: HistoryStep['events']
  ): HistoryStep {
    return { at, definition, id, workspaceId: this.home.workspaceId, actor, events };
  }
}

function lifetimeFrom(at: number): object {
  const expiresAt = instant(at + TOKEN_DAYS * DAY_MS);
  const unknown = { accessExpiresAt: null, refreshExpiresAt: null, earliestRenewalAt: null };
  return { issuedAt: instant(at), expiresAt, dataAccessExpiresAt: expiresAt, ...unknown, renewal: 'reconnect' };
}

export const instant = (at: number): string => new Date(at).toISOString();
/** As long as a digest is. */
export const digest = (text: string): string => Buffer.from(text.padEnd(32, '.')).toString('base64url').slice(0, 43);
