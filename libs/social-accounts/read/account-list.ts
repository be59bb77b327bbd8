import { Injectable } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  Clock,
  ReadModels,
  ReadStore,
  Refusal,
  streamName,
  type JsonObject,
  type ReadModelCopy,
  type StoredRow,
} from '#kernel';
import { socialAccount } from '../domain/social-account.js';
import type { TokenHealth, TokenStatus } from '../domain/token-status.js';
import type { PlatformId } from '../platform.js';
import { accountsReadModel, wordsOf, type AccountRow, type AccountsRow } from './accounts.js';

/** A search, a health filter or limited access looks at no more accounts than this; one that would is refused. */
export const MATCH_LIMIT_ACCOUNTS = 10_000;
const LOAD_AT_ONCE = 500;
const OVERDUE_WAIT_MS = 2_000;
const OVERDUE_POLL_MS = 5;

export const SORTS = ['name', '-connectedAt', 'tokenExpiresAt'] as const;
export type AccountSort = (typeof SORTS)[number];

export interface AccountListQuery {
  readonly platform: PlatformId | null;
  readonly status: TokenStatus | null;
  readonly health: TokenHealth | null;
  /** The words searched for; null for no search. */
  readonly words: readonly string[] | null;
  readonly reach: 'all' | ReadonlySet<string>;
  readonly sort: AccountSort;
  readonly limit: number;
  readonly after: { readonly value: string | null; readonly key: string } | null;
}

export interface AccountPage {
  readonly rows: readonly AccountRow[];
  readonly related: ReadonlyMap<string, JsonObject>;
  readonly next: AccountListQuery['after'];
  /** How many accounts there are by (platform, health), under search and access alone. */
  readonly census: readonly Counted[];
}

export interface Counted {
  readonly platform: PlatformId;
  readonly health: TokenHealth;
  readonly count: number;
}

interface SortField {
  readonly field: 'name' | 'connectedAt' | 'tokenExpiresAt';
  readonly index: string;
  readonly order: 'ascending' | 'descending';
}

const SORT_FIELDS: Readonly<Record<AccountSort, SortField>> = {
  name: { field: 'name', index: 'byName', order: 'ascending' },
  '-connectedAt': { field: 'connectedAt', index: 'byConnectedAt', order: 'descending' },
  tokenExpiresAt: { field: 'tokenExpiresAt', index: 'byTokenExpiresAt', order: 'ascending' },
};

/**
 * Finds accounts. Platform, status, sorting, paging and counts are read off indexes and counters and cost the same at any
 * size; a search, a health filter or limited access looks at what matches, up to MATCH_LIMIT_ACCOUNTS.
 */
@Injectable()
export class AccountList {
  constructor(
    private readonly rows: ReadStore,
    private readonly readModels: ReadModels,
    private readonly clock: Clock,
  ) {}

  /** A page of a workspace's accounts, including everything up to `readAfter`. */
  async page(
    workspaceId: string,
    query: AccountListQuery,
    readAfter: string | null,
  ): Promise<(AccountPage & { position: string | null }) | Refusal> {
    const ready = await this.readModels.ready(accountsReadModel, workspaceId, readAfter);
    if (ready instanceof Refusal) return ready;
    const { copy, position } = ready;
    if (!(await this.#isUpToTime(copy, workspaceId))) {
      return new Refusal('read-behind', 'Many tokens have just changed. Try again.', { retryAfterSeconds: 1 });
    }
    const page =
      query.words !== null || query.reach !== 'all'
        ? await this.#matching(copy, workspaceId, query)
        : await this.#indexed(copy, workspaceId, query);
    return page instanceof Refusal ? page : { ...page, position };
  }

  /** One account's row with the rows that it is shown with. */
  async one(workspaceId: string, accountId: string, readAfter: string | null) {
    const ready = await this.readModels.ready(accountsReadModel, workspaceId, readAfter);
    if (ready instanceof Refusal) return ready;
    const key = streamName(socialAccount, accountId);
    const row = (await this.rows.load(ready.copy, [key])).get(key)?.body as AccountRow | undefined;
    if (row?.workspaceId !== workspaceId) return null;
    return { row, related: await this.#related(ready.copy, [row]), position: ready.position };
  }

  /** Waits until no account's place in the indexes is older than the time. Its runner renews them as their times come. */
  async #isUpToTime(copy: ReadModelCopy, workspaceId: string): Promise<boolean> {
    const deadline = performance.now() + OVERDUE_WAIT_MS;
    for (;;) {
      const to = this.clock.now().toISOString();
      const overdue = await this.rows.find(copy, {
        index: 'byChange',
        equals: { workspace: workspaceId },
        to,
        order: 'ascending',
        limit: 1,
      });
      const change = overdue[0]?.fields['changesAt'];
      if (change === undefined || change === null) return true;
      if (performance.now() >= deadline) return false;
      await sleep(OVERDUE_POLL_MS);
    }
  }

  async #indexed(copy: ReadModelCopy, workspaceId: string, query: AccountListQuery): Promise<AccountPage | Refusal> {
    const census = await this.#census(copy, workspaceId);
    const { field, index, order } = SORT_FIELDS[query.sort];
    const { platform, status, health, limit } = query;
    const equals = { workspace: workspaceId, ...(platform ? { platform } : {}), ...(status ? { status } : {}) };
    const name = `${index}${platform ? 'Platform' : ''}${status ? 'Status' : ''}`;
    const found: StoredRow[] = [];
    let after = query.after;
    for (let seen = 0; found.length <= limit;) {
      const atOnce = health ? LOAD_AT_ONCE : limit + 1;
      const page = await this.rows.find(copy, {
        index: name,
        equals,
        order,
        limit: atOnce,
        ...(after ? { after } : {}),
      });
      found.push(...page.filter((row) => health === null || row.fields['health'] === health));
      seen += page.length;
      const last = page.at(-1);
      if (!last || page.length < atOnce) break;
      if (seen >= MATCH_LIMIT_ACCOUNTS) return tooMany('health');
      after = { value: last.fields[field] as string | null, key: last.key };
    }
    return this.#toPage(copy, found, field, limit, census);
  }

