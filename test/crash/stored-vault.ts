import { join } from 'node:path';
import Database from 'better-sqlite3';
import { parseStreamName, type RecordedEvent } from '#kernel';

/** What a vault holds about its subjects, as its file has it. */
export interface VaultContent {
  readonly keys: ReadonlySet<string>;
  readonly destroyed: ReadonlySet<string>;
  readonly records: readonly {
    readonly kind: string;
    readonly id: string;
    readonly subject: string | null;
    readonly value: string;
  }[];
}

/** Reads a vault's file, also while the service goes on. */
export function readVault(dataDir: string): VaultContent {
  const database = new Database(join(dataDir, 'vault.sqlite'), { readonly: true, fileMustExist: true });
  try {
    const subjects = (table: string): ReadonlySet<string> =>
      new Set(database.prepare<[], string>(`SELECT subject FROM ${table}`).pluck().all());
    const records = database
      .prepare<[], VaultContent['records'][number]>('SELECT kind, id, subject, value FROM records')
      .all();
    return { keys: subjects('keys'), destroyed: subjects('destroyed_subjects'), records };
  } finally {
    database.close();
  }
}

/** What the log says about accounts, grants and attempts, as far as the vault has to agree. */
class Facts {
  readonly accounts = new Set<string>();
  readonly removed = new Set<string>();
  readonly ended = new Set<string>();
  /** By grant, the attempt whose secrets count. */
  readonly grants = new Map<string, string>();
  readonly revoked = new Set<string>();
  readonly attached = new Map<string, Set<string>>();

  constructor(events: readonly RecordedEvent[]) {
    for (const event of events) this.#add(event);
  }

  #add({ stream, type, data }: RecordedEvent): void {
    const { id } = parseStreamName(stream);
    const attached = this.attached.get(id) ?? new Set();
    if (type === 'AccountConnected') this.accounts.add(id);
    if (type === 'AccountRemoved') this.removed.add(id);
    if (type === 'ConnectionCompleted' || type === 'ConnectionFailed' || type === 'ConnectionLapsed')
      this.ended.add(id);
    if (type === 'GrantObtained' || type === 'GrantRenewed') this.grants.set(id, String(data['attemptId']));
    if (type === 'GrantRevoked') this.revoked.add(id);
    if (type === 'GrantAttached') this.attached.set(id, attached.add(String(data['accountId'])));
    if (type === 'GrantDetached') attached.delete(String(data['accountId']));
  }
}

/**
 * Where a vault does not agree with the log at rest: keys of removed accounts, revoked grants and ended attempts are
 * destroyed with everything under them; those of living ones are there; a grant's secrets are the ones that count, and
 * every living account and grant owns exactly one claim.
 */
export function faultsOfVault(vault: VaultContent, events: readonly RecordedEvent[]): readonly string[] {
  const facts = new Facts(events);
  const faults: string[] = [];
  const claims = vault.records
    .filter(({ kind }) => kind === 'claim')
    .map(({ value }) => (JSON.parse(value) as { owner: string }).owner);
  const expectDead = (subject: string): void => {
    if (vault.keys.has(subject) || !vault.destroyed.has(subject)) faults.push(`the key of ${subject} is not destroyed`);
    if (vault.records.some((record) => record.subject === subject)) faults.push(`records of ${subject} are left`);
    if (claims.includes(subject)) faults.push(`${subject} still owns a claim`);
  };
  const expectAlive = (subject: string): void => {
    if (!vault.keys.has(subject)) faults.push(`${subject} has no key`);
    const owned = claims.filter((owner) => owner === subject).length;
    if (owned !== 1) faults.push(`${subject} owns ${owned} claims`);
  };
  for (const id of facts.ended) expectDead(id);
  for (const id of facts.accounts) (facts.removed.has(id) ? expectDead : expectAlive)(id);
  for (const [id, attempt] of facts.grants) {
    const attached = facts.attached.get(id)?.size ?? 0;
    if (facts.revoked.has(id) !== (attached === 0)) faults.push(`${id} feeds ${attached} accounts and lives on or not`);
    (facts.revoked.has(id) ? expectDead : expectAlive)(id);
    const secrets = vault.records.filter(({ kind, subject }) => kind === 'grant-secret' && subject === id);
    const expected = facts.revoked.has(id) ? '' : `${id}/${attempt}`;
    if (secrets.map((record) => record.id).join() !== expected) faults.push(`${id} has other secrets than its own`);
  }
  for (const owner of claims) {
    const isKnown = facts.accounts.has(owner) || facts.grants.has(owner);
    // A claim whose account was never written waits for its next taker; it may not be another's.
    if (!isKnown && events.some(({ stream }) => parseStreamName(stream).id === owner))
      faults.push(`${owner} owns a claim and is neither account nor grant`);
  }
  return faults;
}
