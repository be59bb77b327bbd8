import {
  ACCOUNT_SORTS,
  PLATFORM_IDS,
  STATUS_FILTERS,
  type AccountSort,
  type PlatformId,
  type StatusFilter,
} from '#contract';

export const VIEWS = ['accounts', 'members'] as const;
export type View = (typeof VIEWS)[number];

/** What the page shows, all of it in the URL's query, so that a link can be shared and Back works. */
export interface PageAddress {
  readonly workspace: string | null;
  readonly view: View;
  readonly status: StatusFilter;
  readonly platform: PlatformId | null;
  readonly q: string;
  readonly sort: AccountSort;
  /** The account whose details are open. */
  readonly account: string | null;
  /** The attempt that the browser has just come back from. */
  readonly connection: string | null;
}

const DEFAULTS: PageAddress = {
  workspace: null,
  view: 'accounts',
  status: 'all',
  platform: null,
  q: '',
  sort: 'name',
  account: null,
  connection: null,
};

/** Reads an address; what is missing or unknown becomes the default, so that no link leads to an error. */
export function parseAddress(search: string): PageAddress {
  const query = new URLSearchParams(search);
  return {
    workspace: query.get('workspace'),
    view: oneOf(VIEWS, query.get('view')) ?? DEFAULTS.view,
    status: oneOf(STATUS_FILTERS, query.get('status')) ?? DEFAULTS.status,
    platform: oneOf(PLATFORM_IDS, query.get('platform')),
    q: query.get('q') ?? '',
    sort: oneOf(ACCOUNT_SORTS, query.get('sort')) ?? DEFAULTS.sort,
    account: query.get('account'),
    connection: query.get('connection'),
  };
}

/** The query that reads back as this address; defaults are left out. */
export function formatAddress(address: PageAddress): string {
  const query = new URLSearchParams();
  for (const name of Object.keys(DEFAULTS) as (keyof PageAddress)[]) {
    const value = address[name];
    if (value !== null && value !== DEFAULTS[name]) {
      query.set(name, value);
    }
  }
  const text = query.toString();
  return text === '' ? '/' : `/?${text}`;
}

function oneOf<T extends string>(known: readonly T[], value: string | null): T | null {
  return known.find((candidate) => candidate === value) ?? null;
}
