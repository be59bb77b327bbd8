import type { Account } from '#contract';
import { ACCOUNT_TYPE_WORDS } from '../connect/words.js';
import { AccountPicture } from '../design/account-picture.js';
import { formatSlot } from '../design/dates.js';
import { ChevronIcon } from '../design/icons.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { PageLink } from '../navigation/page-link.js';
import './account-table.css';
import { StatusChip } from './status-chip.js';
import { HEALTH_WORDS, queueLine, remaining } from './words.js';

const SKELETON_ROWS = 6;

interface AccountTableProps {
  readonly accounts: readonly Account[];
  readonly zone: string;
  readonly isRenewing: boolean;
}

/**
 * The accounts: a table on a wide screen, cards on a phone.
 *
 * The roles are written out because a table that is laid out otherwise loses them in some browsers.
 */
export function AccountTable({ accounts, zone, isRenewing }: AccountTableProps) {
  return (
    <table className="accounts" role="table" aria-label="Accounts" aria-busy={isRenewing}>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            Account
          </th>
          <th role="columnheader" scope="col">
            Platform
          </th>
          <th role="columnheader" scope="col">
            Token
          </th>
          <th role="columnheader" scope="col">
            Queue
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {accounts.map((account) => (
          <AccountRow key={account.id} account={account} zone={zone} />
        ))}
      </tbody>
    </table>
  );
}

function AccountRow({ account, zone }: { readonly account: Account; readonly zone: string }) {
  const { queue, token } = account;
  return (
    <tr role="row">
      <th role="rowheader" scope="row">
        <span className="accounts__account">
          <AccountPicture name={account.name} pictureUrl={account.pictureUrl} platform={account.platform} />
          <span className="accounts__name">
            <PageLink to={{ account: account.id }}>{account.name}</PageLink>
            {account.handle === null ? null : <span className="faint">{account.handle}</span>}
          </span>
          <ChevronIcon />
        </span>
      </th>
      <td role="cell" className="accounts__platform">
        <span>{PLATFORM_NAMES[account.platform]}</span>
        <span className="faint">{ACCOUNT_TYPE_WORDS[account.type]}</span>
      </td>
      <td role="cell" className="accounts__token">
        <StatusChip token={token} />
        <span className="faint">
          {remaining(account)}
          {token.health === 'missing-permissions' ? ` · ${HEALTH_WORDS[token.health]}` : ''}
        </span>
      </td>
      <td role="cell" className="accounts__queue">
        <span>{queueLine(account)}</span>
        <span className="faint">{queue.paused ? 'Paused' : nextSlot(queue.nextSlotAt, zone)}</span>
      </td>
    </tr>
  );
}

function nextSlot(nextSlotAt: string | null, zone: string): string {
  return nextSlotAt === null ? '' : `Next ${formatSlot(nextSlotAt, zone)}`;
}

/** What stands in for the rows while the first page is on its way. */
export function AccountTableSkeleton() {
  return (
    <div className="accounts-skeleton" role="status" aria-label="Loading the accounts">
      {Array.from({ length: SKELETON_ROWS }, (_, index) => (
        <div key={index} className="accounts-skeleton__row">
          <span className="skeleton accounts-skeleton__picture" />
          <span className="skeleton accounts-skeleton__name" />
          <span className="skeleton accounts-skeleton__chip" />
        </div>
      ))}
    </div>
  );
}
