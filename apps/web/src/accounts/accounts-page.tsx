import { useEffect, useState, type Ref } from 'react';
import type { AccountQuery, PlatformId, StatusFilter } from '#contract';
import { ConnectDialog } from '../connect/connect-dialog.js';
import { ConnectionDialog } from '../connect/connection-dialog.js';
import { useArrivalFocus } from '../design/arrival-focus.js';
import { PlusIcon } from '../design/icons.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { navigate, useAddress } from '../navigation/navigation.js';
import type { PageAddress } from '../navigation/page-address.js';
import { useSession } from '../session/session.js';
import { missingPermission, useWorkspace } from '../workspaces/current-workspace.js';
import { AccountDetails } from './account-details.js';
import { PlatformFilter, SearchField, SortField, StatusFilterBar } from './account-filters.js';
import { AccountTable, AccountTableSkeleton } from './account-table.js';
import './accounts-page.css';
import { NoAccounts } from './no-accounts.js';
import { useAccountList, type AccountList } from './use-account-list.js';

/** The Social Accounts page: filters, the list, and what opens above it. */
export function AccountsPage() {
  const { refresh } = useSession();
  const { workspace, me } = useWorkspace();
  const address = useAddress();
  const [connecting, setConnecting] = useState<{ readonly platform: PlatformId | null } | null>(null);
  const { heading, focusHeading } = useHeadingFocus();
  const list = useAccountList(workspace.id, queryOf(address));
  const hindrance = missingPermission(me, 'accounts:connect');
  const isFiltered = address.status !== 'all' || address.platform !== null || address.q !== '';
  // Where there is nothing yet there is nothing to filter either.
  const isEmpty = !isFiltered && list.loaded.state === 'ready' && list.loaded.value.counts.all === 0;
  const leaveConnection = (): void => {
    navigate({ connection: null }, 'replace');
    refresh();
  };

  return (
    <main className="page">
      <Title heading={heading} hindrance={hindrance} onConnect={() => setConnecting({ platform: null })} />
      <div className={isEmpty ? '' : 'accounts-page'}>
        {isEmpty ? null : <PlatformFilter chosen={address.platform} counts={list.latest?.platforms ?? null} />}
        <div className="accounts-page__list">
          {isEmpty ? null : <FilterBar list={list} address={address} />}
          <AccountListing
            list={list}
            zone={workspace.timezone}
            status={address.status}
            isFiltered={isFiltered}
            onConnect={hindrance === null ? () => setConnecting({ platform: address.platform }) : null}
            onCleared={focusHeading}
          />
        </div>
      </div>
      {address.account === null ? null : (
        <AccountDetails
          key={address.account}
          accountId={address.account}
          onClose={() => navigate({ account: null })}
          onRemoved={focusHeading}
        />
      )}
      {connecting === null ? null : (
        <ConnectDialog platform={connecting.platform} onClose={() => setConnecting(null)} />
      )}
      {address.connection === null ? null : (
        <ConnectionDialog
          key={address.connection}
          connectionId={address.connection}
          onClose={() => {
            leaveConnection();
            focusHeading();
          }}
          onTryAgain={(platform) => {
            leaveConnection();
            setConnecting({ platform });
          }}
        />
      )}
    </main>
  );
}

interface TitleProps {
  readonly heading: Ref<HTMLHeadingElement>;
  /** Why this member cannot connect accounts; null where they can. */
  readonly hindrance: string | null;
  readonly onConnect: () => void;
}

function Title({ heading, hindrance, onConnect }: TitleProps) {
  return (
    <div className="page__title">
      <h1 ref={heading} tabIndex={-1}>
        Social accounts
      </h1>
      <div className="row">
        {hindrance === null ? null : <span className="faint">{hindrance}</span>}
        <button type="button" className="button button--main" disabled={hindrance !== null} onClick={onConnect}>
          <PlusIcon />
          Connect account
        </button>
      </div>
    </div>
  );
}

interface FilterBarProps {
  readonly list: AccountList;
  readonly address: PageAddress;
}

function FilterBar({ list, address }: FilterBarProps) {
  return (
    <div className="accounts-page__bar">
      <StatusFilterBar chosen={address.status} counts={list.latest?.counts ?? null} />
      <div className="accounts-page__search">
        <SearchField value={address.q} />
        <SortField value={address.sort} />
      </div>
    </div>
  );
}

function queryOf({ sort, status, platform, q }: PageAddress): AccountQuery {
  return {
    sort,
    ...(status === 'all' ? {} : { status }),
    ...(platform === null ? {} : { platform }),
    ...(q === '' ? {} : { q }),
  };
}

/** For when what had the focus is gone, such as the row of a removed account; the focus moves once the dialogs are closed. */
function useHeadingFocus() {
  const heading = useArrivalFocus();
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    if (asked > 0) {
      heading.current?.focus();
    }
  }, [asked]);
  return { heading, focusHeading: () => setAsked((before) => before + 1) };
}

interface AccountListingProps {
  readonly list: AccountList;
  readonly zone: string;
  readonly status: StatusFilter;
  readonly isFiltered: boolean;
  readonly onConnect: (() => void) | null;
  readonly onCleared: () => void;
}

function AccountListing({ list, zone, status, isFiltered, onConnect, onCleared }: AccountListingProps) {
  const { loaded, items, more } = list;
  if (loaded.state === 'loading') {
    return <AccountTableSkeleton />;
  }
  if (loaded.state === 'failed') {
    return <ProblemNotice problem={loaded.problem} retry={list.retry} permission="accounts:read" />;
  }
  const total = loaded.value.counts[status];
  return (
    <>
      {items.length === 0 ? (
        <NoAccounts isFiltered={isFiltered} onConnect={onConnect} onCleared={onCleared} />
      ) : (
        <AccountTable accounts={items} zone={zone} isRenewing={loaded.renewing} />
      )}
      {more.problem === null ? null : <ProblemNotice problem={more.problem} />}
      <div className="accounts-page__end">
        <p className={items.length === 0 ? 'only-read-aloud' : 'faint'} role="status">
          {items.length === 0
            ? 'No accounts shown'
            : `${items.length.toLocaleString('en-GB')} of ${counted(total, 'account')} shown`}
        </p>
        {list.hasMore ? (
          <button type="button" className="button" disabled={more.busy} onClick={() => void more.load()}>
            {more.busy ? 'Loading…' : 'Load more'}
          </button>
        ) : null}
      </div>
    </>
  );
}
