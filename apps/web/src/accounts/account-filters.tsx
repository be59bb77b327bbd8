import { useEffect, useRef, useState } from 'react';
import {
  ACCOUNT_SORTS,
  PLATFORM_IDS,
  STATUS_FILTERS,
  type AccountPage,
  type AccountSort,
  type PlatformId,
  type StatusFilter,
} from '#contract';
import { GridIcon, SearchIcon } from '../design/icons.js';
import { PLATFORM_NAMES, PlatformMark } from '../design/platform-mark.js';
import { navigate } from '../navigation/navigation.js';
import './account-filters.css';
import { FILTER_WORDS } from './words.js';

const SEARCH_PAUSE_MS = 300;

interface CountProps {
  readonly count: number | undefined;
}

function Count({ count }: CountProps) {
  return (
    <span className="count">
      {count?.toLocaleString('en-GB') ?? '–'}
      <span className="only-read-aloud"> {count === 1 ? 'account' : 'accounts'}</span>
    </span>
  );
}

interface StatusFilterBarProps {
  readonly chosen: StatusFilter;
  readonly counts: AccountPage['counts'] | null;
}

/** All, Valid, Expiring soon, Expired, each with its count under the other filters (T2). */
export function StatusFilterBar({ chosen, counts }: StatusFilterBarProps) {
  return (
    <div className="status-filter" role="group" aria-label="Token status">
      {STATUS_FILTERS.map((status) => (
        <button key={status} type="button" aria-pressed={status === chosen} onClick={() => navigate({ status })}>
          {FILTER_WORDS[status]} <Count count={counts?.[status]} />
        </button>
      ))}
    </div>
  );
}

interface PlatformFilterProps {
  readonly chosen: PlatformId | null;
  readonly counts: AccountPage['platforms'] | null;
}

/** The platforms that have accounts under the other filters, and the chosen one in any case. */
export function PlatformFilter({ chosen, counts }: PlatformFilterProps) {
  const shown = PLATFORM_IDS.filter((id) => id === chosen || (counts?.[id] ?? 0) > 0);
  const sum = Object.values(counts ?? {}).reduce((total, count) => total + count, 0);
  return (
    <div className="platform-filter" role="group" aria-label="Platform">
      <button type="button" aria-pressed={chosen === null} onClick={() => navigate({ platform: null })}>
        <GridIcon />
        <span className="platform-filter__name">All platforms</span> <Count count={counts === null ? undefined : sum} />
      </button>
      {shown.map((id) => (
        <button key={id} type="button" aria-pressed={chosen === id} onClick={() => navigate({ platform: id })}>
          <PlatformMark platform={id} />
          <span className="platform-filter__name">{PLATFORM_NAMES[id]}</span> <Count count={counts?.[id] ?? 0} />
        </button>
      ))}
    </div>
  );
}

/** Searches as one types, after a short pause, without a step for Back at every letter. */
export function SearchField({ value }: { readonly value: string }) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    // Back, Forward and a cleared filter change the address from outside; what was typed here is already in the field.
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === sent.current) {
      return undefined;
    }
    const timer = setTimeout(() => {
      sent.current = wanted;
      navigate({ q: wanted }, 'replace');
    }, SEARCH_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="search" role="search">
      <SearchIcon />
      <input
        className="input"
        type="search"
        aria-label="Search accounts"
        placeholder="Name or handle"
        value={text}
        onChange={(event) => setText(event.target.value)}
        autoComplete="off"
        spellCheck={false}
      />
    </div>
  );
}

const SORT_WORDS: Readonly<Record<AccountSort, string>> = {
  name: 'Name',
  '-connectedAt': 'Newest first',
  tokenExpiresAt: 'Expiring first',
};

export function SortField({ value }: { readonly value: AccountSort }) {
  return (
    <select
      className="input sort"
      aria-label="Sort by"
      value={value}
      onChange={(event) =>
        navigate({ sort: ACCOUNT_SORTS.find((sort) => sort === event.target.value) ?? 'name' }, 'replace')
      }
    >
      {ACCOUNT_SORTS.map((sort) => (
        <option key={sort} value={sort}>
          {SORT_WORDS[sort]}
        </option>
      ))}
    </select>
  );
}