  /** A search or limited access: the accounts that match are looked at one by one. */
  async #matching(copy: ReadModelCopy, workspaceId: string, query: AccountListQuery): Promise<AccountPage | Refusal> {
    const keys = await this.#candidateKeys(copy, workspaceId, query);
    if (keys.length > MATCH_LIMIT_ACCOUNTS) return tooMany('q');
    const matching: StoredRow[] = [];
    for (let from = 0; from < keys.length; from += LOAD_AT_ONCE) {
      const loaded = await this.rows.load(copy, keys.slice(from, from + LOAD_AT_ONCE));
      matching.push(...[...loaded.values()].filter((row) => matches(row.body as AccountsRow, workspaceId, query)));
    }
    const { field, order } = SORT_FIELDS[query.sort];
    const sign = order === 'ascending' ? 1 : -1;
    const compare = (a: Place, b: Place): number => sign * comparePlaces(a, b);
    const wanted = matching
      .filter(({ fields }) => query.platform === null || fields['platform'] === query.platform)
      .filter(({ fields }) => query.status === null || fields['status'] === query.status)
      .filter(({ fields }) => query.health === null || fields['health'] === query.health)
      .sort((a, b) => compare(placeOf(a, field), placeOf(b, field)));
    const { after } = query;
    const behind = after ? wanted.filter((row) => compare(placeOf(row, field), after) > 0) : wanted;
    return this.#toPage(copy, behind.slice(0, query.limit + 1), field, query.limit, tally(matching));
  }

  async #candidateKeys(copy: ReadModelCopy, workspaceId: string, query: AccountListQuery): Promise<readonly string[]> {
    if (query.words === null)
      return query.reach === 'all' ? [] : [...query.reach].map((id) => streamName(socialAccount, id));
    // The longest word leaves the fewest to look at; the others are checked on the rows.
    const [prefix] = [...query.words].sort((a, b) => b.length - a.length);
    if (prefix === undefined) return [];
    return this.rows.findKeysByTerm(copy, {
      field: 'word',
      scope: workspaceId,
      prefix,
      limit: MATCH_LIMIT_ACCOUNTS + 1,
    });
  }

  async #toPage(
    copy: ReadModelCopy,
    found: readonly StoredRow[],
    field: SortField['field'],
    limit: number,
    census: readonly Counted[],
  ): Promise<AccountPage> {
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    const next = found.length > limit && last ? placeOf(last, field) : null;
    const rows = shown.map((row) => row.body as AccountRow);
    return { rows, related: await this.#related(copy, rows), next, census };
  }

  async #related(copy: ReadModelCopy, rows: readonly AccountRow[]): Promise<ReadonlyMap<string, JsonObject>> {
    const keys = new Set(rows.flatMap((row) => accountsReadModel.relatedKeys?.(row) ?? []));
    return new Map([...(await this.rows.load(copy, [...keys]))].map(([key, row]) => [key, row.body]));
  }

  async #census(copy: ReadModelCopy, workspaceId: string): Promise<readonly Counted[]> {
    const counters = await this.rows.countsByPrefix(copy, `${workspaceId}/`);
    return [...counters].map(([name, count]) => {
      const [, platform, health] = name.split('/');
      return { platform: platform as PlatformId, health: health as TokenHealth, count };
    });
  }
}

interface Place {
  readonly value: string | null;
  readonly key: string;
}

const placeOf = (row: StoredRow, field: SortField['field']): Place => ({
  value: row.fields[field] as string | null,
  key: row.key,
});

/** As the indexes order: by value, null behind everything, then by key. */
function comparePlaces(a: Place, b: Place): number {
  if (a.value !== b.value) {
    if (a.value === null) return 1;
    if (b.value === null) return -1;
    return a.value < b.value ? -1 : 1;
  }
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
}

function matches(row: AccountsRow, workspaceId: string, query: AccountListQuery): boolean {
  if (row.kind !== 'account' || row.workspaceId !== workspaceId) return false;
  if (query.reach !== 'all' && !query.reach.has(row.id)) return false;
  if (query.words === null) return true;
  const words = wordsOf(row);
  return query.words.every((asked) => words.some((word) => word.startsWith(asked)));
}

function tally(rows: readonly StoredRow[]): readonly Counted[] {
  const counts = new Map<string, Counted>();
  for (const { fields } of rows) {
    const [platform, health] = [fields['platform'] as PlatformId, fields['health'] as TokenHealth];
    const name = `${platform}/${health}`;
    counts.set(name, { platform, health, count: (counts.get(name)?.count ?? 0) + 1 });
  }
  return [...counts.values()];
}

const tooMany = (path: string): Refusal => {
  const message = `${path} matches more than ${MATCH_LIMIT_ACCOUNTS} accounts; narrow it down`;
  return new Refusal('validation-failed', 'This would look at too many accounts.', {
    errors: [{ path, code: 'tooBroad', message }],
  });
};
