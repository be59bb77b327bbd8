import { useState } from 'react';
import type { Account } from '#contract';
import { ACCOUNT_TYPE_WORDS } from '../connect/words.js';
import { AccountPicture } from '../design/account-picture.js';
import { Dialog } from '../design/dialog.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { outsideAddress } from '../navigation/outside-address.js';
import { useSession } from '../session/session.js';
import { useLoaded } from '../session/use-loaded.js';
import { missingPermission, useWorkspace } from '../workspaces/current-workspace.js';
import './account-details.css';
import { AccountFacts } from './account-facts.js';
import { ReconnectDialog } from './reconnect-dialog.js';
import { RemoveDialog } from './remove-dialog.js';

interface AccountDetailsProps {
  readonly accountId: string;
  readonly onClose: () => void;
  /** Called once the panel is closed because the account was removed. */
  readonly onRemoved: () => void;
}

/** Everything about one account (D1), in a panel beside the list, with what can be done about it. */
export function AccountDetails({ accountId, onClose, onRemoved }: AccountDetailsProps) {
  const { client, generation, refresh, announce } = useSession();
  const { workspace } = useWorkspace();
  const [open, setOpen] = useState<'reconnect' | 'remove' | null>(null);
  const { loaded, retry } = useLoaded(accountId, generation, (signal) =>
    client.account(workspace.id, accountId, { signal }),
  );
  const removed = (account: Account): void => {
    announce(`${account.name} was removed. All that belongs to it is being erased.`);
    onClose();
    refresh();
    onRemoved();
  };
  return (
    <Dialog kind="panel" title={loaded.state === 'ready' ? loaded.value.name : 'Account'} onClose={onClose}>
      {loaded.state === 'loading' ? <DetailsSkeleton /> : null}
      {loaded.state === 'failed' && loaded.problem.status === 404 ? (
        <div className="empty">
          <p className="soft">
            This account is not here. It may have been removed, or it is not among those that you may see.
          </p>
          <button type="button" className="button" onClick={onClose}>
            Back to the list
          </button>
        </div>
      ) : null}
      {loaded.state === 'failed' && loaded.problem.status !== 404 ? (
        <ProblemNotice problem={loaded.problem} retry={retry} permission="accounts:read" />
      ) : null}
      {loaded.state === 'ready' ? (
        <>
          <DetailsHead account={loaded.value} />
          <AccountFacts account={loaded.value} zone={workspace.timezone} />
          <DetailsActions onReconnect={() => setOpen('reconnect')} onRemove={() => setOpen('remove')} />
          {open === 'reconnect' ? <ReconnectDialog account={loaded.value} onClose={() => setOpen(null)} /> : null}
          {open === 'remove' ? (
            <RemoveDialog
              account={loaded.value}
              onClose={() => setOpen(null)}
              onRemoved={() => loaded.state === 'ready' && removed(loaded.value)}
            />
          ) : null}
        </>
      ) : null}
    </Dialog>
  );
}

function DetailsHead({ account }: { readonly account: Account }) {
  const profile = outsideAddress(account.profileUrl);
  return (
    <div className="details-head">
      <AccountPicture name={account.name} pictureUrl={account.pictureUrl} platform={account.platform} size="large" />
      <div>
        {account.handle === null ? null : <p className="soft">{account.handle}</p>}
        <p className="soft">
          {PLATFORM_NAMES[account.platform]} · {ACCOUNT_TYPE_WORDS[account.type]}
        </p>
        {profile === null ? null : (
          <a href={profile} target="_blank" rel="noreferrer noopener">
            Open on {PLATFORM_NAMES[account.platform]}
            <span className="only-read-aloud"> in a new tab</span>
          </a>
        )}
      </div>
    </div>
  );
}

interface DetailsActionsProps {
  readonly onReconnect: () => void;
  readonly onRemove: () => void;
}

function DetailsActions({ onReconnect, onRemove }: DetailsActionsProps) {
  const { me } = useWorkspace();
  const hindrances = [missingPermission(me, 'accounts:connect'), missingPermission(me, 'accounts:remove')];
  return (
    <>
      {hindrances.map((hindrance) =>
        hindrance === null ? null : (
          <p key={hindrance} className="faint">
            {hindrance}
          </p>
        ),
      )}
      <div className="dialog__actions">
        <button
          type="button"
          className="button button--danger-quiet dialog__actions-start"
          disabled={hindrances[1] !== null}
          onClick={onRemove}
        >
          Remove
        </button>
        <button type="button" className="button button--main" disabled={hindrances[0] !== null} onClick={onReconnect}>
          Reconnect
        </button>
      </div>
    </>
  );
}

function DetailsSkeleton() {
  return (
    <div className="stack" role="status" aria-label="Loading the account">
      <span className="skeleton details-skeleton__head" />
      <span className="skeleton details-skeleton__block" />
      <span className="skeleton details-skeleton__block" />
    </div>
  );
}
